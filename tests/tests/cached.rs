//! Rows that processes keep: a write through one is seen by all of them at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Db, Options};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::Row;
use bkjs_tests::wait::until;
use bkjs_tests::{Call, Home, Process, Program, Server};
use futures_util::future::{join_all, try_join_all};
use rustix::process::Signal;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);
/// So often is tried what needs both processes: the system decides which of them takes a connection.
const TURNS: i64 = 1000;

async fn notes(home: &Home, args: &[&str]) -> Result<Server> {
    let usual = ["-server-max-processes", "2", "-db-cache-tables", "note", "-db-cache-ttl", "1h"];
    let open = ["-api-allow-path", "/note", "-db-create-tables", "-server-crash-delay", "0"];
    Server::start_program(&Program::example("notes")?, home, &[&usual[..], &open, args].concat()).await
}

async fn ask(server: &Server, path: &str) -> Result<Value> {
    let reply = server.send(Call::get(path)).await?;
    ensure!(reply.status == 200, "{path}: {} {}", reply.status, reply.text());
    Ok(reply.json())
}

/// Asks several times at once, so that more than one process answers.
async fn ask_all(server: &Server, path: &str) -> Result<Vec<Value>> {
    try_join_all((0..6).map(|_| ask(server, path))).await
}

fn process(reply: &Value) -> i64 {
    reply["process"].as_i64().unwrap_or_default()
}

fn version(reply: &Value) -> i64 {
    reply["note"]["version"].as_i64().unwrap_or(-1)
}

/// The counts of both processes.
async fn counts(server: &Server) -> Result<[Value; 2]> {
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..TURNS {
        for counts in ask_all(server, "/note/cache").await? {
            if all.iter().all(|known| process(known) != process(&counts)) {
                all.push(counts);
            }
        }
        if let Ok(both) = <[Value; 2]>::try_from(all.clone()) {
            return Ok(both);
        }
    }
    bail!("one process answers all requests: {all:?}")
}

#[tokio::test]
async fn a_write_through_one_process_is_read_through_the_other_at_once() -> Result<()> {
    let home = Home::new()?;
    let server = notes(&home, &[]).await?;
    // Until each process has often read what the other one wrote: by writer and reader.
    let mut seen: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for turn in 1..TURNS {
        let removes = turn % 5 == 0;
        let (path, expected) = match removes {
            true => ("/note/del?id=a".to_owned(), -1),
            false => (format!("/note/put?id=a&version={turn}"), turn),
        };
        let writer = process(&ask(&server, &path).await?);
        for _ in 0..2 {
            for reply in ask_all(&server, "/note/get?id=a").await? {
                assert_eq!(version(&reply), expected, "written by {writer}: {reply}");
                *seen.entry((writer, process(&reply))).or_default() += 1;
            }
        }
        if seen.len() == 4 && seen.values().all(|times| *times >= 20) {
            // It was the cache that they read.
            for counts in counts(&server).await? {
                let number = |name: &str| counts[name].as_i64().unwrap_or_default();
                assert!(number("near") > 20 && number("shared") == 0, "{counts}");
            }
            assert_eq!(server.stop().await?, 0);
            return Ok(());
        }
    }
    bail!("one process does nearly everything: {seen:?}")
}

