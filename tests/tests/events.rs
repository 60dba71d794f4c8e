//! Messages between the processes of a home and between hosts, and commands to all of them.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Process, Program, Server, wait};
use serde_json::{Value, json};

/// Longer than anything here may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(40);

async fn start(home: &Home, args: &[&str]) -> Result<Server> {
    let usual = ["-db-create-tables", "-api-allow-path", "/events", "-server-max-processes", "2"];
    Server::start_program(&Program::example("events")?, home, &[&usual, args].concat()).await
}

async fn ask(server: &Server, path: &str, body: Value) -> Result<Value> {
    let reply = server.send(Call::post(path).json(&body)).await?;
    ensure!(reply.status == 200, "{path}: {} {}", reply.status, reply.text());
    Ok(reply.json())
}

fn pids(server: &Server, role: &str) -> BTreeSet<i64> {
    server.role(role).iter().map(|process| i64::from(process.pid)).collect()
}

/// Waits until every web process that there is has said what it hears on a channel, and all texts are among it.
async fn until_all_heard(server: &Server, channel: &str, texts: &[&str]) -> Result<()> {
    let seen = std::sync::Mutex::new(BTreeSet::new());
    let heard = wait::until(LIMIT, "every process has heard it", || async {
        let said = ask(server, "/events/heard", json!({"channel": channel})).await.ok()?;
        let all: Vec<&str> = said["texts"].as_array()?.iter().filter_map(Value::as_str).collect();
        let mut seen = seen.lock().ok()?;
        if texts.iter().all(|text| all.contains(text)) {
            seen.insert(said["pid"].as_i64()?);
        }
        pids(server, "web").is_subset(&seen).then_some(())
    });
    heard.await.with_context(|| format!("{channel} {texts:?}, log:\n{}", server.log()))
}

