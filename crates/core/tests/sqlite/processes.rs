//! Several processes on one file: this test program, started again, is the other one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bkjs_core::db::Query;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::sqlite::SqliteOptions;
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::support::{Fixture, open};

/// The variable that makes a test the other process, and says on which file.
const FILE: &str = "BKJS_TEST_SQLITE_FILE";

fn table() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("txt"))
}

async fn database(path: &Path) -> Fixture {
    // A small log, so that checkpoints run during the test.
    open(&SqliteOptions { wal_size: 1, ..SqliteOptions::file(path) }, table()).await
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
                    let row = Row::new().with("id", id.as_str()).with("txt", "x".repeat(200));
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
    let path = folder.path().join("t.db");
    let name = "processes::what_killed_processes_acknowledged_is_there";
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
            if seen == 1500 {
                child.kill().expect("kills");
            }
        }
    }
    for child in &mut children {
        child.wait().expect("ends");
    }
    assert!(acknowledged.len() >= 3000);
    let db = database(&path).await;
    for id in &acknowledged {
        assert!(db.get(id).await.is_some(), "{id} was acknowledged and is lost");
    }
    let check = db.driver.query("PRAGMA integrity_check".into(), vec![]).await.expect("checks");
    assert_eq!(check[0].text("integrity_check"), "ok");
    let count = db.driver.count(db.table.clone(), Query::new()).await.expect("counts");
    assert!(count >= acknowledged.len() as u64);
    let wal = std::fs::metadata(folder.path().join("t.db-wal")).map_or(0, |m| m.len());
    assert!(wal < 32 << 20, "the log has {wal} bytes");
}

#[tokio::test]
async fn a_busy_file_is_waited_for_and_then_unavailable() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.db");
    let db = open(&SqliteOptions { busy_timeout: 50, ..SqliteOptions::file(&path) }, table()).await;
    let other = rusqlite::Connection::open(&path).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let e = db.add(Row::new().with("id", "a")).await.expect_err("busy");
    assert_eq!(e.status(), 503, "{e:?}");
    assert_eq!(db.get("a").await, None, "reads go on");
    other.execute_batch("COMMIT").expect("unlocks");
    db.add(Row::new().with("id", "a")).await.expect("free again");
}
