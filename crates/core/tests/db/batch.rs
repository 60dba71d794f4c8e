//! Section L: several operations in one call.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Action, Db, Operation, Options, Outcome, Query};
use bkjs_core::value::Row;

use crate::backend::{Bench, OTHER};
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s185_a_failed_operation_does_not_hinder_the_others,
    s186_a_batch_may_mix_operations_and_tables,
    s187_a_batch_of_a_thousand_and_one_of_none,
    s188_a_batch_may_read,
    s189_a_batch_may_stop_at_the_first_error_of_a_table,
    s190_a_transaction_applies_all if transactions,
    s191_a_failed_transaction_applies_nothing if transactions,
    s192_the_store_goes_on_after_a_failed_transaction if transactions,
    s193_a_condition_that_does_not_hold_fails_a_transaction if transactions,
    s194_a_large_transaction_is_whole_or_refused if transactions,
    s195_transactions_at_once_lose_no_increment if transactions,
    s196_a_transaction_sees_its_own_writes if transactions,
    operations_of_a_batch_apply_in_order,
    an_operation_that_makes_no_sense_fails_alone,
    what_is_applied_in_one_pool_is_whole if transactions,
    what_is_applied_in_two_pools_goes_in_order,
    a_transaction_of_nothing_is_no_error if transactions,
    a_transaction_with_a_senseless_operation_applies_nothing if transactions,
}

/// An add, as an operation.
pub(crate) fn add(table: &str, record: Row) -> Operation {
    Operation::new(Action::Add, table, record)
}

fn update(table: &str, record: Row) -> Operation {
    Operation::new(Action::Update, table, record)
}

/// The affected records of each result; nothing for a row that was read.
#[track_caller]
fn counts(results: Vec<bkjs_core::Result<Outcome>>, expected: &[u64]) -> Checked {
    let mut got = Vec::new();
    for result in results {
        match result? {
            Outcome::Written(written) => got.push(written.affected),
            Outcome::Row(_) => {}
        }
    }
    equal(got.as_slice(), expected)
}

async fn s185_a_failed_operation_does_not_hinder_the_others(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let operations = [("a1", 1), ("a1", 2), ("a2", 3)].map(|(id, num)| add(T1, row! { id: id, num: num }));
    let mut results = db.batch(operations.into(), &USUAL).await?;
    equal(results.len(), 3)?;
    fails(results.remove(1), ErrorKind::AlreadyExists)?;
    counts(results, &[1, 1])?;
    stored(&db, T1, "a1", row! { num: 1 }).await?;
    finds(&db, T1, Query::new(), "a1 a2").await
}

async fn s186_a_batch_may_mix_operations_and_tables(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }, row! { id: "a2" }]).await?;
    let operations = vec![
        add(T1, row! { id: "a3" }),
        Operation::new(Action::Put, T3, row! { id: "c1", num: 5 }),
        update(T1, row! { id: "a1", num: 2 }),
        Operation::new(Action::Incr, T3, row! { id: "c1", num: 2 }),
        Operation::new(Action::Del, T1, row! { id: "a2" }),
        update(T1, row! { id: "nobody", num: 2 }),
    ];
    counts(db.batch(operations, &USUAL).await?, &[1, 1, 1, 1, 1, 0])?;
    finds(&db, T1, Query::new(), "a1 a3").await?;
    stored(&db, T1, "a1", row! { num: 2 }).await?;
    stored(&db, T3, "c1", row! { num: 7 }).await
}

async fn s187_a_batch_of_a_thousand_and_one_of_none(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let operations = (0..1_000).map(|n| add(T1, row! { id: format!("a{n}") })).collect();
    counts(db.batch(operations, &USUAL).await?, &[1; 1_000])?;
    let total = Options { total: true, ..Options::new() };
    equal(db.select::<Row>(T1, Row::new(), &total).await?.total, Some(1_000))?;
    equal(db.batch(Vec::new(), &USUAL).await?.len(), 0)
}

async fn s188_a_batch_may_read(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let get = |id: &str| Operation::new(Action::Get, T1, row! { id: id });
    let operations = vec![get("a1"), get("nobody"), Operation::new(Action::Get, T1, Row::new())];
    let mut results = db.batch(operations, &USUAL).await?;
    let error = match results.pop() {
        Some(Err(error)) => error,
        other => return Err(Problem::new(format!("got {other:?}, expected an error"))),
    };
    equal((error.status(), error.message().is_empty()), (400, false))?;
    equal(results.pop().transpose()?, Some(Outcome::Row(None)))?;
    match results.pop().transpose()? {
        Some(Outcome::Row(row)) => has(row.as_ref(), &row! { id: "a1", num: 1 }),
        other => Err(Problem::new(format!("got {other:?}, expected a row"))),
    }
}

