//! Several processes on one file.

use std::path::Path;

use bkjs_core::db::Query;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::sqlite::SqliteOptions;
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::killed;
use crate::support::{Fixture, open};

fn table() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("txt"))
}

async fn database(path: &Path) -> Fixture {
    // A small log, so that checkpoints run during the test.
    open(&SqliteOptions { wal_size: 1, ..SqliteOptions::file(path) }, table()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_killed_processes_acknowledged_is_there() {
    if let Some(path) = killed::writer() {
        let Fixture { driver, table } = database(&path).await;
        return killed::write_without_end(driver, table, "x".repeat(200)).await;
    }
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.db");
    let test = "processes::what_killed_processes_acknowledged_is_there";
    let acknowledged = killed::kill_writers(test, &path, 1500);
    let db = database(&path).await;
    killed::assert_kept(&db.driver, &db.table, &acknowledged).await;
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
