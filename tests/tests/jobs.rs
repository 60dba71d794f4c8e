//! Jobs through the whole tree: submitted over HTTP, run by worker processes that die in every way.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Process, Program, Server, wait};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Longer than anything here may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(40);

struct Site {
    home: Home,
    program: Program,
}

impl Site {
    fn new() -> Result<Self> {
        Ok(Self { home: Home::new()?, program: Program::example("jobs")? })
    }

    /// The example with two workers, whose messages are theirs for two seconds.
    async fn start(&self, args: &[&str]) -> Result<Server> {
        let usual = [
            "-db-create-tables",
            "-api-allow-path",
            "/jobs",
            "-server-max-processes",
            "1",
            "-jobs-workers",
            "2",
            "-ipc-queue",
            "db://?bk-visibilityTimeout=2000&bk-retryInterval=50&bk-keep=600000",
        ];
        Server::start_program(&self.program, &self.home, &[&usual, args].concat()).await
    }

    async fn shell(&self, args: &[&str]) -> Result<Value> {
        let path = self.home.path();
        let home = path.to_str().context("the folder has no name")?;
        let queue = "db://?bk-visibilityTimeout=2000&bk-retryInterval=50&bk-keep=600000";
        let words = [&["shell", "-home", home, "-ipc-queue", queue], args].concat();
        let ran = self.home.run(self.program.path(), &words).await?;
        ensure!(ran.code == Some(0), "{args:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).with_context(|| format!("{args:?} prints no JSON: {ran:?}"))
    }

    /// Waits until a job is in a state; gives what is known of it.
    async fn until_state(&self, id: &str, state: &str) -> Result<Value> {
        let found = wait::until(LIMIT, state, || async {
            self.shell(&["-jobs-get", id]).await.ok().filter(|job| job["state"] == state)
        });
        found.await.with_context(|| format!("job {id}"))
    }
}

async fn submit(server: &Server, job: Value) -> Result<String> {
    let reply = server.send(Call::post("/jobs/submit").json(&job)).await?;
    ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    Ok(reply.json()["id"].as_str().unwrap_or_default().to_owned())
}

/// How often somebody was here.
async fn visits(server: &Server, id: &str) -> i64 {
    let Ok(reply) = server.send(Call::get("/jobs/visits")).await else { return -1 };
    let all = reply.json();
    let rows = all.as_array().or_else(|| all["data"].as_array()).cloned().unwrap_or_default();
    rows.iter().find(|row| row["id"] == id).and_then(|row| row["count"].as_i64()).unwrap_or(0)
}

async fn until_visited(server: &Server, id: &str) -> Result<i64> {
    let seen = wait::until(LIMIT, "a visit", || async { Some(visits(server, id).await).filter(|n| *n > 0) });
    seen.await.with_context(|| format!("log:\n{}", server.log()))
}

#[allow(clippy::needless_pass_by_value)] // so that calls are literals
fn visit(params: Value) -> Value {
    json!({"job": {"app.visit": params}})
}

#[tokio::test]
async fn a_submitted_job_runs_and_its_result_is_seen() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    let id = submit(&server, visit(json!({"id": "a"}))).await?;
    let job = site.until_state(&id, "completed").await?;
    assert_eq!(job["result"], "\"counted at attempt 1\"", "{job}");
    assert_eq!(visits(&server, "a").await, 1);
    // From the shell too; the workers are told.
    let id = site.shell(&["-jobs-submit", "app.visit"]).await?;
    site.until_state(id.as_str().unwrap_or_default(), "completed").await?;
    assert_eq!(visits(&server, "somebody").await, 1);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_malformed_job_is_refused_by_name() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    for (job, word) in [
        (json!({"jobb": "app.visit"}), "job"),
        (json!({"job": "app.visit", "uniqueTTL": 1}), "uniqueTtl"),
        (json!({"job": "app.visit", "queueName": "nowhere"}), "nowhere"),
    ] {
        let reply = server.send(Call::post("/jobs/submit").json(&job)).await?;
        assert!((400..500).contains(&reply.status), "{job}: {} {}", reply.status, reply.text());
        assert!(reply.text().contains(word), "{job}: {}", reply.text());
    }
    Ok(())
}

