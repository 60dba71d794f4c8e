//! Section C: put, and update that creates.

use bkjs_core::db::{Options, Returning};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s043_putting_a_new_key_creates_the_record_with_defaults,
    s044_putting_a_known_key_keeps_the_columns_not_given,
    s045_putting_only_the_key_creates_or_changes_nothing,
    s046_a_creation_time_given_with_a_new_record_is_stored,
    s047_an_upsert_creates_an_absent_record,
    s048_an_upsert_changes_a_present_record,
    s049_a_null_given_is_stored_and_not_replaced_by_the_default,
    defaults_are_not_applied_again_by_a_put,
    replace_writes_only_what_is_newer,
    replace_writes_only_what_differs,
}

async fn s043_putting_a_new_key_creates_the_record_with_defaults(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    affected(&db.put(T3, row! { id: "c1", name: "n" }, &USUAL).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 0, hits: 0, name: "n" }).await
}

async fn s044_putting_a_known_key_keeps_the_columns_not_given(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1, name: "n" }]).await?;
    let new = Options::new().returning(Returning::New);
    let written = db.put(T1, row! { id: "a1", num: 2, email: "e" }, &new).await?;
    affected(&written, 1)?;
    has(written.row.as_ref(), &row! { id: "a1", num: 2, email: "e", name: "n" })?;
    stored(&db, T1, "a1", row! { num: 2, email: "e", name: "n" }).await
}

async fn s045_putting_only_the_key_creates_or_changes_nothing(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    db.put(T2, row! { id: "p", id2: "1" }, &USUAL).await?;
    stored(&db, T2, ("p", "1"), row! { name: NULL }).await?;
    db.put(T2, row! { id: "p", id2: "1", name: "n" }, &USUAL).await?;
    db.put(T2, row! { id: "p", id2: "1" }, &USUAL).await?;
    stored(&db, T2, ("p", "1"), row! { name: "n" }).await
}

async fn s046_a_creation_time_given_with_a_new_record_is_stored(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let before = now_ms();
    db.put(T1, row! { id: "a1", ctime: 123 }, &USUAL).await?;
    stored(&db, T1, "a1", row! { ctime: 123 }).await?;
    let mtime = value_of(&db, T1, "a1", "mtime").await?.as_int();
    holds_that(mtime >= Some(before), || format!("mtime is {mtime:?}"))?;
    db.put(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    stored(&db, T1, "a1", row! { ctime: 123, num: 2 }).await
}

async fn s047_an_upsert_creates_an_absent_record(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    let upsert = Options { upsert: true, ..Options::new() };
    affected(&db.update(T3, row! { id: "c1", name: "n" }, &upsert).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 0, name: "n" }).await
}

async fn s048_an_upsert_changes_a_present_record(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 7, name: "old" }]).await?;
    let upsert = Options { upsert: true, ..Options::new() };
    affected(&db.update(T3, row! { id: "c1", name: "new" }, &upsert).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 7, name: "new" }).await
}

async fn s049_a_null_given_is_stored_and_not_replaced_by_the_default(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    db.put(T6, row! { id: "v1", dv: NULL }, &USUAL).await?;
    stored(&db, T6, "v1", row! { dv: NULL }).await?;
    db.put(T6, row! { id: "v1", txt: "x" }, &USUAL).await?;
    db.put(T6, row! { id: "v1", txt: NULL }, &USUAL).await?;
    stored(&db, T6, "v1", row! { dv: NULL, txt: NULL }).await
}

async fn defaults_are_not_applied_again_by_a_put(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 7 }]).await?;
    db.put(T3, row! { id: "c1", name: "n" }, &USUAL).await?;
    stored(&db, T3, "c1", row! { num: 7, name: "n" }).await
}

async fn replace_writes_only_what_is_newer(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    let newer = Options { check_newer: Some("mtime".into()), ..Options::new() };
    let record = |mtime: i64, name: &str| row! { id: "p", id2: "1", mtime: mtime, name: name };
    affected(&db.replace(T2, record(10, "first"), &newer).await?, 1)?;
    affected(&db.replace(T2, record(9, "older"), &newer).await?, 0)?;
    affected(&db.replace(T2, record(10, "same"), &newer).await?, 0)?;
    stored(&db, T2, ("p", "1"), row! { name: "first", mtime: 10 }).await?;
    affected(&db.replace(T2, record(11, "newer"), &newer).await?, 1)?;
    stored(&db, T2, ("p", "1"), row! { name: "newer", mtime: 11 }).await
}

async fn replace_writes_only_what_differs(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let changed = Options { check_changed: vec!["num".into(), "name".into()], ..Options::new() };
    affected(&db.replace(T1, row! { id: "a1", num: 1, name: "n", email: "e" }, &changed).await?, 1)?;
    affected(&db.replace(T1, row! { id: "a1", num: 1, name: "n", email: "f" }, &changed).await?, 0)?;
    stored(&db, T1, "a1", row! { email: "e" }).await?;
    affected(&db.replace(T1, row! { id: "a1", num: 2, name: "n", email: "f" }, &changed).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 2, email: "f" }).await
}
