use bkjs_core::ErrorKind;
use bkjs_core::db::driver::Driver;
use bkjs_core::db::{Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};

use crate::support::{Fixture, every_type, with};

async fn texts() -> Fixture {
    let db = with(every_type()).await;
    let texts = ["abc", "abd", "xAbc", "50%", "50x", "a_c", "äB", "a\0b", "", "ab\u{10FFFF}"];
    for (n, text) in texts.into_iter().enumerate() {
        let row =
            Row::new().with("id", format!("{n}")).with("txt", text).with("dec", format!("{}.50", n * 3));
        db.add(row).await.expect("adds");
    }
    db.add(Row::new().with("id", "null")).await.expect("adds");
    db
}

async fn check(db: &Fixture, column: &str, op: Op, value: impl Into<Value>, expected: &str) {
    let value = value.into();
    assert_eq!(
        db.ids(Query::new().op(column, op, value.clone())).await,
        expected,
        "{column} {op:?} {value:?}"
    );
}

#[tokio::test]
async fn texts_match_letter_for_letter() {
    let db = texts().await;
    check(&db, "txt", Op::BeginsWith, "ab", "0 1 9").await;
    check(&db, "txt", Op::BeginsWith, "AB", "").await;
    check(&db, "txt", Op::BeginsWith, "50%", "3").await;
    check(&db, "txt", Op::BeginsWith, "a\0", "7").await;
    check(&db, "txt", Op::BeginsWith, "ab\u{10FFFF}", "9").await;
    check(&db, "txt", Op::BeginsWith, "", "0 1 2 3 4 5 6 7 8 9").await;
    check(&db, "txt", Op::NotBeginsWith, "ab", "2 3 4 5 6 7 8").await;
    check(&db, "txt", Op::EndsWith, "bc", "0 2").await;
    check(&db, "txt", Op::EndsWith, "\0b", "7").await;
    check(&db, "txt", Op::EndsWith, "", "0 1 2 3 4 5 6 7 8 9").await;
    check(&db, "txt", Op::NotEndsWith, "bc", "1 3 4 5 6 7 8 9").await;
    check(&db, "txt", Op::Contains, "%", "3").await;
    check(&db, "txt", Op::Contains, "_", "5").await;
    check(&db, "txt", Op::Contains, "\0", "7").await;
    check(&db, "txt", Op::NotContains, "b", "3 4 5 6 8").await;
}

#[tokio::test]
async fn patterns_heed_case_when_they_should() {
    let db = texts().await;
    check(&db, "txt", Op::Like, "a%c", "0 5").await;
    check(&db, "txt", Op::Like, "A%c", "").await;
    check(&db, "txt", Op::Like, "a_b", "7").await;
    check(&db, "txt", Op::ILike, "A%", "0 1 5 7 9").await;
    check(&db, "txt", Op::ILike, "Äb", "6").await;
    check(&db, "txt", Op::IBeginsWith, "ÄB", "6").await;
    check(&db, "txt", Op::Regexp, "^a.c$", "0 5").await;
    check(&db, "txt", Op::IRegexp, "^XABC$", "2").await;
    check(&db, "txt", Op::NotRegexp, "b", "3 4 5 6 8").await;
    let bad = db.select(Query::new().op("txt", Op::Regexp, "("), &["id"]).await.expect_err("malformed");
    assert_eq!(bad.kind(), ErrorKind::Invalid, "{bad:?}");
}

#[tokio::test]
async fn decimals_compare_as_numbers_though_kept_as_text() {
    let db = texts().await;
    check(&db, "dec", Op::Gt, "9", "3 4 5 6 7 8 9").await;
    check(&db, "dec", Op::Eq, "9.5", "3").await;
    check(&db, "dec", Op::Between, vec!["3", "9.5"], "1 2 3").await;
    let rows = db.select(Query::new().op("dec", Op::NotNull, Value::Null), &["!dec"]).await.expect("selects");
    assert_eq!(rows.first().map(|row| row.text("dec")), Some("27.50"));
}