#[tokio::test]
async fn the_job_of_a_killed_worker_is_run_by_another() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    let id = submit(&server, visit(json!({"id": "a", "pause": 3000}))).await?;
    site.until_state(&id, "executing").await?;
    // Whichever has it.
    server.role("worker").iter().try_for_each(Process::kill)?;
    until_visited(&server, "a").await?;
    let job = site.until_state(&id, "completed").await?;
    assert_eq!((&job["attempt"], &job["result"]), (&json!(2), &json!("\"counted at attempt 2\"")), "{job}");
    assert_eq!(visits(&server, "a").await, 1);
    Ok(())
}

#[tokio::test]
async fn a_job_that_fails_panics_or_hangs_runs_again() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-jobs-max-runtime", "1"]).await?;
    let mut jobs = Vec::new();
    for mishap in ["fail", "panic", "hang"] {
        jobs.push((mishap, submit(&server, visit(json!({"id": mishap, "mishap": mishap}))).await?));
    }
    for (mishap, id) in jobs {
        let job = site.until_state(&id, "completed").await.context(mishap)?;
        assert_eq!(job["result"], "\"counted at attempt 2\"", "{mishap}: {job}");
        assert!(job["error"].as_str().is_some_and(|error| !error.is_empty()), "{mishap}: {job}");
        assert_eq!(visits(&server, mishap).await, 1);
    }
    // One that another attempt does not cure is given up, with its reason.
    let id = submit(&server, visit(json!({"id": "refuse", "mishap": "refuse"}))).await?;
    let job = site.until_state(&id, "discarded").await?;
    assert_eq!((&job["attempt"], &job["error"]), (&json!(1), &json!("it will never go right")), "{job}");
    // Nor is there anybody who knows this one, as long as it is tried.
    let id = submit(&server, json!({"job": "app.unknown", "retryCount": 2})).await?;
    let job = site.until_state(&id, "discarded").await?;
    assert!(job["error"].as_str().is_some_and(|error| error.contains("app.unknown")), "{job}");
    Ok(())
}

#[tokio::test]
async fn a_worker_that_blocks_is_replaced_and_its_job_runs_again() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-ipc-ping-interval", "500"]).await?;
    let id = submit(&server, visit(json!({"id": "a", "mishap": "block"}))).await?;
    let job = site.until_state(&id, "completed").await?;
    assert_eq!(job["result"], "\"counted at attempt 2\"", "{job}");
    server
        .until_processes(LIMIT, "two workers", |all| all.iter().filter(|p| p.role() == "worker").count() == 2)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_stop_finishes_short_jobs_and_gives_long_ones_back() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-jobs-shutdown-timeout", "1500"]).await?;
    let short = submit(&server, visit(json!({"id": "short", "pause": 1200}))).await?;
    let long = submit(&server, visit(json!({"id": "long", "pause": 3_600_000}))).await?;
    site.until_state(&short, "executing").await?;
    site.until_state(&long, "executing").await?;
    assert_eq!(server.stop().await?, 0);
    let short = site.shell(&["-jobs-get", &short]).await?;
    assert_eq!((&short["state"], &short["attempt"]), (&json!("completed"), &json!(1)), "{short}");
    let returned = site.shell(&["-jobs-get", &long]).await?;
    assert_eq!((&returned["state"], &returned["attempt"]), (&json!("available"), &json!(0)), "{returned}");
    // The next start takes it up.
    let server = site.start(&[]).await?;
    site.until_state(&long, "executing").await?;
    drop(server);
    Ok(())
}

#[tokio::test]
async fn a_running_job_is_cancelled() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    let id = submit(&server, visit(json!({"id": "a", "pause": 3_600_000}))).await?;
    site.until_state(&id, "executing").await?;
    assert_eq!(site.shell(&["-jobs-cancel", &id]).await?["status"], "asked to stop");
    site.until_state(&id, "cancelled").await?;
    assert_eq!(visits(&server, "a").await, 0);
    let counts = site.shell(&["-jobs-list"]).await?;
    assert_eq!((&counts["cancelled"], &counts["executing"]), (&json!(1), &json!(0)), "{counts}");
    Ok(())
}

