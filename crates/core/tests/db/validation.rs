//! Section J: rules on values.

use bkjs_core::db::Db;
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s171_an_empty_value_is_refused_for_a_new_record_and_ignored_by_an_update,
    s172_a_long_text_is_refused_by_characters,
    s173_a_long_text_is_cut_where_that_is_allowed,
    s174_a_list_of_too_many_is_refused_or_cut,
    s175_all_failures_are_told_at_once,
    s176_an_empty_value_is_left_out_where_that_is_asked_for,
    s177_a_missing_value_is_refused_where_one_is_needed,
    a_value_outside_of_the_list_is_refused,
    a_number_outside_of_the_range_and_a_text_that_is_no_date_are_refused,
    columns_are_written_by_the_operations_they_allow,
    columns_of_administrators_need_one,
}

/// The error of an add or put that breaks rules names all of these.
#[track_caller]
fn names<T: std::fmt::Debug>(result: Result<T, Error>, parts: &[&str]) -> Checked {
    let error = fails(result, ErrorKind::ValidationFailed)?;
    for part in parts {
        holds_that(error.message().contains(part), || format!("{part:?} is not in {:?}", error.message()))?;
    }
    Ok(())
}

/// T4 with a record that keeps its rules.
async fn valid(bench: &Bench) -> Checked<Db> {
    let db = bench.open([t4()]).await?;
    seed(&db, T4, [row! { id: "r", notempty: "x", opt: "o" }]).await?;
    Ok(db)
}

async fn s171_an_empty_value_is_refused_for_a_new_record_and_ignored_by_an_update(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    for record in [row! { id: "n" }, row! { id: "n", notempty: "" }, row! { id: "n", notempty: NULL }] {
        names(db.add(T4, record.clone(), &USUAL).await, &["notempty must not be empty"])?;
        names(db.put(T4, record, &USUAL).await, &["notempty must not be empty"])?;
    }
    absent(&db, T4, "n").await?;
    for empty in [NULL, "".into()] {
        affected(&db.update(T4, row! { id: "r", notempty: empty, type: "t" }, &USUAL).await?, 1)?;
    }
    stored(&db, T4, "r", row! { notempty: "x", type: "t" }).await
}

async fn s172_a_long_text_is_refused_by_characters(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    let long = row! { id: "r", notempty: "x", short: "\u{1f600}".repeat(33) };
    names(db.put(T4, long.clone(), &USUAL).await, &["short is too long", "33 > 32"])?;
    names(db.update(T4, long, &USUAL).await, &["short is too long"])?;
    let full = "\u{1f600}".repeat(32);
    affected(&db.update(T4, row! { id: "r", short: full.as_str() }, &USUAL).await?, 1)?;
    stored(&db, T4, "r", row! { short: full }).await
}

async fn s173_a_long_text_is_cut_where_that_is_allowed(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    db.update(T4, row! { id: "r", cut: "é12345678901234567890" }, &USUAL).await?;
    stored(&db, T4, "r", row! { cut: "é1234567" }).await
}

async fn s174_a_list_of_too_many_is_refused_or_cut(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    let four = || list!["a", "b", "c", "d"];
    names(db.update(T4, row! { id: "r", tags: four() }, &USUAL).await, &["tags", "4 > 3"])?;
    db.update(T4, row! { id: "r", few: four(), tags: list!["a", "b", "c"] }, &USUAL).await?;
    stored(&db, T4, "r", row! { few: list!["a", "b", "c"], tags: list!["a", "b", "c"] }).await
}

async fn s175_all_failures_are_told_at_once(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    let wrong = row! { id: "n", short: "x".repeat(40), tags: "a,b,c,d" };
    let error = fails(db.add(T4, wrong, &USUAL).await, ErrorKind::ValidationFailed)?;
    let mut lines: Vec<&str> = error.message().lines().collect();
    lines.sort_unstable();
    equal(lines.len(), 3)?;
    for (line, start) in lines.into_iter().zip(["notempty must not be empty", "short is too long", "tags"]) {
        holds_that(line.starts_with(start), || format!("{line:?} does not start with {start:?}"))?;
    }
    absent(&db, T4, "n").await
}

