//! Several processes on one file: this test program, started again, is the other one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::lmdb::LmdbOptions;
use bkjs_core::db::{Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::support::{Fixture, open};

/// The variable that makes a test the other process, and says on which file.
const FILE: &str = "BKJS_TEST_LMDB_FILE";
/// Acknowledged records after which a process is killed.
const ENOUGH: usize = 400;

fn table() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("txt").index())
}

async fn database(path: &Path) -> Fixture {
    // Little address space, so that processes enlarge it under each other.
    open(&LmdbOptions { map_size: 1, ..LmdbOptions::file(path) }, table()).await
}

fn child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts")
}

/// Adds records without end, several at a time, and prints each that was acknowledged.
#[allow(clippy::print_stdout)] // the parent reads it
async fn add_without_end(path: &Path) {
    let db = std::sync::Arc::new(database(path).await);
    let pid = std::process::id();
    let lanes: Vec<_> = (0..4)
        .map(|lane| {
            let db = db.clone();
            bkjs_core::task::spawn("lane", async move {
                for n in 0_u64.. {
                    let id = format!("{pid}-{lane}-{n}");
                    let row = Row::new().with("id", id.as_str()).with("txt", "x".repeat(3000));
                    match db.add(row).await {
                        Ok(_) => println!("ack {id}"),
                        Err(error) => println!("error {error:?}"),
                    }
                    std::io::stdout().flush().expect("flushes");
                }
            })
        })
        .collect();
    futures_util::future::join_all(lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_killed_processes_acknowledged_is_there() {
    if let Ok(path) = std::env::var(FILE) {
        return add_without_end(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.lmdb");
    let name = "processes::what_killed_processes_acknowledged_is_there";
    // Open all the time, so that the others enlarge the file under this process too.
    let db = database(&path).await;
    let mut children = [child(name, &path), child(name, &path)];
    let mut acknowledged = Vec::new();
    for child in &mut children {
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut seen = 0;
        for line in lines.map_while(Result::ok) {
            assert!(!line.contains("error "), "{line}");
            // The test harness prints its own lines, and may do so without an end.
            let Some((_, id)) = line.split_once("ack ") else { continue };
            acknowledged.push(id.to_owned());
            seen += 1;
            if seen == ENOUGH {
                child.kill().expect("kills");
            }
        }
    }
    for child in &mut children {
        child.wait().expect("ends");
    }
    assert!(acknowledged.len() >= 2 * ENOUGH);
    for id in &acknowledged {
        assert!(db.get(id).await.is_some(), "{id} was acknowledged and is lost");
    }
    db.add(Row::new().with("id", "after").with("txt", "x")).await.expect("no lock is left behind");
    let count = db.driver.count(db.table.clone(), Query::new()).await.expect("counts");
    assert!(count > acknowledged.len() as u64);
    let by_index = Query::new().op("txt", Op::BeginsWith, "x");
    assert_eq!(db.driver.count(db.table.clone(), by_index).await.expect("counts"), count);
}

#[tokio::test]
async fn a_file_can_be_opened_again_after_it_was_closed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.lmdb");
    for n in 0..5 {
        let db = database(&path).await;
        db.add(Row::new().with("id", n.to_string())).await.expect("adds");
        assert_eq!(db.driver.count(db.table.clone(), Query::new()).await.expect("counts"), n + 1);
        db.driver.close().await;
        let error = db.add(Row::new().with("id", "x")).await.expect_err("is closed");
        assert_eq!(error.status(), 503);
    }
}