#[tokio::test]
async fn a_cancelled_job_does_not_run_again_when_its_worker_dies_or_the_server_stops() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-jobs-shutdown-timeout", "500"]).await?;
    let mut ids = Vec::new();
    for name in ["killed", "stopped"] {
        let id = submit(&server, visit(json!({"id": name, "pause": 3_600_000}))).await?;
        site.until_state(&id, "executing").await?;
        if name == "killed" {
            // Nobody who has it hears that it is cancelled.
            let stop = |signal| server.role("worker").iter().try_for_each(|worker| worker.signal(signal));
            stop(Signal::STOP)?;
            assert_eq!(site.shell(&["-jobs-cancel", &id]).await?["status"], "asked to stop");
            server.role("worker").iter().try_for_each(Process::kill)?;
            site.until_state(&id, "cancelled").await?;
        } else {
            assert_eq!(site.shell(&["-jobs-cancel", &id]).await?["status"], "asked to stop");
        }
        ids.push(id);
    }
    assert_eq!(visits(&server, "killed").await, 0);
    assert_eq!(server.stop().await?, 0);
    for id in ids {
        let job = site.shell(&["-jobs-get", &id]).await?;
        assert_eq!(job["state"], "cancelled", "{job}");
    }
    Ok(())
}

#[tokio::test]
async fn operators_are_told_why_by_name() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    let id = submit(&server, json!({"job": "app.nowhere", "retryCount": 1})).await?;
    let job = site.until_state(&id, "discarded").await?;
    assert!(job["error"].as_str().is_some_and(|e| e.starts_with("no such function: app.nowhere")), "{job}");
    let path = site.home.path();
    let home = path.to_str().context("the folder has no name")?;
    for (args, why) in [
        (["count", "abc"], "count must be a whole number"),
        (["count", "5"], "give state too"),
        (["state", "done"], "no state done"),
    ] {
        let words = [&["shell", "-home", home, "-jobs-list"][..], &args].concat();
        let ran = site.home.run(site.program.path(), &words).await?;
        assert!(ran.code != Some(0) && ran.stderr.contains(why), "{args:?}: {ran:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_home_whose_queue_is_elsewhere_has_no_table_of_it() -> Result<()> {
    let home = Home::new()?;
    let server =
        Server::start_program(&Program::example("jobs")?, &home, &["-ipc-queue", "local://"]).await?;
    assert!(!server.log().contains("bk_queue"), "{}", server.log());
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn of_copies_with_one_unique_key_one_runs() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&[]).await?;
    let once = json!({
        "job": {"app.visit": {"id": "once"}},
        "uniqueKey": "once", "uniqueTtl": 60000, "uniqueDrop": true, "uniqueKeep": true,
    });
    let mut stored = 0;
    for _ in 0..5 {
        stored += usize::from(!submit(&server, once.clone()).await?.is_empty());
    }
    assert_eq!(stored, 1);
    until_visited(&server, "once").await?;
    // Also after it has ended; and one that is not to be dropped silently is refused.
    assert_eq!(submit(&server, once.clone()).await?, "");
    let mut loud = once;
    loud["uniqueDrop"] = json!(false);
    let reply = server.send(Call::post("/jobs/submit").json(&loud)).await?;
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert_eq!(visits(&server, "once").await, 1);
    Ok(())
}