async fn s176_an_empty_value_is_left_out_where_that_is_asked_for(bench: Bench) -> Checked {
    let db = valid(&bench).await?;
    seed(&db, T4, [row! { id: "n", notempty: "x", opt: "" }]).await?;
    stored(&db, T4, "n", row! { opt: NULL }).await?;
    db.update(T4, row! { id: "r", opt: "", type: "t" }, &USUAL).await?;
    stored(&db, T4, "r", row! { opt: "o", type: "t" }).await
}

async fn s177_a_missing_value_is_refused_where_one_is_needed(bench: Bench) -> Checked {
    let table = Table::new("strict").column(Column::text("id").primary()).column(Column::int("n").not_null());
    let db = bench.open([table]).await?;
    for record in [row! { id: "a" }, row! { id: "a", n: NULL }] {
        names(db.add("strict", record.clone(), &USUAL).await, &["n "])?;
        names(db.put("strict", record, &USUAL).await, &["n "])?;
    }
    seed(&db, "strict", [row! { id: "a", n: 0 }]).await?;
    names(db.update("strict", row! { id: "a", n: NULL }, &USUAL).await, &["n "])?;
    stored(&db, "strict", "a", row! { n: 0 }).await
}

async fn a_value_outside_of_the_list_is_refused(bench: Bench) -> Checked {
    let table = Table::new("chosen")
        .column(Column::text("id").primary())
        .column(Column::text("color").values(["red", "green"]));
    let db = bench.open([table]).await?;
    seed(&db, "chosen", [row! { id: "a", color: "red" }, row! { id: "b" }]).await?;
    names(db.add("chosen", row! { id: "c", color: "blue" }, &USUAL).await, &["color"])?;
    names(db.update("chosen", row! { id: "a", color: "Red" }, &USUAL).await, &["color"])?;
    stored(&db, "chosen", "a", row! { color: "red" }).await
}

async fn a_number_outside_of_the_range_and_a_text_that_is_no_date_are_refused(bench: Bench) -> Checked {
    let table = Table::new("places")
        .column(Column::text("id").primary())
        .column(Column::real("at").range(-90.0, 90.0))
        .column(Column::text("day").date());
    let db = bench.open([table]).await?;
    seed(&db, "places", [row! { id: "a", at: -90.0, day: "1990-12-31" }, row! { id: "b" }]).await?;
    for (wrong, message) in [
        (row! { id: "a", at: 90.5 }, "at must be from -90 to 90"),
        (row! { id: "a", day: "soon" }, "day must be a date, as in 1990-12-31"),
    ] {
        names(db.put("places", wrong.clone(), &USUAL).await, &[message])?;
        names(db.update("places", wrong, &USUAL).await, &[message])?;
    }
    names(db.add("places", row! { id: "c", at: 1e9, day: "x" }, &USUAL).await, &["at must", "day must"])?;
    stored(&db, "places", "a", row! { at: -90.0, day: "1990-12-31" }).await
}

async fn columns_are_written_by_the_operations_they_allow(bench: Bench) -> Checked {
    let table = Table::new("modes")
        .column(Column::text("id").primary())
        .column(Column::text("once").read_only())
        .column(Column::text("later").write_only())
        .column(Column::text("never").hidden());
    let db = bench.open([table]).await?;
    let record = |text: &str| row! { id: "m", once: text, later: text, never: text };
    db.add("modes", record("add"), &USUAL).await?;
    stored(&db, "modes", "m", row! { once: "add", later: NULL, never: NULL }).await?;
    db.update("modes", record("update"), &USUAL).await?;
    stored(&db, "modes", "m", row! { once: "add", later: "update", never: NULL }).await
}

async fn columns_of_administrators_need_one(bench: Bench) -> Checked {
    let table = Table::new("ranks").column(Column::text("id").primary()).column(Column::text("rank").admin());
    let db = bench.open([table]).await?;
    db.put("ranks", row! { id: "a", rank: "high" }, &USUAL).await?;
    stored(&db, "ranks", "a", row! { rank: NULL }).await?;
    let admin = bkjs_core::db::Options { admin: true, ..USUAL.clone() };
    db.put("ranks", row! { id: "a", rank: "high" }, &admin).await?;
    stored(&db, "ranks", "a", row! { rank: "high" }).await?;
    let row: Option<Row> = db.get("ranks", "a", &USUAL).await?;
    has(row.as_ref(), &row! { rank: "high" })
}
