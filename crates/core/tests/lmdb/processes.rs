//! Several processes on one file.

use std::path::Path;

use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::lmdb::LmdbOptions;
use bkjs_core::db::{Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::killed;
use crate::support::{Fixture, open};

fn table() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("txt").index())
}

async fn database(path: &Path) -> Fixture {
    // Little address space, so that processes enlarge it under each other.
    open(&LmdbOptions { map_size: 1, ..LmdbOptions::file(path) }, table()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_killed_processes_acknowledged_is_there() {
    if let Some(path) = killed::writer() {
        let Fixture { driver, table } = database(&path).await;
        return killed::write_without_end(driver, table, "x".repeat(3000)).await;
    }
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.lmdb");
    // Open all the time, so that the others enlarge the file under this process too.
    let db = database(&path).await;
    let test = "processes::what_killed_processes_acknowledged_is_there";
    let acknowledged = killed::kill_writers(test, &path, 400);
    killed::assert_kept(&db.driver, &db.table, &acknowledged).await;
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
