use std::sync::Arc;

use bkjs_core::ErrorKind;
use bkjs_core::db::driver::{Change, Driver, Verb, Write};
use bkjs_core::db::drivers::sqlite::SqliteOptions;
use bkjs_core::db::{Op, Query, Returning};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};

use crate::support::{Fixture, every_type, open, with};

fn id(id: &str) -> Row {
    Row::new().with("id", id)
}

fn texts(values: &[&str]) -> Value {
    values.to_vec().into()
}

#[tokio::test]
async fn every_type_reads_back_exactly() {
    let db = with(every_type()).await;
    let row = id("a\0'\";--%_")
        .with("txt", "a\0b é 😀 \u{200f}")
        .with("num", i64::MIN)
        .with("real", 5e-324)
        .with("dec", "123456789012345678.120")
        .with("flag", true)
        .with("hits", i64::MAX)
        .with("json", Value::Text("plain".into()))
        .with("obj", Row::new().with("z", 1).with("a", vec![Value::Null, Value::Real(0.1 + 0.2)]))
        .with("arr", Value::List(vec![Value::List(vec![]), Value::Map(Row::new()), Value::Bool(true)]))
        .with("value", texts(&["a,b", "", "a\0"]))
        .with("weights", Value::Set(vec![1.into(), 2.into()]))
        .with("when", 1_700_000_000_123_i64)
        .with("raw", Value::Bytes(vec![0, 255]));
    db.add(row.clone()).await.expect("adds");
    assert_eq!(db.get("a\0'\";--%_").await, Some(row));
    assert_eq!(db.get("a").await, None);
}

