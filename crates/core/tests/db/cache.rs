//! Section M: rows that are kept, by one process and by several on the same home.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::CacheDriver as _;
use bkjs_core::cache::drivers::local::LocalDriver;
use bkjs_core::db::{
    Action, CacheStats, Db, DbBuilder, Key, Operation, Options, Outcome, Query, Returning, RowFate, Stamps,
};
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s197_the_first_read_asks_the_database_and_later_ones_do_not,
    s198_a_write_is_seen_through_the_cache,
    s199_an_increment_is_never_hidden_by_the_cache,
    s200_the_whole_row_is_kept_and_the_asked_columns_returned,
    s201_a_selection_by_a_named_key_is_kept,
    every_write_changes_what_is_selected_by_named_keys,
    what_is_not_asked_by_a_named_key_alone_is_selected_each_time,
    s202_an_absent_row_is_kept_until_it_is_added,
    s203_first_reads_at_once_are_all_right,
    every_write_of_one_process_is_seen_by_another_at_once,
    a_raw_statement_makes_all_kept_rows_be_read_again if raw_query,
    no_process_reads_what_is_older_than_an_answered_write,
    rows_read_by_one_process_are_found_by_another,
    every_value_is_the_same_wherever_it_was_kept,
    an_expired_row_is_not_given_though_it_is_kept,
    a_change_from_outside_is_seen_when_it_is_told,
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

/// All tables as one more process on the same home has them, which keeps their rows.
async fn process(bench: &Bench) -> Checked<Db> {
    process_with(bench, |builder| builder).await
}

async fn process_with(bench: &Bench, set: impl FnOnce(DbBuilder) -> DbBuilder) -> Checked<Db> {
    let stamps = Arc::new(Stamps::open(&bench.places().first.folder().join("stamps"))?);
    let names = [T1, T2, T3, T4, T5, T6, T7, T8];
    bench.open_with(all(), |builder| set(builder.stamps(stamps).cache(names, LONG))).await
}

/// How often the cache of a table answered, and how often the database.
fn answers(db: &Db, table: &str) -> (u64, u64) {
    let CacheStats { near_hits, misses, .. } = db.cache_stats(table).unwrap_or_default();
    (near_hits, misses)
}

/// What the cached read gives.
async fn gives(db: &Db, table: &str, key: &str, expected: Option<Row>) -> Checked {
    let row: Option<Row> = db.get_cached(table, key, &USUAL).await?;
    match expected {
        Some(expected) => has(row.as_ref(), &expected),
        None => equal(row, None),
    }
}

async fn s197_the_first_read_asks_the_database_and_later_ones_do_not(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    equal(answers(&db, T1), (0, 0))?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    equal(answers(&db, T1), (0, 1))?;
    gives(&db, T1, "a1", Some(row! { num: 1 })).await?;
    equal(answers(&db, T1), (1, 1))?;
    // Reads are no different when they do not say that they count on it.
    has(db.get::<Row>(T1, "a1", &USUAL).await?.as_ref(), &row! { num: 1 })?;
    equal(answers(&db, T1), (2, 1))?;
    equal(answers(&db, T3), (0, 0))
}

async fn s198_a_write_is_seen_through_the_cache(bench: Bench) -> Checked {
    let db = cached(&bench, LONG).await?;
    writes_of_are_seen_by(&bench, &db, &db).await
}

async fn every_write_of_one_process_is_seen_by_another_at_once(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    seed(&a, T1, [row! { id: "a1", num: 1, name: "n" }]).await?;
    seed(&a, T3, [row! { id: "c1", num: 1 }]).await?;
    writes_of_are_seen_by(&bench, &a, &b).await
}

