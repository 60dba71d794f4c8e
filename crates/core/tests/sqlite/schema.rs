use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use bkjs_core::ErrorKind;
use bkjs_core::db::Query;
use bkjs_core::db::driver::{Difference, Driver};
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::support::{every_type, open, with};

fn base() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("email").unique())
}

#[tokio::test]
async fn columns_and_indexes_are_added_and_each_is_said() {
    let db = with(base()).await;
    db.add(Row::new().with("id", "a")).await.expect("adds");
    let wider = base()
        .column(Column::int("order").index_in("pair", 2))
        .column(Column::text("group").index_in("pair", 1))
        .column(Column::list("tags").index());
    let wider = Arc::new(wider);
    let told = |found: Vec<Difference>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told(db.driver.create(vec![wider.clone()]).await.expect("upgrades")),
        [
            "table t column order added",
            "table t column group added",
            "table t column tags added",
            "table t index t_group_order_index created",
            "table t index t_tags_index created",
        ]
    );
    assert!(db.driver.create(vec![wider.clone()]).await.expect("nothing to do").is_empty());
    assert_eq!(
        db.driver.indexes(wider).await.expect("lists"),
        ["t_email_index", "t_group_order_index", "t_tags_index"]
    );
}

#[tokio::test]
async fn what_cannot_be_changed_is_said_and_left() {
    let db = with(base().column(Column::int("num").index())).await;
    let other = Table::new("t")
        .column(Column::text("id").primary())
        .column(Column::int("id2").primary())
        .column(Column::int("email"))
        .column(Column::text("num").unique());
    let found = db.driver.create(vec![Arc::new(other)]).await.expect("reports");
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[0].contains("has the key id in the database and id, id2"), "{lines:?}");
    assert!(lines[1].contains("column email is TEXT in the database and INTEGER"), "{lines:?}");
    assert!(lines[2].contains("column num is INTEGER"), "{lines:?}");
    assert!(lines[3].contains("t_num_index is not a unique index"), "{lines:?}");
    assert!(lines[4].contains("unique index t_email_index is not in its description"), "{lines:?}");
}

#[tokio::test]
async fn equal_values_stand_in_the_way_of_a_unique_index() {
    let db = with(Table::new("t").column(Column::text("id").primary()).column(Column::text("email"))).await;
    for id in ["a", "b"] {
        db.add(Row::new().with("id", id).with("email", "x")).await.expect("adds");
    }
    let e = db.driver.create(vec![Arc::new(base())]).await.expect_err("duplicates");
    assert_eq!(e.kind(), ErrorKind::AlreadyExists);
    db.add(Row::new().with("id", "c")).await.expect("usable");
}

#[tokio::test]
async fn a_missing_table_is_named_and_a_dropped_one_may_be_dropped_again() {
    let db = with(base()).await;
    for _ in 0..2 {
        db.driver.drop_table(db.table.clone()).await.expect("drops");
    }
    let e = db.driver.count(db.table.clone(), Query::new()).await.expect_err("gone");
    assert_eq!((e.kind(), e.message()), (ErrorKind::NotPrepared, "table t is not in the database yet"));
    assert!(e.log_text().contains("run with -db-create-tables"), "{e:?}");
    let e = db.add(Row::new().with("id", "a")).await.expect_err("gone");
    assert_eq!(e.kind(), ErrorKind::NotPrepared);
}

#[tokio::test]
async fn several_drivers_create_the_same_tables_at_once() {
    let folder = tempfile::tempdir().expect("folder");
    let options = SqliteOptions::file(folder.path().join("deep/er/t.db"));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let options = options.clone();
            tokio::task::spawn_blocking(move || SqliteDriver::open(&options).expect("opens"))
        })
        .collect();
    let mut lines = 0;
    let mut drivers = Vec::new();
    for task in tasks {
        drivers.push(task.await.expect("joins"));
    }
    for done in futures_util::future::join_all(drivers.iter().map(|d| d.create(vec![Arc::new(base())]))).await
    {
        lines += done.expect("creates").len();
    }
    assert_eq!(lines, 2, "the table and its index, once");
}

#[tokio::test]
async fn files_are_for_their_owner_and_gone_when_temporary() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.db");
    std::fs::write(&path, "").expect("writes");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("sets");
    let db = open(&SqliteOptions::file(&path), every_type()).await;
    db.add(Row::new().with("id", "a")).await.expect("adds");
    for entry in std::fs::read_dir(folder.path()).expect("lists") {
        let mode = entry.expect("entry").metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o007, 0);
    }
    db.driver.close().await;
    assert!(!folder.path().join("t.db-wal").exists(), "the log is copied at the end");
    let e = db.add(Row::new().with("id", "b")).await.expect_err("closed");
    assert_eq!(e.kind(), ErrorKind::Unavailable);
    let e = db.select(Query::new(), &["id"]).await.expect_err("closed");
    assert_eq!(e.kind(), ErrorKind::Unavailable);
}
