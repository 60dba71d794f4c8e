//! Two hosts, each with a home and two web processes, that share a cache: they see the same rows, locks and limits.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Call, Home, Program, Server};
use futures_util::future::try_join_all;
use serde_json::Value;

/// The address of the server that is database and cache.
const SERVER: &str = "BKJS_TEST_REDIS_URL";

/// A host on the database and the cache of this name.
async fn host(home: &Home, name: &str, args: &[&str]) -> Result<Server> {
    let url = env::var(SERVER)?;
    let (rows, cache) = (format!("{url}?prefix={name}_rows"), format!("{url}?prefix={name}_cache"));
    let usual = ["-server-max-processes", "2", "-api-allow-path", "/note", "-db-create-tables"];
    let database = ["-db-pool", "redis", "-db-redis-pool", &rows];
    let shared = ["-ipc-cache", &cache, "-api-limiter-cache", "default"];
    let kept = ["-db-cache-tables", "note", "-db-cache-ttl", "1h"];
    let all = [&usual[..], &database, &shared, &kept, args].concat();
    Server::start_program(&Program::example("notes")?, home, &all).await
}

/// A name that no other test has; none without a server, which is said.
fn name() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if env::var_os(SERVER).is_none() {
        eprintln!("not tried: needs {SERVER}");
        return None;
    }
    Some(format!("hosts_{}_{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

async fn ask(server: &Server, path: &str) -> Result<Value> {
    let reply = server.send(Call::get(path)).await?;
    ensure!(reply.status == 200, "{path}: {} {}", reply.status, reply.text());
    Ok(reply.json())
}

#[tokio::test]
async fn a_write_on_one_host_is_seen_by_a_cached_read_on_the_other_at_once() -> Result<()> {
    let Some(name) = name() else { return Ok(()) };
    let homes = [Home::new()?, Home::new()?];
    let hosts = [host(&homes[0], &name, &[]).await?, host(&homes[1], &name, &[]).await?];
    for turn in 1..=60_usize {
        let (writer, reader) = (&hosts[turn % 2], &hosts[1 - turn % 2]);
        let removes = turn % 5 == 0;
        let (path, expected) = match removes {
            true => ("/note/del?id=a".to_owned(), Value::Null),
            false => (format!("/note/put?id=a&version={turn}"), Value::from(turn)),
        };
        ask(writer, &path).await?;
        for _ in 0..2 {
            let replies =
                try_join_all([reader, writer, reader, reader].map(|host| ask(host, "/note/get?id=a")));
            for reply in replies.await? {
                assert_eq!(reply["note"]["version"], expected, "turn {turn}: {reply}");
            }
        }
    }
    // It was the cache that they read.
    for host in &hosts {
        let counts = ask(host, "/note/cache").await?;
        ensure!(counts["shared"].as_i64() > Some(10) && counts["near"] == 0, "{counts}");
    }
    for host in hosts {
        assert_eq!(host.stop().await?, 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_lock_is_held_by_one_process_of_all_hosts() -> Result<()> {
    let Some(name) = name() else { return Ok(()) };
    let homes = [Home::new()?, Home::new()?];
    let hosts = [host(&homes[0], &name, &[]).await?, host(&homes[1], &name, &[]).await?];
    let edits = (0..40).map(|n| ask(&hosts[n % 2], "/note/edit?id=a"));
    let mut versions = Vec::new();
    for reply in try_join_all(edits).await? {
        assert_eq!(reply["held"], true, "{reply}");
        versions.push(reply["version"].as_i64().context("no version")?);
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=40).collect::<Vec<_>>(), "two edits at once");
    Ok(())
}

/// How many of 40 requests are let in, over all these servers.
async fn let_in(servers: &[&Server]) -> Result<usize> {
    let calls = (0..40).map(|n| servers[n % servers.len()].send(Call::get("/note/get?id=a")));
    let statuses: Vec<u16> = try_join_all(calls).await?.into_iter().map(|reply| reply.status).collect();
    ensure!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    Ok(statuses.into_iter().filter(|status| *status == 200).count())
}

/// Seven at once, and one more in an hour.
const LIMIT: [&str; 6] = [
    "-api-rlimits-max-/note/get",
    "7",
    "-api-rlimits-rate-/note/get",
    "1",
    "-api-rlimits-interval-/note/get",
    "3600000",
];

#[tokio::test]
async fn a_rate_limit_is_one_for_all_hosts_that_share_its_cache() -> Result<()> {
    let Some(name) = name() else { return Ok(()) };
    let homes = [Home::new()?, Home::new()?];
    let hosts = [host(&homes[0], &name, &LIMIT).await?, host(&homes[1], &name, &LIMIT).await?];
    assert_eq!(let_in(&[&hosts[0], &hosts[1]]).await?, 7);
    Ok(())
}

#[tokio::test]
async fn a_rate_limit_is_one_for_all_web_processes_of_a_host() -> Result<()> {
    let home = Home::new()?;
    let usual = ["-server-max-processes", "2", "-api-allow-path", "/note", "-db-create-tables"];
    let server =
        Server::start_program(&Program::example("notes")?, &home, &[&usual[..], &LIMIT].concat()).await?;
    assert_eq!(let_in(&[&server]).await?, 7);
    Ok(())
}

#[tokio::test]
async fn a_cache_that_is_not_there_fails_no_request() -> Result<()> {
    let home = Home::new()?;
    // Nobody listens there.
    let cache = ["-ipc-cache", "redis://127.0.0.1:1", "-api-limiter-cache", "default"];
    let kept = ["-db-cache-tables", "note", "-db-cache-name-note", "default"];
    let usual = ["-server-max-processes", "1", "-api-allow-path", "/note", "-db-create-tables"];
    let all = [&usual[..], &cache, &kept, &LIMIT].concat();
    let server = Server::start_program(&Program::example("notes")?, &home, &all).await?;
    ask(&server, "/note/put?id=a&version=1").await?;
    assert_eq!(ask(&server, "/note/get?id=a").await?["note"]["version"], 1);
    ask(&server, "/note/put?id=a&version=2").await?;
    assert_eq!(ask(&server, "/note/get?id=a").await?["note"]["version"], 2);
    // The process counts by itself: two were let in already.
    assert_eq!(let_in(&[&server]).await?, 5);
    Ok(())
}

#[tokio::test]
async fn a_cache_that_cannot_be_is_refused_by_name() -> Result<()> {
    let home = Home::new()?;
    for (args, expected) in [
        (
            ["-ipc-cache", "reddis://u:hidden@h"],
            "ipc-cache: no cache driver for reddis:// in this build, did you mean redis://",
        ),
        (
            ["-ipc-cache-two", "redis://h?prefx=a"],
            "ipc-cache-two: options of the redis cache: unknown field `prefx`",
        ),
        (["-ipc-cache-two-options-max", "3"], "ipc-cache-two-options: there is no cache of this name"),
        (["-api-limiter-cache", "locl"], "api-limiter-cache: no cache locl, did you mean local"),
    ] {
        let started = Server::start_program(&Program::example("notes")?, &home, &args).await;
        let log = format!("{:#}", started.err().context("it starts")?);
        ensure!(log.contains(expected) && !log.contains("hidden"), "{args:?}: {log}");
    }
    Ok(())
}