#[tokio::test]
async fn lists_are_asked_by_element_whatever_their_column_is_called() {
    let db = with(every_type()).await;
    let row = |id: &str, tags: &[&str], weights: &[i64]| {
        let weights = weights.iter().map(|w| Value::Int(*w)).collect();
        Row::new().with("id", id).with("value", tags.to_vec()).with("weights", Value::Set(weights))
    };
    for row in [row("a", &["t1", "t2"], &[1, 2]), row("b", &["t12"], &[12]), row("c", &[], &[])] {
        db.add(row).await.expect("adds");
    }
    db.add(Row::new().with("id", "null")).await.expect("adds");
    check(&db, "value", Op::Contains, vec!["t1"], "a").await;
    check(&db, "value", Op::Contains, vec!["zz", "t12", "t2"], "a b").await;
    check(&db, "value", Op::NotContains, vec!["t1"], "b c").await;
    check(&db, "value", Op::AllIn, vec!["t1", "t2"], "a").await;
    check(&db, "value", Op::NotAllIn, vec!["t1", "t12"], "a b c").await;
    check(&db, "weights", Op::Contains, vec![Value::Int(2)], "a").await;
}

#[tokio::test]
async fn groups_are_two_valued() {
    let db = with(every_type()).await;
    for (id, num) in [("a", Value::Int(1)), ("b", Value::Int(2)), ("n", Value::Null)] {
        db.add(Row::new().with("id", id).with("num", num)).await.expect("adds");
    }
    let num = |n: i64| Query::new().eq("num", n);
    assert_eq!(db.ids(Query::new().not(num(1))).await, "b n");
    assert_eq!(db.ids(Query::new().not(num(1).not(num(1)))).await, "a b n");
    assert_eq!(db.ids(Query::new().or(num(1).eq("num", 2))).await, "a b");
    assert_eq!(db.ids(Query::new().or(num(1)).or(num(2))).await, "");
    check(&db, "num", Op::Ne, 1, "b").await;
    check(&db, "num", Op::NotIn, vec![Value::Int(1)], "b").await;
    check(&db, "num", Op::NotBetween, vec![Value::Int(2), Value::Int(3)], "a").await;
}

#[tokio::test]
async fn a_path_compares_with_values_of_its_type() {
    let db = with(every_type()).await;
    for (id, a) in
        [("int", Value::Int(1)), ("text", "1".into()), ("bool", true.into()), ("null", Value::Null)]
    {
        let inner = Row::new().with("b-c", a);
        db.add(Row::new().with("id", id).with("obj", Row::new().with("a", inner))).await.expect("adds");
    }
    check(&db, "obj.a.b-c", Op::Eq, 1, "int").await;
    check(&db, "obj.a.b-c", Op::Eq, "1", "text").await;
    check(&db, "obj.a.b-c", Op::Eq, true, "bool").await;
    check(&db, "obj.a.b-c", Op::Lt, "9", "text").await;
    check(&db, "obj.a.b-c", Op::Ne, 2, "int").await;
    check(&db, "obj.a.b-c", Op::Null, Value::Null, "null").await;
    let e = db.select(Query::new().eq("obj.a\"b", 1), &["id"]).await.expect_err("no path");
    assert_eq!(e.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn keys_prefixes_and_pages_use_an_index() {
    let table = Table::new("t")
        .column(Column::text("id").primary())
        .column(Column::text("id2").primary())
        .column(Column::text("name").index());
    let db = with(table).await;
    for (statement, index) in [
        ("SELECT * FROM t WHERE (\"id\" = 'a') ORDER BY \"id\", \"id2\"", "sqlite_autoindex_t_1"),
        ("SELECT * FROM t WHERE (\"name\" >= 'a' AND \"name\" < 'b')", "t_name_index"),
        (
            "SELECT * FROM t WHERE TRUE AND \"id\" >= 'a' AND (\"id\" > 'a' OR (\"id\" = 'a' AND (\"id2\" > 'b'))) ORDER BY \"id\", \"id2\"",
            "sqlite_autoindex_t_1",
        ),
    ] {
        let plan =
            db.driver.query(format!("EXPLAIN QUERY PLAN {statement}"), vec![]).await.expect("explains");
        let details: Vec<_> = plan.iter().map(|row| row.text("detail")).collect();
        assert!(
            details.len() == 1 && details[0].contains("SEARCH") && details[0].contains(index),
            "{details:?}"
        );
    }
}