/// All operations that write.
async fn writes_of_are_seen_by(bench: &Bench, writer: &Db, reader: &Db) -> Checked {
    let (w, r) = (writer, reader);
    gives(r, T1, "a1", Some(row! { num: 1 })).await?;
    gives(r, T3, "c1", Some(row! { num: 1 })).await?;
    w.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(r, T1, "a1", Some(row! { num: 2, name: "n" })).await?;
    w.put(T1, row! { id: "a1", num: 3 }, &USUAL).await?;
    gives(r, T1, "a1", Some(row! { num: 3 })).await?;
    w.replace(T1, row! { id: "a1", num: 4 }, &USUAL).await?;
    gives(r, T1, "a1", Some(row! { num: 4 })).await?;
    w.incr(T3, row! { id: "c1", num: 1 }, &USUAL).await?;
    gives(r, T3, "c1", Some(row! { num: 2 })).await?;
    w.update_all(T1, row! { num: 4 }, row! { num: 5 }, &USUAL).await?;
    gives(r, T1, "a1", Some(row! { num: 5 })).await?;
    let operation = |num: i64| Operation::new(Action::Update, T1, row! { id: "a1", num: num });
    let get = Operation::new(Action::Get, T1, row! { id: "a1" });
    let done = w.batch(vec![get.clone(), operation(6), get], &USUAL).await?;
    let nums: Vec<_> = done.into_iter().map(num_of).collect();
    equal(nums, vec![Some(5), None, Some(6)])?;
    gives(r, T1, "a1", Some(row! { num: 6 })).await?;
    // One that fails may have changed what came before it.
    let twice = Operation::new(Action::Add, T1, row! { id: "a1" });
    let done = w.batch(vec![operation(7), twice.clone()], &USUAL).await?;
    equal(done.iter().filter(|one| one.is_err()).count(), 1)?;
    gives(r, T1, "a1", Some(row! { num: 7 })).await?;
    if bench.can().transactions {
        w.transact(vec![operation(8)], &USUAL).await?;
        gives(r, T1, "a1", Some(row! { num: 8 })).await?;
        fails(w.transact(vec![operation(9), twice], &USUAL).await, ErrorKind::AlreadyExists)?;
        gives(r, T1, "a1", Some(row! { num: 8 })).await?;
    }
    w.del(T1, "a1", &USUAL).await?;
    gives(r, T1, "a1", None).await?;
    seed(w, T1, [row! { id: "a1", num: 7 }]).await?;
    gives(r, T1, "a1", Some(row! { num: 7 })).await?;
    w.del_all(T1, row! { num: 7 }, &USUAL).await?;
    gives(r, T1, "a1", None).await?;
    w.update(T1, row! { id: "a1", num: 8 }, &Options { upsert: true, ..Options::new() }).await?;
    gives(r, T1, "a1", Some(row! { num: 8 })).await?;
    gives(r, T1, "a2", None).await?;
    w.incr(T3, row! { id: "c2", num: 1 }, &USUAL).await?;
    w.put(T1, row! { id: "a2", num: 1 }, &USUAL).await?;
    gives(r, T1, "a2", Some(row! { num: 1 })).await?;
    // Also when the pool of the table is named.
    let here = Options { pool: Some(bench.pool().into()), ..Options::new() };
    w.update(T1, row! { id: "a2", num: 2 }, &here).await?;
    gives(r, T1, "a2", Some(row! { num: 2 })).await?;
    gives(r, "t", "a2", Some(row! { num: 2 })).await?;
    let many = (0..300).map(|n| Operation::new(Action::Put, T1, row! { id: format!("m{n}"), num: n }));
    gives(r, T1, "m7", None).await?;
    w.batch(many.collect(), &USUAL).await?;
    gives(r, T1, "m7", Some(row! { num: 7 })).await?;
    w.drop_table(T1, &USUAL).await?;
    w.create_tables().await?;
    gives(r, T1, "a2", None).await
}

/// What a get of a batch gave.
fn num_of(outcome: bkjs_core::Result<Outcome>) -> Option<i64> {
    match outcome {
        Ok(Outcome::Row(row)) => row?.int("num"),
        _ => None,
    }
}

async fn a_raw_statement_makes_all_kept_rows_be_read_again(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    seed(&a, T1, [row! { id: "a1", num: 1 }]).await?;
    gives(&b, T1, "a1", Some(row! { num: 1 })).await?;
    a.query(&format!("update {T1} set num = 2"), Vec::new(), &USUAL).await?;
    gives(&b, T1, "a1", Some(row! { num: 2 })).await?;
    if let Some(select) = bench.raw_by_id() {
        let before = answers(&b, T1);
        a.query(select, vec!["a1".into()], &USUAL).await?;
        gives(&b, T1, "a1", Some(row! { num: 2 })).await?;
        equal(answers(&b, T1), (before.0 + 1, before.1))?;
    }
    Ok(())
}