#[tokio::test]
async fn one_process_without_supervision_runs_jobs_too() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-web"]).await?;
    let id = submit(&server, visit(json!({"id": "a"}))).await?;
    site.until_state(&id, "completed").await?;
    assert_eq!(server.processes().len(), 1);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_has_lived_its_time_is_replaced_without_losing_its_job() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-jobs-max-lifetime", "3", "-jobs-shutdown-timeout", "20000"]).await?;
    let before: Vec<i32> = server.role("worker").iter().map(|worker| worker.pid).collect();
    let id = submit(&server, visit(json!({"id": "a", "pause": 6000}))).await?;
    let job = site.until_state(&id, "completed").await?;
    assert_eq!(job["attempt"], 1, "{job}");
    server
        .until_processes(LIMIT, "new workers", |all| {
            let workers: Vec<i32> = all.iter().filter(|p| p.role() == "worker").map(|p| p.pid).collect();
            workers.len() == 2 && workers.iter().all(|pid| !before.contains(pid))
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn queues_by_name_are_served_by_those_who_are_to() -> Result<()> {
    let site = Site::new()?;
    let server = site.start(&["-ipc-queue-mail", "local://", "-jobs-worker-queue", "mail"]).await?;
    let job = json!({"job": {"app.visit": {"id": "a"}}, "queueName": "mail"});
    submit(&server, job).await?;
    let idle = submit(&server, visit(json!({"id": "b"}))).await?;
    until_visited(&server, "a").await?;
    let state = site.shell(&["-jobs-get", &idle]).await?;
    assert_eq!(state["state"], "available", "nobody serves the default queue: {state}");
    Ok(())
}

#[tokio::test]
async fn a_queue_that_cannot_be_is_named_at_the_start() -> Result<()> {
    let site = Site::new()?;
    for (args, word) in [
        (["-ipc-queue", "nonsense://x"], "ipc-queue: no queue driver for nonsense"),
        (["-jobs-worker-queue", "nowhere"], "jobs-worker-queue: no queue nowhere"),
        (["-ipc-queue", "db://nowhere"], "ipc-queue: there is no pool nowhere"),
    ] {
        let usual = ["-db-create-tables", "-jobs-workers", "1"];
        let port = bkjs_tests::free_port()?;
        let mut server = Server::spawn(&site.program, &site.home, port, &[&usual[..], &args].concat())?;
        assert_eq!(server.ended(LIMIT).await?, 1, "{args:?}");
        assert!(server.log().contains(word), "{args:?}: {}", server.log());
    }
    Ok(())
}

#[tokio::test]
async fn cron_fires_once_a_tick_on_two_hosts_and_follows_its_files() -> Result<()> {
    // Two homes on one database are two hosts that share a queue.
    let (one, two) = (Site::new()?, Site::new()?);
    let shared = one.home.beside("shared.db");
    let shared = shared.to_str().context("the folder has no name")?;
    let tab = json!([{"cron": "* * * * * *", "job": {"app.visit": {"id": "tick"}}}]).to_string();
    let args = ["-db-sqlite-pool", shared, "-jobs-cron"];
    for site in [&one, &two] {
        site.home.write("etc/crontab", &tab)?;
    }
    let first = one.start(&args).await?;
    let second = two.start(&args).await?;
    until_visited(&first, "tick").await?;
    let (begun, before) = (std::time::Instant::now(), visits(&first, "tick").await);
    wait::until(LIMIT, "six ticks", || async {
        Some(visits(&second, "tick").await).filter(|count| *count >= before + 6)
    })
    .await?;
    let (took, ticks) = (begun.elapsed().as_secs_f64(), visits(&first, "tick").await - before);
    // Twice as many if each host fired; a busy machine makes it fewer.
    assert!(ticks as f64 <= took + 2.0, "{ticks} ticks in {took} s");

    // A file that changes is followed; of one with a mistake the rest is, and one that is broken leaves all as it is.
    let local = json!([{"cron": "* * * * * *", "job": {"app.visit": {"id": "local"}}}]).to_string();
    one.home.write("etc/crontab.local", &local)?;
    until_visited(&first, "local").await?;
    let mixed = format!("[{{\"cron\": \"* * * *\", \"job\": \"app.visit\"}}, {}", &local[1..]);
    for (text, complaint) in
        [(mixed.as_str(), "crontab.local: entry 1: cron"), ("[broken", "crontab.local: not JSON")]
    {
        one.home.write("etc/crontab.local", text)?;
        wait::until(LIMIT, complaint, || async { first.log().contains(complaint).then_some(()) }).await?;
        let before = visits(&first, "local").await;
        wait::until(LIMIT, "more ticks", || async {
            Some(visits(&first, "local").await).filter(|count| *count > before)
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn cron_goes_on_when_the_master_is_killed() -> Result<()> {
    let site = Site::new()?;
    let tab = json!([{"cron": "* * * * * *", "job": {"app.visit": {"id": "tick"}}}]).to_string();
    site.home.write("etc/crontab", &tab)?;
    let server = site.start(&["-monitor", "-master", "-jobs-cron"]).await?;
    until_visited(&server, "tick").await?;
    for master in server.role("master") {
        master.signal(Signal::KILL)?;
    }
    let reply = server.send_until_served(Call::get("/jobs/visits"), LIMIT).await?;
    ensure!(reply.status == 200, "{}", reply.text());
    let before = visits(&server, "tick").await;
    wait::until(LIMIT, "ticks after the kill", || async {
        Some(visits(&server, "tick").await).filter(|count| *count > before + 1)
    })
    .await?;
    Ok(())
}
