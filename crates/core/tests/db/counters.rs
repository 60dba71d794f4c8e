//! Section E: counters.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Options, Returning};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s073_increments_add_up,
    s074_an_increment_creates_an_absent_record,
    s075_an_increment_by_zero_changes_nothing,
    s076_one_call_increments_several_counters,
    s077_other_columns_of_an_increment_are_set,
    s078_a_counter_that_is_null_counts_from_zero,
    s079_fifty_increments_at_once_count_fifty,
    s080_an_increment_gives_back_the_new_value,
    s081_counters_are_exact_to_64_bits,
    s082_a_number_as_text_counts_and_other_text_is_refused,
    s083_a_put_resets_a_counter,
    an_overflow_is_refused_and_changes_nothing,
}

async fn s073_increments_add_up(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1" }]).await?;
    stored(&db, T3, "c1", row! { num: 0 }).await?;
    for n in [3, 1, -2] {
        affected(&db.incr(T3, row! { id: "c1", num: n }, &USUAL).await?, 1)?;
    }
    stored(&db, T3, "c1", row! { num: 2 }).await
}

async fn s074_an_increment_creates_an_absent_record(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    affected(&db.incr(T3, row! { id: "c1", num: 3, name: "n" }, &USUAL).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 3, hits: 0, name: "n" }).await
}

async fn s075_an_increment_by_zero_changes_nothing(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 7 }]).await?;
    affected(&db.incr(T3, row! { id: "c1", num: 0 }, &USUAL).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 7 }).await
}

async fn s076_one_call_increments_several_counters(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 1, hits: 10 }]).await?;
    affected(&db.incr(T3, row! { id: "c1", num: 2, hits: -1 }, &USUAL).await?, 1)?;
    stored(&db, T3, "c1", row! { num: 3, hits: 9 }).await
}

async fn s077_other_columns_of_an_increment_are_set(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 1, name: "old" }]).await?;
    db.incr(T3, row! { id: "c1", num: 2, name: "new" }, &USUAL).await?;
    stored(&db, T3, "c1", row! { num: 3, name: "new" }).await
}

async fn s078_a_counter_that_is_null_counts_from_zero(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    db.put(T3, row! { id: "c1", num: NULL }, &USUAL).await?;
    db.incr(T3, row! { id: "c1", num: 4 }, &USUAL).await?;
    stored(&db, T3, "c1", row! { num: 4 }).await
}

async fn s079_fifty_increments_at_once_count_fifty(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    let results = at_once(50, |_| {
        let db = db.clone();
        async move { db.incr(T3, row! { id: "c1", num: 1 }, &USUAL).await }
    })
    .await?;
    for result in results {
        affected(&result?, 1)?;
    }
    stored(&db, T3, "c1", row! { num: 50 }).await
}

async fn s080_an_increment_gives_back_the_new_value(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 1, name: "n" }]).await?;
    let new = Options::new().returning(Returning::New);
    let written = db.incr(T3, row! { id: "c1", num: 2 }, &new).await?;
    has(written.row.as_ref(), &row! { id: "c1", num: 3, name: "n" })?;
    stored(&db, T3, "c1", row! { num: 3 }).await
}

async fn s081_counters_are_exact_to_64_bits(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 1_i64 << 53 }, row! { id: "c2", num: i64::MAX - 1 }]).await?;
    for id in ["c1", "c2"] {
        db.incr(T3, row! { id: id, num: 1 }, &USUAL).await?;
    }
    stored(&db, T3, "c1", row! { num: (1_i64 << 53) + 1 }).await?;
    stored(&db, T3, "c2", row! { num: i64::MAX }).await
}

async fn s082_a_number_as_text_counts_and_other_text_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    db.incr(T3, row! { id: "c1", num: "2" }, &USUAL).await?;
    fails(db.incr(T3, row! { id: "c1", num: "x" }, &USUAL).await, ErrorKind::Invalid)?;
    stored(&db, T3, "c1", row! { num: 2 }).await
}

async fn s083_a_put_resets_a_counter(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 7 }]).await?;
    db.put(T3, row! { id: "c1", num: 0 }, &USUAL).await?;
    stored(&db, T3, "c1", row! { num: 0 }).await
}

async fn an_overflow_is_refused_and_changes_nothing(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: i64::MAX, hits: i64::MIN }]).await?;
    fails(db.incr(T3, row! { id: "c1", num: 1, name: "n" }, &USUAL).await, ErrorKind::Invalid)?;
    fails(db.incr(T3, row! { id: "c1", hits: -1 }, &USUAL).await, ErrorKind::Invalid)?;
    stored(&db, T3, "c1", row! { num: i64::MAX, hits: i64::MIN, name: NULL }).await
}