/// Two processes add to a counter and read it, both at once and many times.
async fn no_process_reads_what_is_older_than_an_answered_write(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    seed(&a, T3, [row! { id: "c1", num: 0 }]).await?;
    let answered = Arc::new(AtomicI64::new(0));
    let results = at_once(6, |n| {
        let (db, answered) = (if n % 2 == 0 { a.clone() } else { b.clone() }, answered.clone());
        async move {
            for turn in 0..20 {
                if turn % 4 == n % 4 {
                    let new = Options::new().returning(Returning::New);
                    let written = db.incr(T3, row! { id: "c1", num: 1 }, &new).await?;
                    let value = written.row.and_then(|row| row.int("num")).unwrap_or_default();
                    answered.fetch_max(value, Ordering::SeqCst);
                } else {
                    let least = answered.load(Ordering::SeqCst);
                    let row: Option<Row> = db.get_cached(T3, "c1", &USUAL).await?;
                    let read = row.and_then(|row| row.int("num")).unwrap_or_default();
                    holds_that(read >= least, || format!("read {read} after {least} was answered"))?;
                }
            }
            Checked::Ok(())
        }
    })
    .await?;
    results.into_iter().collect()
}

async fn rows_read_by_one_process_are_found_by_another(bench: Bench) -> Checked {
    let (a, b, shared) = sharing(&bench).await?;
    seed(&a, T1, [row! { id: "a1", num: 1 }]).await?;
    gives(&a, T1, "a1", Some(row! { num: 1 })).await?;
    while kept(&shared).await? == 0 {
        tokio::task::yield_now().await;
    }
    gives(&b, T1, "a1", Some(row! { num: 1 })).await?;
    let stats = b.cache_stats(T1).unwrap_or_default();
    equal((stats.shared_hits, stats.misses), (1, 0))?;
    a.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    gives(&b, T1, "a1", Some(row! { num: 2 })).await
}

/// How many rows are shared.
async fn kept(shared: &LocalDriver) -> Checked<u64> {
    Ok(shared.stats().await?.entries.unwrap_or_default())
}

/// Two processes that share rows, and where.
async fn sharing(bench: &Bench) -> Checked<(Db, Db, Arc<LocalDriver>)> {
    let shared = Arc::new(LocalDriver::in_memory(1000, 1 << 20));
    let names = all().into_iter().map(|table| table.name.to_string()).collect::<Vec<_>>();
    let open = || process_with(bench, |b| b.host_cache(shared.clone()).share_on_host(names.clone()));
    Ok((open().await?, open().await?, shared.clone()))
}

async fn every_value_is_the_same_wherever_it_was_kept(bench: Bench) -> Checked {
    let (a, b, shared) = sharing(&bench).await?;
    let full = row! {
        id: "v1", obj: row! { a: 1, b: row! { c: 1.5 } }, list: list![1, "x"], tags: list!["a"], weights: list![2, 1],
        flag: true, big: i64::MAX, real: 1.0, dec: 2.5, txt: "", when: 5, raw: Value::Bytes(vec![0, 255]),
        mail: "a@b.c"
    };
    seed(&a, T6, [full, row! { id: "v2" }]).await?;
    for key in ["v1", "v2"] {
        let plain: Option<Row> = a.get(T6, key, &Options { nocache: true, ..Options::new() }).await?;
        let first: Option<Row> = a.get(T6, key, &USUAL).await?;
        while kept(&shared).await? < if key == "v1" { 1 } else { 2 } {
            tokio::task::yield_now().await;
        }
        equal(&first, &plain)?;
        equal(&a.get(T6, key, &USUAL).await?, &plain)?;
        equal(&b.get(T6, key, &USUAL).await?, &plain)?;
        equal(&b.get(T6, key, &USUAL).await?, &plain)?;
    }
    let [of_a, of_b] = [&a, &b].map(|db| db.cache_stats(T6).unwrap_or_default());
    equal((of_a.misses, of_a.near_hits), (2, 2))?;
    equal((of_b.misses, of_b.shared_hits, of_b.near_hits), (0, 2, 2))
}

