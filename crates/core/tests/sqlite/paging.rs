use std::cmp::Ordering;

use bkjs_core::db::driver::Driver;
use bkjs_core::db::{Query, Sort};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};
use proptest::prelude::*;

use crate::support::{Fixture, with};

fn table() -> Table {
    Table::new("t")
        .column(Column::text("id").primary())
        .column(Column::int("id2").primary())
        .column(Column::int("num"))
        .column(Column::text("txt"))
        .column(Column::real("real").index())
}

/// Null first, then by value.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (a, b) => b.is_null().cmp(&a.is_null()),
    }
}

fn sorted(mut rows: Vec<Row>, sort: &[Sort]) -> Vec<Row> {
    let value = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
    rows.sort_by(|a, b| {
        sort.iter().fold(Ordering::Equal, |order, one| {
            let this = compare(&value(a, &one.column), &value(b, &one.column));
            order.then(if one.descending { this.reverse() } else { this })
        })
    });
    rows
}

async fn all_pages(db: &Fixture, sort: &[Sort], count: usize, unique: Option<&str>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let mut select = db.page(Query::new(), &[]);
        select.sort = sort.to_vec();
        select.count = count;
        select.unique = unique.map(Into::into);
        select.after = rows
            .last()
            .map(|row| sort.iter().map(|s| row.get(&s.column).cloned().unwrap_or_default()).collect());
        let page = db.driver.select(select).await.expect("selects");
        if page.is_empty() {
            return rows;
        }
        assert!(page.len() <= count);
        rows.extend(page);
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let num = prop_oneof![Just(Value::Null), (-2..3_i64).prop_map(Value::Int)];
    let text = prop_oneof![Just(Value::Null), "[abAé\u{0}]{0,2}".prop_map(Value::Text)];
    let real = prop_oneof![Just(Value::Null), (-2..3_i32).prop_map(|r| Value::Real(f64::from(r) / 4.0))];
    let row = ("[abA]", 0..4_i64, num, text, real).prop_map(|(id, id2, num, txt, real)| {
        Row::new().with("id", id).with("id2", id2).with("num", num).with("txt", txt).with("real", real)
    });
    proptest::collection::vec(row, 0..24)
}

/// Some columns in some directions, then the key, which makes the order total.
fn sort() -> impl Strategy<Value = Vec<Sort>> {
    let columns = proptest::sample::subsequence(vec!["num", "txt", "real"], 0..=3).prop_shuffle();
    let flags = proptest::collection::vec(any::<bool>(), 5);
    (columns, flags).prop_map(|(columns, flags)| {
        let names = columns.into_iter().chain(["id", "id2"]);
        names.zip(flags).map(|(name, descending)| Sort { column: name.into(), descending }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_size_and_order_are_the_sorted_list(rows in rows(), sort in sort(), count in 1..5_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        runtime.block_on(async {
            let db = with(table()).await;
            for row in rows {
                db.put(row).await.expect("puts");
            }
            let stored = db.select(Query::new(), &["id", "id2"]).await.expect("selects");
            let expected = sorted(stored, &sort);
            assert_eq!(all_pages(&db, &sort, count, None).await, expected);
            let mut seen: Vec<Value> = Vec::new();
            let first: Vec<Row> = expected
                .into_iter()
                .filter(|row| {
                    let value = row.get("num").cloned().unwrap_or_default();
                    let new = !seen.contains(&value);
                    seen.push(value);
                    new
                })
                .collect();
            assert_eq!(all_pages(&db, &sort, count, Some("num")).await, first);
        });
    }
}

#[tokio::test]
async fn the_columns_of_the_order_are_among_those_returned() {
    let db = with(table()).await;
    db.put(Row::new().with("id", "a").with("id2", 1).with("num", 3)).await.expect("puts");
    let mut select = db.page(Query::new(), &["num", "id", "id2"]);
    select.select = vec!["txt".into(), "unknown".into(), "num".into()];
    let rows = db.driver.select(select).await.expect("selects");
    let names: Vec<_> = rows[0].iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["txt", "num", "id", "id2"]);
}