async fn s189_a_batch_may_stop_at_the_first_error_of_a_table(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    let operations = || {
        vec![
            add(T1, row! { id: "a1", num: 1 }),
            add("T", row! { id: "a1", num: 2 }),
            add(T3, row! { id: "c1" }),
            add(T1, row! { id: "a2" }),
            Operation::new(Action::Get, T1, row! { id: "a1" }),
            add(T3, row! { id: "c2", num: "x" }),
            update(T3, row! { id: "c1", num: 5 }),
        ]
    };
    let stop = Options { stop_on_error: true, ..Options::new() };
    let results = db.batch(operations(), &stop).await?;
    let kinds: Vec<_> = results.iter().map(|r| r.as_ref().map_err(bkjs_core::Error::kind).err()).collect();
    let (exists, invalid, not) = (ErrorKind::AlreadyExists, ErrorKind::Invalid, ErrorKind::NotTried);
    equal(kinds, vec![None, Some(exists), None, Some(not), Some(not), Some(invalid), Some(not)])?;
    let not_tried = results.into_iter().nth(3).and_then(Result::err);
    equal(not_tried.map(|e| e.status()), Some(424))?;
    finds(&db, T1, Query::new(), "a1").await?;
    stored(&db, T3, "c1", row! { num: 0 }).await?;

    // The usual batch goes on.
    db.batch(operations(), &USUAL).await?;
    finds(&db, T1, Query::new(), "a1 a2").await?;
    stored(&db, T3, "c1", row! { num: 5 }).await
}

async fn operations_of_a_batch_apply_in_order(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let operations = vec![
        add(T1, row! { id: "a1", num: 1 }),
        update(T1, row! { id: "a1", num: 2 }),
        Operation::new(Action::Del, T1, row! { id: "a1" }),
        add(T1, row! { id: "a1", num: 3 }),
    ];
    counts(db.batch(operations, &USUAL).await?, &[1, 1, 1, 1])?;
    stored(&db, T1, "a1", row! { num: 3 }).await
}

async fn an_operation_that_makes_no_sense_fails_alone(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let operations = vec![
        add("nosuch", row! { id: "x" }),
        add(T1, row! { id: "a1", num: "x" }),
        add(T1, row! { id: "a2" }),
    ];
    let mut results = db.batch(operations, &USUAL).await?;
    counts(results.split_off(2), &[1])?;
    let kinds: Vec<_> = results.into_iter().map(|r| r.map_err(|e| e.kind()).err()).collect();
    equal(kinds, vec![Some(ErrorKind::NotFound), Some(ErrorKind::Invalid)])
}

async fn s190_a_transaction_applies_all(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let operations = vec![add(T1, row! { id: "a2" }), update(T1, row! { id: "a1", num: 2 })];
    let written = db.transact(operations, &USUAL).await?;
    equal(written.iter().map(|w| w.affected).sum::<u64>(), 2)?;
    finds(&db, T1, Query::new(), "a1 a2").await?;
    stored(&db, T1, "a1", row! { num: 2 }).await
}

/// A transaction that fails at its end.
async fn failed(db: &Db) -> Checked {
    let operations = vec![
        add(T1, row! { id: "a2" }),
        update(T1, row! { id: "a1", num: 2 }),
        add(T1, row! { id: "a1", num: 3 }),
    ];
    fails(db.transact(operations, &USUAL).await, ErrorKind::AlreadyExists).map(drop)
}

async fn s191_a_failed_transaction_applies_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let other = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    failed(&db).await?;
    for db in [db, other] {
        finds(&db, T1, Query::new(), "a1").await?;
        stored(&db, T1, "a1", row! { num: 1 }).await?;
    }
    Ok(())
}

async fn s192_the_store_goes_on_after_a_failed_transaction(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    failed(&db).await?;
    seed(&db, T1, [row! { id: "a3", num: 3 }]).await?;
    db.close().await;
    let db = bench.open([t1()]).await?;
    finds(&db, T1, Query::new(), "a1 a3").await
}

async fn s193_a_condition_that_does_not_hold_fails_a_transaction(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let unmet = Options::new().only_if(Query::new().eq("num", 99));
    let unmatched = [
        Operation { options: unmet.clone(), ..update(T1, row! { id: "a1", num: 2 }) },
        update(T1, row! { id: "nobody", num: 2 }),
        Operation { options: unmet, ..Operation::new(Action::Del, T1, row! { id: "a1" }) },
    ];
    for operation in unmatched {
        let operations = vec![add(T1, row! { id: "a2" }), operation];
        let error = fails(db.transact(operations, &USUAL).await, ErrorKind::ConditionFailed)?;
        equal(error.status(), 409)?;
        finds(&db, T1, Query::new(), "a1").await?;
    }
    let gone = Operation::new(Action::Del, T1, row! { id: "nobody" });
    db.transact(vec![add(T1, row! { id: "a2" }), gone], &USUAL).await?;
    finds(&db, T1, Query::new(), "a1 a2").await
}