#[tokio::test]
async fn web_and_worker_processes_of_a_home_hear_each_other() -> Result<()> {
    let home = Home::new()?;
    let server = start(&home, &["-jobs-workers", "1"]).await?;
    // Both web processes listen.
    until_all_heard(&server, "news", &[]).await?;
    ask(&server, "/events/send", json!({"channel": "news", "text": "from web"})).await?;
    until_all_heard(&server, "news", &["from web"]).await?;
    ask(&server, "/events/submit", json!({"job": {"app.say": {"channel": "news", "text": "from a worker"}}}))
        .await?;
    until_all_heard(&server, "news", &["from web", "from a worker"]).await?;
    // A worker hears a web process, and says so.
    let job = json!({"job": {"app.listen": {"channel": "orders", "text": "news"}}});
    ask(&server, "/events/submit", job).await?;
    until_all_heard(&server, "news", &["listening"]).await?;
    ask(&server, "/events/send", json!({"channel": "orders", "text": "come"})).await?;
    until_all_heard(&server, "news", &["worker heard come"]).await?;
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_server_that_dies_takes_no_way_with_it() -> Result<()> {
    let home = Home::new()?;
    let server = start(&home, &["-jobs-workers", "1"]).await?;
    let before = pids(&server, "web");
    server.role("server").first().context("no server")?.kill()?;
    let replaced = |all: &[Process]| {
        let web: BTreeSet<i64> =
            all.iter().filter(|process| process.role() == "web").map(|p| i64::from(p.pid)).collect();
        web.len() == 2 && web.is_disjoint(&before)
    };
    server.until_processes(LIMIT, "new web processes", replaced).await?;
    server.send_until_served(Call::get("/ping"), LIMIT).await?;
    until_all_heard(&server, "news", &[]).await?;
    ask(&server, "/events/submit", json!({"job": {"app.say": {"channel": "news", "text": "still here"}}}))
        .await?;
    until_all_heard(&server, "news", &["still here"]).await
}

#[tokio::test]
async fn a_command_replaces_the_processes_that_it_names() -> Result<()> {
    let home = Home::new()?;
    let server = start(&home, &["-jobs-workers", "1"]).await?;
    for (command, role) in [("api:restart", "web"), ("worker:restart", "worker")] {
        let (before, supervisor) = (pids(&server, role), pids(&server, "server"));
        ask(&server, "/events/control", json!({"command": command})).await?;
        let replaced = |all: &[Process]| {
            let now: BTreeSet<i64> =
                all.iter().filter(|process| process.role() == role).map(|p| i64::from(p.pid)).collect();
            now.len() == before.len() && now.is_disjoint(&before)
        };
        server.until_processes(LIMIT, command, replaced).await?;
        assert_eq!(pids(&server, "server"), supervisor, "{command}");
    }
    let reply = server.send(Call::post("/events/control").json(&json!({"command": "api:stop"}))).await?;
    assert_eq!(reply.status, 400, "{}", reply.text());
    Ok(())
}

#[tokio::test]
async fn every_process_reads_its_configuration_again_on_command() -> Result<()> {
    let home = Home::new()?;
    let server = start(&home, &[]).await?;
    until_status(&server, 200).await?;
    home.write("etc/config.local", "api-upload-limit = 1k\n")?;
    ask(&server, "/events/control", json!({"command": "config:init"})).await?;
    until_status(&server, 413).await
}

/// Waits until ten requests with two kilobytes in a row are answered so, whichever process they reach.
async fn until_status(server: &Server, status: u16) -> Result<()> {
    let in_row = std::sync::atomic::AtomicUsize::new(0);
    let seen = wait::until(LIMIT, "the answer", || async {
        let reply = server.send(Call::post("/ping").form(&[("x", "x".repeat(2000))])).await.ok()?;
        let row =
            if reply.status == status { in_row.load(std::sync::atomic::Ordering::Relaxed) + 1 } else { 0 };
        in_row.store(row, std::sync::atomic::Ordering::Relaxed);
        (row >= 10).then_some(())
    });
    seen.await.with_context(|| format!("{status}, log:\n{}", server.log()))
}

/// Two homes, as two hosts have them, that share a Redis server.
#[tokio::test]
async fn hosts_that_share_a_server_hear_each_other_and_follow_commands() -> Result<()> {
    let Ok(url) = std::env::var("BKJS_TEST_REDIS_URL") else { return Ok(()) };
    let url = format!("{url}?prefix=events_{}", std::process::id());
    let homes = [Home::new()?, Home::new()?, Home::new()?];
    let shared = ["-ipc-pubsub", &url, "-ipc-system-queue", "default"];
    let near = start(&homes[0], &shared).await?;
    let far = start(&homes[1], &shared).await?;
    // Another application on the same server.
    let stranger = start(&homes[2], &[&shared[..], &["-app-name", "stranger"]].concat()).await?;
    let strangers = pids(&stranger, "web");
    for server in [&near, &far] {
        until_all_heard(server, "news", &[]).await?;
    }
    ask(&near, "/events/send", json!({"channel": "news", "text": "rain"})).await?;
    for server in [&near, &far] {
        until_all_heard(server, "news", &["rain"]).await?;
    }
    for server in [&far, &stranger] {
        let follows = wait::until(LIMIT, "the other host follows", || async {
            server.log().contains("following system messages").then_some(())
        });
        follows.await.with_context(|| server.log())?;
    }
    let before = pids(&far, "web");
    ask(&near, "/events/control", json!({"command": "api:restart"})).await?;
    let replaced = |all: &[Process]| {
        let now: BTreeSet<i64> =
            all.iter().filter(|process| process.role() == "web").map(|p| i64::from(p.pid)).collect();
        now.len() == 2 && now.is_disjoint(&before)
    };
    far.until_processes(LIMIT, "new web processes on the other host", replaced).await?;
    assert_eq!(pids(&stranger, "web"), strangers);
    Ok(())
}