#[tokio::test]
async fn add_refuses_a_key_or_unique_value_that_is_there() {
    let db =
        with(Table::new("t").column(Column::text("id").primary()).column(Column::text("email").unique()))
            .await;
    db.add(id("a").with("email", "x")).await.expect("adds");
    for row in [id("a"), id("b").with("email", "x")] {
        let e = db.add(row.clone()).await.expect_err("is there");
        assert_eq!(e.kind(), ErrorKind::AlreadyExists);
        let nothing = db.write(Verb::Add { row, do_nothing: true }, Returning::New).await.expect("no error");
        assert_eq!((nothing.count, nothing.row), (0, None));
    }
    db.put(id("a").with("email", "x")).await.expect("its own value is no conflict");
    assert_eq!(db.put(id("b").with("email", "x")).await.expect_err("taken").kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn put_merges_and_takes_defaults_for_a_new_record_only() {
    let db = with(every_type()).await;
    let put = |row: Row, returning| {
        db.write(Verb::Put { row, defaults: Row::new().with("num", 7).with("txt", "d") }, returning)
    };
    let new = put(id("a").with("txt", Value::Null), Returning::New).await.expect("puts").row.expect("row");
    assert_eq!((new.get("txt"), new.int("num")), (Some(&Value::Null), Some(7)));
    put(id("a").with("num", 1), Returning::Nothing).await.expect("puts");
    let old = put(id("a").with("txt", "n"), Returning::Old).await.expect("puts").row.expect("row");
    assert_eq!((old.get("txt"), old.int("num")), (Some(&Value::Null), Some(1)));
    let only_key = put(id("a"), Returning::New).await.expect("puts");
    assert_eq!((only_key.count, only_key.row.expect("row").text("txt")), (1, "n"));
}

#[tokio::test]
async fn incr_counts_from_null_and_refuses_to_overflow() {
    let db = with(every_type()).await;
    db.add(id("a").with("real", 1e308)).await.expect("adds");
    assert_eq!(db.change("a", Op::Incr, "num", i64::MAX).await.expect("fits"), i64::MAX.into());
    let e = db.change("a", Op::Incr, "num", 1).await.expect_err("overflow");
    assert_eq!((e.kind(), e.message()), (ErrorKind::Invalid, "num is out of range after adding"));
    assert_eq!(db.get("a").await.expect("row").int("num"), Some(i64::MAX));
    assert_eq!(db.change("a", Op::Incr, "num", i64::MIN).await.expect("fits"), (-1).into());
    assert!(db.change("a", Op::Incr, "num", i64::MIN).await.is_err());
    assert!(db.change("a", Op::Incr, "real", 1e308).await.is_err());
    assert_eq!(db.change("a", Op::Incr, "real", -1e308).await.expect("fits"), 0.0.into());
    assert_eq!(db.change("a", Op::Incr, "txt", 1).await.expect_err("text").kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn lists_and_sets_change_by_elements() {
    let db = with(every_type()).await;
    db.add(id("a")).await.expect("adds");
    assert_eq!(db.change("a", Op::Del, "value", "x").await.expect("null stays"), Value::Null);
    assert_eq!(db.change("a", Op::Add, "value", "ab").await.expect("made"), texts(&["ab"]));
    db.change("a", Op::Add, "value", texts(&["b", "abc", "b"])).await.expect("adds");
    assert_eq!(db.change("a", Op::Del, "value", "b").await.expect("takes"), texts(&["ab", "abc"]));
    assert_eq!(db.change("a", Op::Del, "value", texts(&["ab", "abc"])).await.expect("takes"), texts(&[]));
    db.change("a", Op::Add, "weights", vec![Value::Int(10), Value::Int(2)]).await.expect("adds");
    let set = db.change("a", Op::Add, "weights", 2).await.expect("once");
    assert_eq!(set, Value::Set(vec![2.into(), 10.into()]));
    let nested = Value::List(vec![Value::Map(Row::new().with("b", true)), Value::List(vec![1.into()])]);
    assert_eq!(db.change("a", Op::Add, "arr", nested.clone()).await.expect("adds"), nested);
    let rest =
        db.change("a", Op::Del, "arr", Value::List(vec![Value::List(vec![1.into()])])).await.expect("takes");
    assert_eq!(rest.as_list().map(<[_]>::len), Some(1));
}

#[tokio::test]
async fn text_changes_and_unset() {
    let db = with(every_type()).await;
    db.add(id("a")).await.expect("adds");
    assert_eq!(db.change("a", Op::Append, "txt", "n\0").await.expect("from null"), "n\0".into());
    assert_eq!(db.change("a", Op::Prepend, "txt", ">").await.expect("prepends"), ">n\0".into());
    assert_eq!(db.change("a", Op::NotExists, "txt", "x").await.expect("stays"), ">n\0".into());
    assert_eq!(db.change("a", Op::Unset, "txt", Value::Null).await.expect("unsets"), Value::Null);
    assert_eq!(db.change("a", Op::NotExists, "txt", "x").await.expect("sets"), "x".into());
}

#[tokio::test]
async fn an_update_holds_its_condition_or_creates() {
    let db = with(every_type()).await;
    let update = |num: i64, condition: Query, insert: Option<Row>, returning| {
        let changes = vec![Change { column: "num".into(), op: Op::Set, value: num.into() }];
        db.write(
            Verb::Update { key: vec!["a".into()], changes, condition: Some(condition), insert },
            returning,
        )
    };
    let none = Returning::Nothing;
    assert_eq!(update(1, Query::new(), None, none).await.expect("absent").count, 0);
    let made = update(1, Query::new().eq("num", 9), Some(id("a").with("num", 1)), Returning::Old).await;
    assert_eq!((made.as_ref().expect("made").count, &made.as_ref().expect("made").row), (1, &None));
    assert_eq!(
        update(2, Query::new().eq("num", 9), Some(id("a")), Returning::New).await.expect("no").count,
        0
    );
    // The condition sees the old value of the column that is changed.
    let done = update(2, Query::new().eq("num", 1), Some(id("a")), Returning::Old).await.expect("updates");
    assert_eq!((done.count, done.row.expect("old").int("num")), (1, Some(1)));
    let done = update(3, Query::new().not(Query::new().eq("txt", "x")), None, Returning::New).await;
    assert_eq!(done.expect("null is not x").row.expect("new").int("num"), Some(3));
}

#[tokio::test]
async fn del_returns_what_it_removed() {
    let db = with(every_type()).await;
    db.add(id("a").with("num", 1)).await.expect("adds");
    let del = |condition| Verb::Del { key: vec!["a".into()], condition };
    let no = db.write(del(Some(Query::new().eq("num", 2))), Returning::Old).await.expect("no match");
    assert_eq!((no.count, no.row), (0, None));
    let done = db.write(del(None), Returning::Old).await.expect("deletes");
    assert_eq!((done.count, done.row.expect("old").int("num")), (1, Some(1)));
    assert_eq!(db.write(del(None), Returning::Old).await.expect("gone").count, 0);
}

#[tokio::test]
async fn a_transaction_applies_all_or_nothing() {
    let db = with(every_type()).await;
    let write = |verb| Write { table: db.table.clone(), verb, returning: Returning::Nothing };
    let add = |key: &str| write(Verb::Add { row: id(key), do_nothing: false });
    let del = |condition| write(Verb::Del { key: vec!["none".into()], condition });
    let twice = db.driver.transact(vec![add("a"), add("a")]).await.expect_err("conflict");
    assert_eq!(twice.kind(), ErrorKind::AlreadyExists);
    for failing in [db.update("none", Op::Set, "num", 1), del(Some(Query::new()))] {
        let e = db.driver.transact(vec![add("a"), failing]).await.expect_err("matches nothing");
        assert_eq!(e.kind(), ErrorKind::ConditionFailed);
        assert_eq!(db.get("a").await, None);
    }
    let done = db.driver.transact(vec![add("a"), del(None), db.update("a", Op::Incr, "num", 2)]).await;
    assert_eq!(done.expect("applies").iter().map(|a| a.count).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(db.get("a").await.expect("row").int("num"), Some(2));
}

#[tokio::test]
async fn a_failing_write_undoes_nothing_of_the_others_in_its_commit() {
    let db = with(every_type()).await;
    let writes = (0..600)
        .map(|n| Verb::Add { row: id(&format!("{}", n - n % 3)), do_nothing: false })
        .map(|verb| Write { table: db.table.clone(), verb, returning: Returning::Nothing })
        .collect();
    let answers = db.driver.batch(writes).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n % 3 == 0, "{n}: {answer:?}");
    }
    assert_eq!(db.driver.count(db.table.clone(), Query::new()).await.expect("counts"), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_increments_all_count() {
    let db: Arc<Fixture> = Arc::new(with(every_type()).await);
    db.add(id("a")).await.expect("adds");
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let db = db.clone();
            bkjs_core::task::spawn("increment", async move { db.change("a", Op::Incr, "num", 1).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("joins").expect("lives").expect("increments");
    }
    assert_eq!(db.get("a").await.expect("row").int("num"), Some(50));
}

#[tokio::test]
async fn expired_records_are_as_if_absent() {
    let table = Table::new("t")
        .column(Column::text("id").primary())
        .column(Column::text("email").unique())
        .column(Column::ttl("until"));
    let db = with(table).await;
    for (key, until) in [("past", Value::Int(1)), ("never", Value::Null), ("later", i64::MAX.into())] {
        db.add(id(key).with("email", key).with("until", until)).await.expect("adds");
    }
    assert_eq!(db.get("past").await, None);
    assert_eq!(db.ids(Query::new()).await, "later never");
    assert_eq!(db.change("past", Op::Set, "email", "x").await.expect("absent"), Value::Null);
    assert_eq!(
        db.write(Verb::Del { key: vec!["past".into()], condition: None }, Returning::Nothing)
            .await
            .expect("absent")
            .count,
        0
    );
    db.add(id("other").with("email", "past")).await.expect("the value is free");
    db.add(id("past").with("until", 1)).await.expect("adds");
    db.put(id("past").with("until", i64::MAX)).await.expect("replaces");
    assert_eq!(db.get("past").await.expect("row").get("email"), Some(&Value::Null));
}

#[tokio::test]
async fn many_records_change_by_condition() {
    let db = with(every_type()).await;
    for n in 0..10 {
        db.add(id(&n.to_string()).with("num", n)).await.expect("adds");
    }
    let changes = vec![Change { column: "txt".into(), op: Op::Set, value: "u".into() }];
    let query = Query::new().op("num", Op::Gt, 5);
    let done = db.write(Verb::UpdateAll { changes, query }, Returning::Nothing).await.expect("updates");
    assert_eq!(done.count, 4);
    let done = db.write(Verb::DelAll { query: Query::new().eq("txt", "u") }, Returning::Nothing).await;
    assert_eq!(done.expect("deletes").count, 4);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_interrupted_and_harms_no_other() {
    let db = open(&SqliteOptions { statement_timeout: 50, ..SqliteOptions::temporary() }, every_type()).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let e = db.driver.query(endless.into(), vec![]).await.expect_err("interrupted");
    assert_eq!(e.kind(), ErrorKind::Timeout);
    let insert = "INSERT INTO t (id) SELECT hex(randomblob(16)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)";
    let e = db.driver.query(insert.into(), vec![]).await.expect_err("interrupted");
    assert_eq!(e.kind(), ErrorKind::Timeout);
    db.add(id("a")).await.expect("adds");
    assert_eq!(db.ids(Query::new()).await, "a");
}

#[tokio::test]
async fn a_raw_statement_reads_or_writes_but_touches_no_transaction() {
    let db = with(every_type()).await;
    let query = |text: &str, values| db.driver.query(text.into(), values);
    query("INSERT INTO t (id, num) VALUES (?, ?)", vec!["a".into(), 5.into()]).await.expect("inserts");
    let rows = query("SELECT id, num * 2 AS n FROM t WHERE num = ?;", vec![5.into()]).await.expect("selects");
    assert_eq!(rows, [id("a").with("n", 10)]);
    for bad in
        ["BEGIN", "SELECT 1; DELETE FROM t", "ATTACH 'x' AS y", "PRAGMA journal_mode = delete", "nonsense"]
    {
        let e = query(bad, vec![]).await.expect_err(bad);
        assert_eq!(e.kind(), ErrorKind::Invalid, "{bad}: {e:?}");
    }
    assert_eq!(query("SELECT ?", vec![]).await.expect_err("values").kind(), ErrorKind::Invalid);
    assert_eq!(
        query("SELECT * FROM nowhere", vec![]).await.expect_err("table").kind(),
        ErrorKind::NotPrepared
    );
    assert!(query("PRAGMA table_info(t)", vec![]).await.expect("tells").len() > 10);
}
