//! Section F: several records by key.

use bkjs_core::db::Options;
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s084_a_list_leaves_out_what_is_missing,
    s085_an_empty_part_of_a_list_of_keys_finds_nothing,
    s086_a_key_given_twice_is_returned_once,
    s087_a_list_has_no_hidden_limit,
    s088_whole_rows_may_stand_for_keys,
    s089_incomplete_keys_are_skipped,
    s090_an_empty_list_gives_nothing,
    s091_a_joined_key_may_be_given_by_its_parts,
    s092_a_list_returns_the_selected_columns_only,
}

/// The values of a column, sorted.
fn sorted(rows: &[Row], name: &str) -> String {
    let mut texts: Vec<&str> = rows.iter().map(|row| row.text(name)).collect();
    texts.sort_unstable();
    texts.join(" ")
}

async fn s084_a_list_leaves_out_what_is_missing(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    seed(&db, T2, ["1", "2", "3"].map(|n| row! { id: "p", id2: n })).await?;
    let rows: Vec<Row> = db.list(T2, [("p", "1"), ("p", "3"), ("p", "9"), ("p", "2")], &USUAL).await?;
    equal(sorted(&rows, "id2"), "1 2 3".into())
}

// The text "a1,a2," is split by whoever reads it from a request; here its parts arrive, the last one empty.
async fn s085_an_empty_part_of_a_list_of_keys_finds_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, ["a1", "a2", "a3"].map(|id| row! { id: id })).await?;
    let rows: Vec<Row> = db.list(T1, "a1,a2,".split(','), &USUAL).await?;
    equal(sorted(&rows, "id"), "a1 a2".into())
}

async fn s086_a_key_given_twice_is_returned_once(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    let rows: Vec<Row> = db.list(T1, ["a1", "a1"], &USUAL).await?;
    equal(rows.len(), 1)
}

async fn s087_a_list_has_no_hidden_limit(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let ids: Vec<String> = (0..1_000).map(|n| format!("a{n}")).collect();
    let adds = ids.iter().map(|id| crate::batch::add(T1, row! { id: id.as_str() })).collect();
    db.batch(adds, &USUAL).await?;
    let rows: Vec<Row> = db.list(T1, ids, &USUAL).await?;
    equal(rows.len(), 1_000)
}

async fn s088_whole_rows_may_stand_for_keys(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }, row! { id: "a2", num: 2 }]).await?;
    let keys = [row! { id: "a1", num: 99, nosuch: 1 }, row! { id: "a2", num: 2 }];
    let rows: Vec<Row> = db.list(T1, keys, &USUAL).await?;
    equal(sorted(&rows, "id"), "a1 a2".into())
}

async fn s089_incomplete_keys_are_skipped(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    seed(&db, T2, [row! { id: "p", id2: "1" }]).await?;
    let rows: Vec<Row> = db.list(T2, [row! { id: "p" }, row! { id: "p", id2: "1" }], &USUAL).await?;
    equal(rows.len(), 1)?;
    let rows: Vec<Row> = db.list(T2, [row! { id: "p" }, row! { id2: "1" }], &USUAL).await?;
    equal(rows, vec![])
}

async fn s090_an_empty_list_gives_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    let rows: Vec<Row> = db.list(T1, Vec::<Value>::new(), &USUAL).await?;
    equal(rows, vec![])
}

async fn s091_a_joined_key_may_be_given_by_its_parts(bench: Bench) -> Checked {
    let db = bench.open([t5()]).await?;
    seed(&db, T5, ["1", "2", "3"].map(|peer| row! { id: "j", type: "x", peer: peer })).await?;
    let keys = ["1", "3", "9"].map(|peer| row! { id: "j", type: "x", peer: peer });
    let rows: Vec<Row> = db.list(T5, keys, &USUAL).await?;
    equal(sorted(&rows, "hkey"), "x|1 x|3".into())
}

async fn s092_a_list_returns_the_selected_columns_only(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1, name: "n" }]).await?;
    let rows: Vec<Row> = db.list(T1, ["a1"], &Options::new().select(["num"])).await?;
    equal(rows, vec![row! { num: 1 }])
}
