//! The rest of section I: values that the framework makes.

use bkjs_core::db::{Options, Returning};
use bkjs_core::schema::{Column, Generate, Table};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s167_the_units_of_generated_times,
    s168_generated_ids_have_their_form_and_are_unique,
    a_valid_id_is_kept_and_another_replaced,
    an_update_makes_no_new_id,
    a_record_of_generated_values_only_may_be_put,
}

async fn s167_the_units_of_generated_times(bench: Bench) -> Checked {
    let table = Table::new("clocks")
        .column(Column::text("id").primary())
        .column(Column::now("ms"))
        .column(Column::int("s").generate(Generate::Epoch))
        .column(Column::int("ns").generate(Generate::Clock));
    let db = bench.open([table]).await?;
    let new = Options::new().returning(Returning::New);
    let mut last = 0;
    for n in 0..100 {
        let before = now_ms();
        let row = db.add("clocks", row! { id: format!("c{n}") }, &new).await?.row.unwrap_or_default();
        let after = now_ms();
        let [ms, s, ns] = ["ms", "s", "ns"].map(|name| row.int(name).unwrap_or(0));
        holds_that((before..=after).contains(&ms), || format!("ms is {ms}"))?;
        holds_that((before / 1000..=after / 1000).contains(&s), || format!("s is {s}"))?;
        holds_that(ns > last, || format!("ns is {ns} after {last}"))?;
        last = ns;
    }
    Ok(())
}

/// Whether `text` is `prefix` and 32 hexadecimal digits.
fn is_uuid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

async fn s168_generated_ids_have_their_form_and_are_unique(bench: Bench) -> Checked {
    let db = bench.open([t7()]).await?;
    let new = Options::new().returning(Returning::New);
    let row = db.add(T7, Row::new(), &new).await?.row.unwrap_or_default();
    holds_that(is_uuid(row.text("id"), ""), || format!("id is {:?}", row.text("id")))?;
    holds_that(is_uuid(row.text("p"), "u_"), || format!("p is {:?}", row.text("p")))?;
    equal(row.text("s").len(), 22)?;
    holds_that(row.int("r").is_some_and(|r| (5..=9).contains(&r)), || format!("r is {:?}", row.get("r")))?;
    for _ in 0..10 {
        let adds = (0..1_000).map(|_| crate::batch::add(T7, Row::new())).collect();
        for result in db.batch(adds, &USUAL).await? {
            result?;
        }
    }
    let total = Options { total: true, ..Options::new() };
    equal(db.select::<Row>(T7, Row::new(), &total).await?.total, Some(10_001))
}

async fn a_valid_id_is_kept_and_another_replaced(bench: Bench) -> Checked {
    let db = bench.open([t7()]).await?;
    let id = "0123456789abcdef0123456789abcdef";
    let p = "u_fedcba9876543210fedcba9876543210";
    seed(&db, T7, [row! { id: id, p: p }]).await?;
    stored(&db, T7, id, row! { id: id, p: p }).await?;
    let other = "11112222333344445555666677778888";
    seed(&db, T7, [row! { id: other, p: "mine" }]).await?;
    let p = value_of(&db, T7, other, "p").await?;
    holds_that(p.as_str().is_some_and(|p| is_uuid(p, "u_")), || format!("p is {p:?}"))
}

async fn an_update_makes_no_new_id(bench: Bench) -> Checked {
    let db = bench.open([t7()]).await?;
    let id = "0123456789abcdef0123456789abcdef";
    seed(&db, T7, [row! { id: id }]).await?;
    // As a record that came from elsewhere has it: a UUID in another form.
    let elsewhere = "550E8400-E29B-41D4-A716-446655440000";
    affected(&db.update(T7, row! { id: id, p: elsewhere, s: "s1" }, &USUAL).await?, 1)?;
    stored(&db, T7, id, row! { p: elsewhere, s: "s1" }).await?;
    affected(&db.update(T7, row! { id: id, p: "", r: 7 }, &USUAL).await?, 1)?;
    stored(&db, T7, id, row! { p: elsewhere, s: "s1", r: 7 }).await
}

async fn a_record_of_generated_values_only_may_be_put(bench: Bench) -> Checked {
    let db = bench.open([t7()]).await?;
    affected(&db.put(T7, Row::new(), &USUAL).await?, 1)?;
    affected(&db.put(T7, Row::new(), &USUAL).await?, 1)?;
    equal(db.select::<Row>(T7, Row::new(), &USUAL).await?.rows.len(), 2)
}
