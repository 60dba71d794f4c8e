//! What outlives a process, and what several processes see of each other.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Action, Db, Operation, Options, Query};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    what_was_written_is_there_after_opening_again,
    all_values_are_there_after_opening_again,
    two_processes_see_each_other,
    increments_of_two_processes_add_up,
    of_adds_of_two_processes_one_succeeds,
    a_token_serves_in_another_process if sort,
    what_was_acknowledged_survives_without_closing,
    a_raw_statement_binds_its_values if raw_query else raw_statements_are_refused,
}

async fn what_was_written_is_there_after_opening_again(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }, row! { id: "a2" }, row! { id: "a3" }]).await?;
    db.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    db.del(T1, "a2", &USUAL).await?;
    db.incr(T3, row! { id: "c1", num: 5 }, &USUAL).await?;
    db.close().await;
    let db = bench.open([t1(), t3()]).await?;
    finds(&db, T1, Query::new(), "a1 a3").await?;
    stored(&db, T1, "a1", row! { num: 2 }).await?;
    stored(&db, T3, "c1", row! { num: 5 }).await
}

async fn all_values_are_there_after_opening_again(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    let text = if bench.can().nul_in_text { "\0" } else { "\u{1}" };
    let record = row! {
        id: "v", obj: row! { a: list![1] }, list: list![list![]], tags: list!["a,b"], weights: list![2, 1],
        flag: true, big: i64::MIN, real: 5e-324, dec: "0.10", txt: text, json: Row::new(), when: 0,
    };
    seed(&db, T6, [record]).await?;
    let before = read(&db, T6, "v").await?;
    db.close().await;
    let db = bench.open([t6()]).await?;
    equal(read(&db, T6, "v").await?, before)
}

/// Two processes on one store.
async fn two(bench: &Bench) -> Checked<[Db; 2]> {
    Ok([bench.open([t1(), t3()]).await?, bench.open([t1(), t3()]).await?])
}

async fn two_processes_see_each_other(bench: Bench) -> Checked {
    let [a, b] = two(&bench).await?;
    for n in 0..10_i64 {
        let (writer, reader) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        writer.put(T1, row! { id: "a1", num: n }, &USUAL).await?;
        stored(reader, T1, "a1", row! { num: n }).await?;
        finds(reader, T1, row! { num: n }, "a1").await?;
    }
    b.del(T1, "a1", &USUAL).await?;
    absent(&a, T1, "a1").await
}

async fn increments_of_two_processes_add_up(bench: Bench) -> Checked {
    let both = two(&bench).await?;
    let results = at_once(60, |i| {
        let db = both[(i % 2) as usize].clone();
        async move { db.incr(T3, row! { id: "c1", num: 1 }, &USUAL).await }
    })
    .await?;
    for result in results {
        affected(&result?, 1)?;
    }
    stored(&both[0], T3, "c1", row! { num: 60 }).await
}

async fn of_adds_of_two_processes_one_succeeds(bench: Bench) -> Checked {
    let both = two(&bench).await?;
    let results = at_once(10, |i| {
        let db = both[(i % 2) as usize].clone();
        async move { db.add(T1, row! { id: "a1", num: i }, &USUAL).await }
    })
    .await?;
    equal(results.iter().filter(|r| r.is_ok()).count(), 1)?;
    for result in results.into_iter().filter(Result::is_err) {
        fails(result, ErrorKind::AlreadyExists)?;
    }
    Ok(())
}

async fn a_token_serves_in_another_process(bench: Bench) -> Checked {
    let [a, b] = two(&bench).await?;
    seed(&a, T1, ["a1", "a2", "a3"].map(|id| row! { id: id })).await?;
    let one = Options::new().sort("!id").count(1);
    let start = a.select::<Row>(T1, Query::new(), &one).await?.next_token;
    page_is(&b.select::<Row>(T1, Query::new(), &Options { start, ..one }).await?, "id", "a2")
}

async fn what_was_acknowledged_survives_without_closing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    let operations = vec![Operation::new(Action::Add, T1, row! { id: "a2" })];
    db.batch(operations, &USUAL).await?;
    drop(db);
    let db = bench.open([t1()]).await?;
    finds(&db, T1, Query::new(), "a1 a2").await
}

async fn a_raw_statement_binds_its_values(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a'1", num: 1 }, row! { id: "a2", num: 2 }]).await?;
    let Some(text) = bench.raw_by_id() else { return Err(Problem::new("the backend has no statement")) };
    let rows = db.query(text, vec!["a'1".into()], &USUAL).await?;
    equal(rows, vec![row! { id: "a'1", num: 1 }])?;
    for broken in ["select from where", "select * from nosuch", ""] {
        let result = db.query(broken, vec![], &USUAL).await;
        holds_that(result.is_err(), || format!("{broken:?} gave {result:?}"))?;
    }
    finds(&db, T1, Query::new(), "a'1 a2").await
}

async fn raw_statements_are_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    fails(db.query("select 1", vec![], &USUAL).await, ErrorKind::Unsupported).map(drop)
}