#[tokio::test]
async fn a_command_has_every_process_forget_what_it_keeps() -> Result<()> {
    let home = Home::new()?;
    let file = home.beside("notes.db");
    let server = notes(&home, &["-db-sqlite-pool", file.to_str().context("the folder has no name")?]).await?;
    ask(&server, "/note/put?id=a&version=1").await?;
    let mut seen = BTreeMap::new();
    for _ in 0..TURNS {
        for reply in ask_all(&server, "/note/get?id=a").await? {
            seen.insert(process(&reply), version(&reply));
        }
        if seen.len() == 2 {
            break;
        }
    }
    assert_eq!(seen.values().copied().collect::<Vec<_>>(), [1, 1]);
    // Behind the back of the framework.
    let mut schema = SchemaBuilder::new();
    schema.add(Table::new("note").column(Column::text("id").primary()).column(Column::int("version")));
    let location = Location { url: "", default_file: &file, options: serde_json::Map::new() };
    let db = Db::builder(Arc::new(schema.build())).pool("sqlite", drivers::open("sqlite", location)?);
    let db = db.default_pool("sqlite").build()?;
    db.update("note", Row::new().with("id", "a").with("version", 2), &Options::new()).await?;
    db.close().await;
    for reply in ask_all(&server, "/note/get?id=a").await? {
        assert_eq!(version(&reply), 1, "it is kept: {reply}");
    }
    ask(&server, "/note/forget").await?;
    let mut seen = BTreeMap::new();
    for _ in 0..TURNS {
        for reply in ask_all(&server, "/note/get?id=a").await? {
            assert_eq!(version(&reply), 2, "{reply}");
            seen.insert(process(&reply), ());
        }
        if seen.len() == 2 {
            break;
        }
    }
    assert_eq!(seen.len(), 2);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_process_finds_what_others_have_read_before_it_was_started() -> Result<()> {
    let home = Home::new()?;
    let server = notes(&home, &["-db-cache-name-note", "local"]).await?;
    ask(&server, "/note/put?id=a&version=1").await?;
    // Read and shared: what is shared is found by the other process, or by this one's successor.
    ask(&server, "/note/get?id=a").await?;
    let before = server.role("web");
    server.role("server").first().context("no server")?.signal(Signal::USR2)?;
    let replaced = |all: &[Process]| {
        let web: Vec<_> = all.iter().filter(|process| process.role() == "web").collect();
        web.len() == 2 && web.iter().all(|process| before.iter().all(|old| old.pid != process.pid))
    };
    server.until_processes(LIMIT, "new web processes", replaced).await?;
    ask_all(&server, "/note/get?id=a").await?;
    let all = counts(&server).await?;
    assert!(all.iter().any(|counts| counts["shared"].as_i64() > Some(0)), "{all:?}");
    assert!(all.iter().all(|counts| counts["database"] == 0), "{all:?}");
    // And never what is out of date.
    ask(&server, "/note/put?id=a&version=2").await?;
    assert!(ask_all(&server, "/note/get?id=a").await?.iter().all(|reply| version(reply) == 2));
    Ok(())
}

#[tokio::test]
async fn no_read_is_older_than_an_answered_write_while_processes_are_killed() -> Result<()> {
    let home = Home::new()?;
    for sharing in ["none", "local"] {
        let server = notes(&home, &["-db-cache-name-note", sharing]).await?;
        let (answered, over) = (AtomicI64::new(0), AtomicBool::new(false));
        let reads = AtomicI64::new(0);
        let write = async {
            let mut version = 0;
            while !over.load(Ordering::SeqCst) {
                version += 1;
                // One whose process was killed may have happened or not.
                if ask(&server, &format!("/note/put?id=a&version={version}")).await.is_ok() {
                    answered.store(version, Ordering::SeqCst);
                }
            }
        };
        let read = || async {
            while !over.load(Ordering::SeqCst) {
                let least = answered.load(Ordering::SeqCst);
                if let Ok(reply) = ask(&server, "/note/get?id=a").await {
                    assert!(least == 0 || version(&reply) >= least, "{least} was answered: {reply}");
                    reads.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        let kill = async {
            for role in ["web", "web", "server", "web"] {
                let goal = reads.load(Ordering::SeqCst) + 50;
                until(LIMIT, "reads", || async { (reads.load(Ordering::SeqCst) > goal).then_some(()) })
                    .await?;
                server.role(role).first().with_context(|| format!("no {role}"))?.kill()?;
            }
            let goal = reads.load(Ordering::SeqCst) + 50;
            until(LIMIT, "the last reads", || async { (reads.load(Ordering::SeqCst) > goal).then_some(()) })
                .await?;
            over.store(true, Ordering::SeqCst);
            anyhow::Ok(())
        };
        let readers = join_all((0..3).map(|_| read()));
        let (killed, ..) = tokio::join!(kill, write, readers);
        killed?;
        ask(&server, "/note/del?id=a").await?;
        assert_eq!(server.stop().await?, 0);
    }
    Ok(())
}