async fn an_expired_row_is_not_given_though_it_is_kept(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    let mut soon = 0;
    // However slow the machine is: kept while it was alive.
    while read(&a, T8, "e1").await?.is_none() {
        soon = now_ms() / 1000 + 2;
        a.put(T8, row! { id: "e1", until: soon, v: "x" }, &USUAL).await?;
    }
    let (hits, misses) = answers(&a, T8);
    while now_ms() / 1000 <= soon {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gives(&a, T8, "e1", None).await?;
    equal(answers(&a, T8), (hits + 1, misses))?;
    seed(&b, T8, [row! { id: "e1", v: "y" }]).await?;
    gives(&a, T8, "e1", Some(row! { v: "y" })).await
}

async fn a_change_from_outside_is_seen_when_it_is_told(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    let outside = bench.open(all()).await?;
    for key in [Some(Key::Values(vec!["a1".into()])), None] {
        a.put(T1, row! { id: "a1", num: 1 }, &USUAL).await?;
        gives(&a, T1, "a1", Some(row! { num: 1 })).await?;
        outside.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
        gives(&a, T1, "a1", Some(row! { num: 1 })).await?;
        b.forget_kept(T1, key).await?;
        gives(&a, T1, "a1", Some(row! { num: 2 })).await?;
    }
    Ok(())
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
    gives(&db, T1, "a1", Some(row! { num: 1 })).await
}

/// One more process that keeps what is selected from T1 by `email`, and by `num` and `name`.
async fn naming(bench: &Bench) -> Checked<Db> {
    let named =
        |builder: DbBuilder| builder.cache_key(T1, "mail", ["email"]).cache_key("t", "two", ["num", "name"]);
    process_with(bench, named).await
}

async fn s201_a_selection_by_a_named_key_is_kept(bench: Bench) -> Checked {
    let (a, b) = (naming(&bench).await?, naming(&bench).await?);
    finds(&a, T1, row! { email: "x" }, "").await?;
    seed(&b, T1, [row! { id: "a1", email: "x", num: 1 }, row! { id: "a2", email: "y" }]).await?;
    finds(&a, T1, row! { email: "x" }, "a1").await?;
    let before = answers(&a, T1);
    finds(&a, T1, row! { email: "x" }, "a1").await?;
    // The selection and the record.
    equal(answers(&a, T1), (before.0 + 2, before.1))?;
    // It moves to another value, and another one comes.
    b.update(T1, row! { id: "a1", email: "y" }, &USUAL).await?;
    finds(&a, T1, row! { email: "x" }, "").await?;
    finds(&a, T1, row! { email: "y" }, "a1 a2").await?;
    b.update(T1, row! { id: "a2", email: "x" }, &USUAL).await?;
    finds(&a, T1, row! { email: "x" }, "a2").await?;
    finds(&a, T1, row! { email: "y" }, "a1").await?;
    b.update(T1, row! { id: "a1", num: 7 }, &USUAL).await?;
    let page = a.select::<Row>(T1, row! { email: "y" }, &Options::new().select(["num"])).await?;
    equal(page.rows, vec![row! { num: 7 }])
}

/// What is found through the cache by each process is what is found without it.
async fn every_write_changes_what_is_selected_by_named_keys(bench: Bench) -> Checked {
    let (a, b) = (naming(&bench).await?, naming(&bench).await?);
    seed(&a, T1, [row! { id: "a1", email: "x", num: 1, name: "n" }]).await?;
    let upsert = Options { upsert: true, ..Options::new() };
    for step in 0..14 {
        let w = if step % 2 == 0 { &a } else { &b };
        match step {
            0 => w.put(T1, row! { id: "a2", email: "x", num: 1, name: "n" }, &USUAL).await?,
            1 => w.put(T1, row! { id: "a2", num: 2 }, &USUAL).await?,
            2 => w.update(T1, row! { id: "a1", name: "m" }, &USUAL).await?,
            3 => w.update(T1, row! { id: "a3", email: "x", num: 2, name: "n" }, &upsert).await?,
            4 => w.replace(T1, row! { id: "a3", email: "y" }, &USUAL).await?,
            5 => w.update_all(T1, row! { email: "x" }, row! { email: "y" }, &USUAL).await?,
            6 => w.del(T1, "a2", &USUAL).await?,
            7 => w.add(T1, row! { id: "a2", email: "y" }, &USUAL).await?,
            8 => w.update(T1, row! { id: "a2", email: NULL }, &USUAL).await?,
            9 => {
                w.put(T1, row! { id: "a2", email: "x" }, &Options::new().only_if(Query::new().eq("num", 9)))
                    .await?
            }
            10 => w.update(T1, row! { id: "a1" }.with("num_$incr", 1), &USUAL).await?,
            11 => w.del_all(T1, row! { email: "y" }, &USUAL).await?,
            _ => {
                let put = Operation::new(
                    Action::Put,
                    T1,
                    row! { id: format!("b{step}"), email: "x", num: 1, name: "n" },
                );
                w.batch(vec![put], &USUAL).await?;
                Default::default()
            }
        };
        for db in [&a, &b] {
            for query in [
                row! { email: "x" },
                row! { email: "y" },
                row! { num: 1, name: "n" },
                row! { num: 2, name: "n" },
                row! { num: 1, name: "m" },
                row! { num: 2, name: "m" },
            ] {
                let fresh = Options { nocache: true, ..Options::new() };
                let expected = db.select::<Row>(T1, &query, &fresh).await?;
                let found = db.select::<Row>(T1, &query, &USUAL).await?;
                holds_that(found == expected, || {
                    format!("step {step}, {query:?}: {found:?}, expected {expected:?}")
                })?;
            }
        }
    }
    // It was the cache that was asked.
    holds_that(answers(&a, T1).0 > 50, || format!("{:?}", a.cache_stats(T1)))
}

async fn what_is_not_asked_by_a_named_key_alone_is_selected_each_time(bench: Bench) -> Checked {
    let db = naming(&bench).await?;
    for n in 0..60 {
        db.add(T1, row! { id: format!("a{n:02}"), email: "x", num: n, name: "n" }, &USUAL).await?;
    }
    seed(&db, T1, [row! { id: "b1", email: "y", num: 1 }, row! { id: "b2", email: "y", num: 2 }]).await?;
    // More than are kept: a page and its token, as ever.
    let page = db.select::<Row>(T1, row! { email: "x" }, &USUAL).await?;
    equal((page.rows.len(), page.next_token.is_some()), (50, true))?;
    let start = Options { start: page.next_token, ..Options::new() };
    equal(db.select::<Row>(T1, row! { email: "x" }, &start).await?.rows.len(), 10)?;
    equal(db.select::<Row>(T1, row! { email: "x" }, &Options::new().count(100)).await?.rows.len(), 60)?;
    let total = Options { total: true, ..Options::new() };
    equal(db.select::<Row>(T1, row! { email: "y" }, &total).await?.total, Some(2))?;
    for (options, ids) in [
        (Options::new().count(1), "b1"),
        (Options::new().count(2), "b1 b2"),
        (Options { page: Some(2), ..Options::new().count(1) }, "b2"),
        (Options { descending: true, ..Options::new() }, "b2 b1"),
        (Options { first: true, ..Options::new() }, "b1"),
        (Options { last: true, ..Options::new() }, "b2"),
        (Options { unique: Some("email".into()), ..Options::new() }, "b1"),
    ] {
        for _ in 0..2 {
            let page = db.select::<Row>(T1, row! { email: "y" }, &options).await?;
            page_is(&page, "id", ids)?;
        }
    }
    finds(&db, T1, row! { email: "y", num: 2 }, "b2").await
}

async fn s202_an_absent_row_is_kept_until_it_is_added(bench: Bench) -> Checked {
    let (a, b) = (process(&bench).await?, process(&bench).await?);
    gives(&a, T1, "a2", None).await?;
    gives(&a, T1, "a2", None).await?;
    equal(answers(&a, T1), (1, 1))?;
    seed(&b, T1, [row! { id: "a2", num: 1 }]).await?;
    gives(&a, T1, "a2", Some(row! { num: 1 })).await
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
