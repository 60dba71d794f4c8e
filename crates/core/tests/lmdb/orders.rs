//! Orders and bounds out of indexes give what a look at every record gives.

use bkjs_core::db::driver::{Driver, Select};
use bkjs_core::db::{Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};
use proptest::prelude::*;

use crate::support::{Fixture, within};

/// The same columns twice, with indexes and without.
fn table(indexed: bool) -> Table {
    let [n, name, m] = [Column::int("n"), Column::text("name"), Column::real("m")];
    let table = Table::new(if indexed { "indexed" } else { "plain" }).column(Column::text("id").primary());
    if !indexed {
        return table.column(n).column(name).column(m);
    }
    table.column(n.index()).column(name.index_in("both", 0)).column(m.index_in("both", 1))
}

fn row() -> impl Strategy<Value = Row> {
    let n = prop_oneof![Just(Value::Null), (-2..3_i64).prop_map(Value::Int)];
    let name = prop_oneof![Just(Value::Null), "[a\0é]{0,2}".prop_map(Value::Text)];
    let m = prop_oneof![Just(Value::Null), (-2..3_i64).prop_map(|m| Value::Real(m as f64 / 2.0))];
    (n, name, m).prop_map(|(n, name, m)| Row::new().with("n", n).with("name", name).with("m", m))
}

fn query() -> impl Strategy<Value = Query> {
    let int = (-2..3_i64).prop_map(Value::Int);
    let text = "[a\0é]{0,2}".prop_map(Value::Text);
    let real = (-2..3_i64).prop_map(|m| Value::Real(m as f64 / 2.0));
    let number = prop::sample::select(vec![Op::Eq, Op::Gt, Op::Ge, Op::Lt, Op::Le, Op::Ne]);
    let letters = prop::sample::select(vec![Op::Eq, Op::BeginsWith, Op::Lt, Op::NotBeginsWith]);
    let condition = prop_oneof![
        (Just("n"), number.clone(), int.clone()),
        (Just("m"), number, real),
        (Just("name"), letters, text.clone()),
        (Just("n"), Just(Op::In), prop::collection::vec(int.clone(), 1..4).prop_map(Value::List)),
        (Just("name"), Just(Op::In), prop::collection::vec(text, 1..4).prop_map(Value::List)),
        (Just("n"), Just(Op::Between), [int.clone(), int].prop_map(|b| Value::List(b.into()))),
        (prop::sample::select(vec!["n", "name", "m"]), Just(Op::Null), Just(Value::Null)),
    ];
    prop::collection::vec(condition, 0..3).prop_map(|conditions| {
        conditions.into_iter().fold(Query::new(), |query, (column, op, value)| query.op(column, op, value))
    })
}

fn sort() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::select(vec![
        vec!["id"],
        vec!["!id"],
        vec!["n", "id"],
        vec!["!n", "id"],
        vec!["!n", "!id"],
        vec!["name", "m", "id"],
        vec!["!name", "!m", "id"],
        vec!["!m", "id"],
        vec!["n", "!id"],
    ])
}

/// All pages of a request, one after the other.
async fn pages(db: &Fixture, page: Select) -> Vec<String> {
    let mut ids = Vec::new();
    let mut page = Select { count: 3, ..page };
    loop {
        let rows = db.driver.select(page.clone()).await.expect("selects");
        ids.extend(rows.iter().map(|row| row.text("id").to_owned()));
        let Some(last) = rows.last() else { return ids };
        let position = page.sort.iter().map(|s| last.get(&s.column).cloned().unwrap_or_default());
        page.after = Some(position.collect());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn an_index_changes_no_result(
        rows in prop::collection::vec(row(), 0..24),
        asked in prop::collection::vec((query(), sort()), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("folder");
            let indexed = within(folder.path(), table(true)).await;
            let plain = within(folder.path(), table(false)).await;
            for (n, row) in rows.into_iter().enumerate() {
                let row = row.with("id", n.to_string());
                indexed.add(row.clone()).await.expect("adds");
                plain.add(row).await.expect("adds");
            }
            for (query, sort) in asked {
                let [found, expected] = [&indexed, &plain].map(|db| db.page(query.clone(), &sort));
                let expected = plain.ids(expected).await;
                prop_assert_eq!(&indexed.ids(found.clone()).await, &expected, "{:?} {:?}", query, sort);
                prop_assert_eq!(&pages(&indexed, found).await, &expected, "pages of {:?} {:?}", query, sort);
            }
            Ok(())
        })?;
    }
}
