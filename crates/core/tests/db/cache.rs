//! Section M: reads through the cache. Which level answered cannot be seen yet; what is read can.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bkjs_core::db::{Db, Options, Query, Returning, RowFate};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s198_a_write_is_seen_through_the_cache,
    s199_an_increment_is_never_hidden_by_the_cache,
    s200_the_whole_row_is_kept_and_the_asked_columns_returned,
    s202_a_missing_row_is_not_kept,
    s203_first_reads_at_once_are_all_right,
    a_row_is_read_again_after_its_time,
    a_table_that_is_not_cached_is_read_each_time,
}

const LONG: Duration = Duration::from_secs(3_600);

/// T1 and T3, kept for so long, with a record each.
async fn cached(bench: &Bench, ttl: Duration) -> Checked<Db> {
    let db = bench.open_with([t1(), t3()], |builder| builder.cache([T1, T3], ttl)).await?;
    seed(&db, T1, [row! { id: "a1", num: 1, name: "n" }]).await?;
    seed(&db, T3, [row! { id: "c1", num: 1 }]).await?;
    Ok(db)
}

/// What the cached read gives.
async fn gives(db: &Db, table: &str, key: &str, expected: Option<Row>) -> Checked {
    let row: Option<Row> = db.get_cached(table, key, &USUAL).await?;
    match expected {
        Some(expected) => has(row.as_ref(), &expected),
        None => equal(row, None),
    }
}

async fn s198_a_write_is_seen_through_the_cache(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    db.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 2, name: "n" })).await?;
    db.put(T1, row! { id: "a1", num: 3 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 3 })).await?;
    db.update_all(T1, row! { num: 3 }, row! { num: 4 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 4 })).await?;
    let operation =
        bkjs_core::db::Operation::new(bkjs_core::db::Action::Update, T1, row! { id: "a1", num: 5 });
    db.batch(vec![operation.clone()], &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 5 })).await?;
    if bench.can().transactions {
        db.transact(
            vec![bkjs_core::db::Operation { record: row! { id: "a1", num: 6 }, ..operation }],
            &USUAL,
        )
        .await?;
        gives(&db, T1, "a1", Some(row! { num: 6 })).await?;
    }
    db.del(T1, "a1", &USUAL).await?;
    gives(&db, T1, "a1", None).await?;
    seed(&db, T1, [row! { id: "a1", num: 7 }]).await?;
    gives(&db, T1, "a1", Some(row! { num: 7 })).await?;
    db.del_all(T1, row! { num: 7 }, &USUAL).await?;
    gives(&db, T1, "a1", None).await
}

async fn s199_an_increment_is_never_hidden_by_the_cache(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    gives(&db, T3, "c1", Some(row! { num: 1 })).await?;
    let new = Options { cached: true, ..Options::new().returning(Returning::New) };
    let written = db.incr(T3, row! { id: "c1", num: 2 }, &new).await?;
    has(written.row.as_ref(), &row! { num: 3 })?;
    gives(&db, T3, "c1", Some(row! { num: 3 })).await
}

async fn s200_the_whole_row_is_kept_and_the_asked_columns_returned(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    let row: Option<Row> = db.get_cached(T1, "a1", &Options::new().select(["num"])).await?;
    equal(row, Some(row! { num: 1 }))?;
    gives(&db, T1, "a1", Some(row! { id: "a1", num: 1, name: "n" })).await?;
    let other = bench.open([t1()]).await?;
    other.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    let fresh = Options { nocache: true, ..Options::new() };
    let row: Option<Row> = db.get_cached(T1, "a1", &fresh).await?;
    has(row.as_ref(), &row! { num: 2 })?;
    stored(&db, T1, "a1", row! { num: 2 }).await
}

async fn s202_a_missing_row_is_not_kept(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    gives(&db, T1, "a2", None).await?;
    let other = bench.open([t1()]).await?;
    seed(&other, T1, [row! { id: "a2", num: 1 }]).await?;
    gives(&db, T1, "a2", Some(row! { num: 1 })).await
}

async fn s203_first_reads_at_once_are_all_right(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    let results = at_once(50, |_| {
        let db = db.clone();
        async move { db.get_cached::<Row>(T1, "a1", &USUAL).await }
    })
    .await?;
    for result in results {
        has(result?.as_ref(), &row! { id: "a1", num: 1 })?;
    }
    Ok(())
}

async fn a_row_is_read_again_after_its_time(bench: Bench) -> Checked {
    let db = cached(&bench, Duration::ZERO).await?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    let other = bench.open([t1()]).await?;
    other.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 2 })).await
}

async fn a_table_that_is_not_cached_is_read_each_time(bench: Bench) -> Checked {
    let runs = Arc::new(AtomicU32::new(0));
    let seen = runs.clone();
    let count = move |_: &mut Row, _: &Options| {
        seen.fetch_add(1, Ordering::Relaxed);
        Ok(RowFate::Keep)
    };
    let db = bench.open_with([t1()], |builder| builder.post_row(T1, count)).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let other = bench.open([t1()]).await?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    other.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(&db, T1, "a1", Some(row! { num: 2 })).await?;
    finds(&db, T1, Query::new(), "a1").await?;
    equal(runs.load(Ordering::Relaxed), 3)
}
