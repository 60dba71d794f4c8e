//! Section K: columns built from others.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Op, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s178_a_record_is_found_by_its_parts_or_its_joined_key,
    s179_a_prefix_with_the_separator_is_exact,
    s180_a_null_part_is_empty_and_an_absent_one_is_refused,
    s181_a_number_and_its_text_join_alike,
    s182_a_part_may_contain_the_separator,
    s183_writes_by_parts_meet_one_record,
    s184_each_column_has_its_own_separator,
}

/// T5 with the types x, xy and y.
async fn joined(bench: &Bench) -> Checked<Db> {
    let db = bench.open([t5()]).await?;
    let rows = [("x", "1", 1), ("x", "2", 2), ("xy", "1", 3), ("y", "1", 4)];
    seed(&db, T5, rows.map(|(kind, peer, v)| row! { id: "j", type: kind, peer: peer, v: v })).await?;
    Ok(db)
}

/// The `v` of the rows that match.
async fn finds_v(db: &Db, query: Query, expected: &[i64]) -> Checked {
    let page = db.select::<Row>(T5, query, &USUAL).await?;
    let mut got: Vec<i64> = page.rows.iter().filter_map(|row| row.int("v")).collect();
    got.sort_unstable();
    equal(got.as_slice(), expected)
}

async fn s178_a_record_is_found_by_its_parts_or_its_joined_key(bench: Bench) -> Checked {
    let db = joined(&bench).await?;
    stored(&db, T5, row! { id: "j", type: "x", peer: "1" }, row! { hkey: "x|1", type: "x", peer: "1", v: 1 })
        .await?;
    stored(&db, T5, row! { id: "j", hkey: "x|2" }, row! { v: 2 }).await?;
    stored(&db, T5, ("j", "xy|1"), row! { v: 3 }).await?;
    absent(&db, T5, row! { id: "j", type: "y", peer: "2" }).await
}

async fn s179_a_prefix_with_the_separator_is_exact(bench: Bench) -> Checked {
    let db = joined(&bench).await?;
    finds_v(&db, Query::new().eq("id", "j").eq("type", "x"), &[1, 2]).await?;
    finds_v(&db, Query::new().eq("id", "j").op("hkey", Op::BeginsWith, "x|"), &[1, 2]).await?;
    finds_v(&db, Query::new().eq("id", "j").op("hkey", Op::BeginsWith, "x"), &[1, 2, 3]).await
}

async fn s180_a_null_part_is_empty_and_an_absent_one_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t5()]).await?;
    seed(&db, T5, [row! { id: "j", type: "x", peer: NULL, v: 1 }]).await?;
    stored(&db, T5, ("j", "x|"), row! { type: "x", peer: NULL, v: 1 }).await?;
    fails(db.add(T5, row! { id: "j", type: "x" }, &USUAL).await, ErrorKind::KeyIncomplete)?;
    fails(db.get::<Row>(T5, row! { id: "j", type: "x" }, &USUAL).await, ErrorKind::KeyIncomplete).map(drop)
}

async fn s181_a_number_and_its_text_join_alike(bench: Bench) -> Checked {
    let db = bench.open([t5()]).await?;
    seed(&db, T5, [row! { id: "j", type: "x", peer: 1, v: 1 }]).await?;
    stored(&db, T5, row! { id: "j", type: "x", peer: "1" }, row! { hkey: "x|1", v: 1 }).await?;
    let again = db.add(T5, row! { id: "j", type: "x", peer: "1" }, &USUAL).await;
    fails(again, ErrorKind::AlreadyExists).map(drop)
}

async fn s182_a_part_may_contain_the_separator(bench: Bench) -> Checked {
    let db = bench.open([t5()]).await?;
    seed(&db, T5, [row! { id: "j", type: "a|b", peer: "c", v: 1 }]).await?;
    stored(&db, T5, ("j", "a|b|c"), row! { type: "a|b", peer: "c" }).await?;
    finds_v(&db, Query::new().eq("type", "a|b"), &[1]).await?;
    finds_v(&db, Query::new().eq("type", "a"), &[]).await
}

async fn s183_writes_by_parts_meet_one_record(bench: Bench) -> Checked {
    let db = joined(&bench).await?;
    affected(&db.update(T5, row! { id: "j", type: "x", peer: "1", v: 9 }, &USUAL).await?, 1)?;
    finds_v(&db, Query::new(), &[2, 3, 4, 9]).await?;
    affected(&db.del(T5, row! { id: "j", type: "x", peer: "2" }, &USUAL).await?, 1)?;
    finds_v(&db, Query::new(), &[3, 4, 9]).await
}

async fn s184_each_column_has_its_own_separator(bench: Bench) -> Checked {
    let table = Table::new("paths")
        .column(Column::text("id").primary())
        .column(Column::text("a"))
        .column(Column::text("b"))
        .column(Column::text("slash").join(["a", "b"], "/"))
        .column(Column::text("plain").join(["b", "a"], ""));
    let db = bench.open([table]).await?;
    seed(&db, "paths", [row! { id: "p", a: "x", b: "y" }, row! { id: "q", a: "x" }]).await?;
    stored(&db, "paths", "p", row! { slash: "x/y", plain: "yx" }).await?;
    stored(&db, "paths", "q", row! { slash: NULL, plain: NULL }).await?;
    finds(&db, "paths", Query::new().op("slash", Op::BeginsWith, "x/"), "p").await?;
    affected(&db.update("paths", row! { id: "p", a: "m", b: "n" }, &USUAL).await?, 1)?;
    stored(&db, "paths", "p", row! { slash: "m/n", plain: "nm" }).await
}
