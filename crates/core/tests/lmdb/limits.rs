//! Sizes: of the file, of keys, of values in indexes.

use std::sync::Arc;

use bkjs_core::ErrorKind;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::drivers::lmdb::LmdbOptions;
use bkjs_core::db::{Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::support::{open, within};

fn table() -> Table {
    Table::new("t").column(Column::text("id").primary()).column(Column::text("txt"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_outgrows_its_address_space_gets_more() {
    let folder = tempfile::tempdir().expect("folder");
    let options = LmdbOptions { map_size: 1, ..LmdbOptions::file(folder.path().join("t.lmdb")) };
    let db = Arc::new(open(&options, table()).await);
    let writes = (0..64).map(|n| {
        let db = db.clone();
        async move {
            let id = n.to_string();
            db.add(Row::new().with("id", id.as_str()).with("txt", "x".repeat(64 << 10))).await.expect("fits");
            assert!(db.get(&id).await.is_some());
        }
    });
    futures_util::future::join_all(writes).await;
    assert_eq!(db.driver.count(db.table.clone(), Query::new()).await.expect("counts"), 64);
}

#[tokio::test]
async fn a_full_file_is_unavailable_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("folder");
    let options =
        LmdbOptions { map_size: 1, max_map_size: 1, ..LmdbOptions::file(folder.path().join("t.lmdb")) };
    let db = open(&options, table()).await;
    db.add(Row::new().with("id", "a")).await.expect("fits");
    let big = Row::new().with("id", "b").with("txt", "x".repeat(2 << 20));
    let error = db.add(big).await.expect_err("is full");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.message().contains("max_map_size"));
    assert!(db.get("a").await.is_some() && db.get("b").await.is_none());
    db.add(Row::new().with("id", "c")).await.expect("there is room for a little");
}

#[tokio::test]
async fn a_key_has_a_greatest_length() {
    let folder = tempfile::tempdir().expect("folder");
    let db = within(folder.path(), table()).await;
    let longest = "k".repeat(1197);
    db.add(Row::new().with("id", longest.as_str())).await.expect("fits");
    assert!(db.get(&longest).await.is_some());
    let longer = "k".repeat(1198);
    let error = db.add(Row::new().with("id", longer.as_str())).await.expect_err("is too long");
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
    assert!(db.get(&longer).await.is_none());
    assert!(db.get(&"k".repeat(10_000)).await.is_none());
}

#[tokio::test]
async fn long_values_in_an_index_are_found_ordered_and_unique() {
    let folder = tempfile::tempdir().expect("folder");
    let table = Table::new("t").column(Column::text("id").primary()).column(Column::text("txt").unique());
    let db = within(folder.path(), table).await;
    let long = |end: &str| format!("{}{end}", "x".repeat(2000));
    for (id, txt) in [("1", long("c")), ("2", long("a")), ("3", long("b")), ("4", "y".to_owned())] {
        db.add(Row::new().with("id", id).with("txt", txt)).await.expect("adds");
    }
    let error = db.add(Row::new().with("id", "5").with("txt", long("a"))).await.expect_err("is there");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(db.ids(db.page(Query::new().eq("txt", long("b")), &["id"])).await, ["3"]);
    assert_eq!(
        db.ids(db.page(Query::new().op("txt", Op::Gt, long("a")), &["txt", "id"])).await,
        ["3", "1", "4"]
    );
    assert_eq!(db.ids(db.page(Query::new(), &["txt", "id"])).await, ["2", "3", "1", "4"]);
    assert_eq!(db.ids(db.page(Query::new(), &["!txt", "id"])).await, ["4", "1", "3", "2"]);
    let between = Query::new().op("txt", Op::Between, vec![long("a"), long("b")]);
    assert_eq!(db.ids(db.page(between, &["!txt", "id"])).await, ["3", "2"]);
}