async fn s194_a_large_transaction_is_whole_or_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let limit = bench.can().transaction_limit;
    let adds = |count: usize| (0..count).map(|n| add(T1, row! { id: format!("a{n}") })).collect();
    let total = Options { total: true, ..Options::new() };
    if limit > 0 {
        refused(db.transact(adds(limit + 1), &USUAL).await)?;
        equal(db.select::<Row>(T1, Row::new(), &total).await?.total, Some(0))?;
    }
    let most = if limit > 0 { limit } else { 2_000 };
    db.transact(adds(most), &USUAL).await?;
    equal(db.select::<Row>(T1, Row::new(), &total).await?.total, Some(most as u64))
}

async fn s195_transactions_at_once_lose_no_increment(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    let results = at_once(2, |who| {
        let db = db.clone();
        async move {
            let mut done = 0;
            while done < 100 {
                let operations = vec![
                    Operation::new(Action::Incr, T3, row! { id: "c1", num: 1 }),
                    Operation::new(Action::Put, T1, row! { id: format!("a{who}"), num: done }),
                ];
                match db.transact(operations, &USUAL).await {
                    Ok(_) => done += 1,
                    Err(error) if error.kind().is_retryable() => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
    })
    .await?;
    for result in results {
        result?;
    }
    stored(&db, T3, "c1", row! { num: 200 }).await
}

async fn s196_a_transaction_sees_its_own_writes(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let if_one = Options::new().only_if(Query::new().eq("num", 1));
    let operations = vec![
        add(T1, row! { id: "a1", num: 1 }),
        Operation { options: if_one, ..update(T1, row! { id: "a1", num: 2 }) },
    ];
    db.transact(operations, &USUAL).await?;
    stored(&db, T1, "a1", row! { num: 2 }).await
}

async fn a_transaction_of_nothing_is_no_error(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    equal(db.transact(Vec::new(), &USUAL).await?, vec![])
}

async fn a_transaction_with_a_senseless_operation_applies_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let senseless = [
        Operation::new(Action::Get, T1, row! { id: "a1" }),
        add(T1, row! { id: "a2", num: "x" }),
        update(T1, row! { num: 1 }),
    ];
    for operation in senseless {
        refused(db.transact(vec![add(T1, row! { id: "a1" }), operation], &USUAL).await)?;
        finds(&db, T1, Query::new(), "").await?;
    }
    let elsewhere = vec![add(T1, row! { id: "a1" }), add("nosuch", row! { id: "a1" })];
    fails(db.transact(elsewhere, &USUAL).await, ErrorKind::NotFound)?;
    finds(&db, T1, Query::new(), "").await
}

async fn what_is_applied_in_one_pool_is_whole(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    equal(db.are_together(&[T1, T1])?, true)?;
    let operations = vec![add(T1, row! { id: "a2" }), add(T1, row! { id: "a1" })];
    fails(db.apply(operations).await, ErrorKind::AlreadyExists)?;
    finds(&db, T1, Query::new(), "a1").await?;
    let operations = vec![add(T1, row! { id: "a2" }), update(T1, row! { id: "a1", num: 2 })];
    equal(db.apply(operations).await?.iter().map(|w| w.affected).sum::<u64>(), 2)?;
    finds(&db, T1, Query::new(), "a1 a2").await?;
    equal(db.apply(Vec::new()).await?.len(), 0)
}

async fn what_is_applied_in_two_pools_goes_in_order(bench: Bench) -> Checked {
    let db = bench.open_two([t1()]).await?;
    let there = Options { pool: Some(OTHER.into()), ..Options::new() };
    let elsewhere = |operation: Operation| Operation { options: there.clone(), ..operation };
    // An update that matches nothing, and a conditional removal that does, fail as in a transaction.
    let unmet = Options { condition: Some(Query::new().eq("num", 9)), ..there.clone() };
    let unmatched = Operation { options: unmet, ..Operation::new(Action::Del, T1, row! { id: "a1" }) };
    for (id, failing) in [("a1", elsewhere(update(T1, row! { id: "a1", num: 2 }))), ("a2", unmatched)] {
        let operations = vec![add(T1, row! { id: id }), failing, add(T1, row! { id: "never" })];
        fails(db.apply(operations).await, ErrorKind::ConditionFailed)?;
    }
    finds(&db, T1, Query::new(), "a1 a2").await?;
    let operations = vec![elsewhere(add(T1, row! { id: "b1" })), add(T1, row! { id: "a3" })];
    equal(db.apply(operations).await?.len(), 2)?;
    finds(&db, T1, Query::new(), "a1 a2 a3").await?;
    let other: Vec<Row> = db.select(T1, Query::new(), &there).await?.rows;
    equal(other.len(), 1)
}
