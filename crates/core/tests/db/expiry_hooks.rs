//! Section N: records that expire, hooks on rows, and the errors of all sections.

use std::ops::ControlFlow;

use bkjs_core::db::{Op, Options, Query, Returning, RowFate};
use bkjs_core::schema::Column;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s204_an_expired_record_is_not_there,
    s205_a_time_to_live_is_one_instant_however_written,
    s206_a_hook_changes_what_is_stored,
    s207_a_hook_changes_or_drops_what_is_returned,
    s210_errors_carry_their_status_and_code,
    an_expired_record_gives_way_to_a_new_one,
    a_hook_may_refuse_or_skip_a_write,
}

const PAST: i64 = 1_000_000_000;
const FUTURE: i64 = 99_000_000_000;

async fn s204_an_expired_record_is_not_there(bench: Bench) -> Checked {
    let db = bench.open([t8()]).await?;
    let rows = [("past", Value::from(PAST)), ("future", FUTURE.into()), ("never", NULL)];
    seed(&db, T8, rows.map(|(id, until)| row! { id: id, until: until, v: "v" })).await?;
    absent(&db, T8, "past").await?;
    stored(&db, T8, "future", row! { until: FUTURE, v: "v" }).await?;
    stored(&db, T8, "never", row! { until: NULL }).await?;
    finds(&db, T8, row! { v: "v" }, "future never").await?;
    finds(&db, T8, Query::new(), "future never").await?;
    equal(db.list::<Row, _>(T8, ["past", "future"], &USUAL).await?.len(), 1)?;
    let total = Options { total: true, ..Options::new() };
    equal(db.select::<Row>(T8, Query::new(), &total).await?.total, Some(2))?;
    let mut visited = 0;
    let each = async |rows: Vec<Row>| {
        visited += rows.len();
        Ok(ControlFlow::Continue(()))
    };
    db.scan(T8, Query::new(), &USUAL, each).await?;
    equal(visited, 2)?;
    affected(&db.update(T8, row! { id: "past", v: "w" }, &USUAL).await?, 0)?;
    affected(&db.del(T8, "past", &USUAL).await?, 0)?;
    affected(&db.update_all(T8, row! { v: "v" }, row! { v: "w" }, &USUAL).await?, 2)?;
    affected(&db.del_all(T8, row! { v: "w" }, &USUAL).await?, 2)
}

async fn an_expired_record_gives_way_to_a_new_one(bench: Bench) -> Checked {
    let db = bench.open([t8().column(Column::counter("n")), t1()]).await?;
    for id in ["add", "put", "incr", "upsert"] {
        seed(&db, T8, [row! { id: id, until: PAST, v: "old", n: 5 }]).await?;
    }
    seed(&db, T8, [row! { id: "add", v: "new" }]).await?;
    stored(&db, T8, "add", row! { v: "new", n: 0, until: NULL }).await?;
    affected(&db.put(T8, row! { id: "put", n: 1 }, &USUAL).await?, 1)?;
    stored(&db, T8, "put", row! { v: NULL, n: 1, until: NULL }).await?;
    affected(&db.incr(T8, row! { id: "incr", n: 1 }, &USUAL).await?, 1)?;
    stored(&db, T8, "incr", row! { v: NULL, n: 1, until: NULL }).await?;
    let upsert = Options { upsert: true, ..Options::new() };
    affected(&db.update(T8, row! { id: "upsert", n: 1 }, &upsert).await?, 1)?;
    stored(&db, T8, "upsert", row! { v: NULL, n: 1, until: NULL }).await
}

async fn s205_a_time_to_live_is_one_instant_however_written(bench: Bench) -> Checked {
    let db = bench.open([t8()]).await?;
    let seconds = 4_102_444_800_i64;
    let written: [Value; 4] =
        [seconds.into(), "4102444800".into(), (seconds * 1000).into(), "2100-01-01T00:00:00Z".into()];
    for until in written {
        has(Some(&round_trip(&db, T8, row! { id: "t", until: until }).await?), &row! { until: seconds })?;
    }
    finds(&db, T8, Query::new().op("until", Op::Ge, "2100-01-01T00:00:00Z"), "t").await
}

async fn s206_a_hook_changes_what_is_stored(bench: Bench) -> Checked {
    let hook = |row: &mut Row, _: &Options| {
        row.set("name", format!("{}!", row.text("name")));
        Ok(RowFate::Keep)
    };
    let db = bench.open_with([t1(), t3()], |builder| builder.pre_row(T1, hook)).await?;
    let mine = row! { id: "a1", name: "n" };
    db.add(T1, &mine, &USUAL).await?;
    equal(mine.text("name"), "n")?;
    stored(&db, T1, "a1", row! { name: "n!" }).await?;
    db.update(T1, &mine, &USUAL).await?;
    stored(&db, T1, "a1", row! { name: "n!" }).await?;
    seed(&db, T3, [row! { id: "c1", name: "n" }]).await?;
    stored(&db, T3, "c1", row! { name: "n" }).await?;
    let unhooked = Options { no_process_rows: true, ..Options::new() };
    db.put(T1, &mine, &unhooked).await?;
    stored(&db, T1, "a1", row! { name: "n" }).await
}

async fn a_hook_may_refuse_or_skip_a_write(bench: Bench) -> Checked {
    let hook = |row: &mut Row, _: &Options| match row.text("name") {
        "bad" => Err(Error::new(ErrorKind::Forbidden, "a bad name")),
        "skip" => Ok(RowFate::Drop),
        _ => Ok(RowFate::Keep),
    };
    let db = bench.open_with([t1()], |builder| builder.pre_row("*", hook)).await?;
    fails(db.add(T1, row! { id: "a1", name: "bad" }, &USUAL).await, ErrorKind::Forbidden)?;
    affected(&db.add(T1, row! { id: "a1", name: "skip" }, &USUAL).await?, 0)?;
    absent(&db, T1, "a1").await
}

async fn s207_a_hook_changes_or_drops_what_is_returned(bench: Bench) -> Checked {
    let hook = |row: &mut Row, _: &Options| {
        row.set("seen", true);
        Ok(if row.text("name") == "secret" { RowFate::Drop } else { RowFate::Keep })
    };
    let db = bench.open_with([t1()], |builder| builder.post_row(T1, hook)).await?;
    seed(&db, T1, [row! { id: "a1", name: "open" }, row! { id: "a2", name: "secret" }]).await?;
    stored(&db, T1, "a1", row! { seen: true }).await?;
    absent(&db, T1, "a2").await?;
    let rows: Vec<Row> = db.list(T1, ["a1", "a2"], &USUAL).await?;
    equal(column(&rows, "id"), "a1".into())?;
    has(rows.first(), &row! { seen: true })?;
    let page = db.select::<Row>(T1, Query::new(), &USUAL).await?;
    page_is(&page, "id", "a1")?;
    has(page.rows.first(), &row! { seen: true })?;
    let each = async |rows: Vec<Row>| {
        if column(&rows, "id") == "a1" {
            Ok(ControlFlow::Continue(()))
        } else {
            Err(Error::invalid("dropped row"))
        }
    };
    db.scan(T1, Query::new(), &USUAL, each).await?;
    let new = Options::new().returning(Returning::New);
    has(db.update(T1, row! { id: "a1", num: 1 }, &new).await?.row.as_ref(), &row! { seen: true, num: 1 })?;
    let written = db.update(T1, row! { id: "a2", num: 1 }, &new).await?;
    equal((written.affected, written.row), (1, None))?;
    let unhooked = Options { no_process_rows: true, ..Options::new() };
    has(db.get::<Row>(T1, "a2", &unhooked).await?.as_ref(), &row! { seen: NULL, num: 1 })
}

async fn s210_errors_carry_their_status_and_code(bench: Bench) -> Checked {
    let db = bench.open([t1(), t2(), t4()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    let usual = Options::new();
    let errors = [
        (db.add(T1, row! { id: "a1" }, &usual).await.map(drop), 409, "AlreadyExists"),
        (db.add("nosuch", row! { id: "a1" }, &usual).await.map(drop), 404, "NotFound"),
        (db.add(T1, row! { id: "a2", num: "x" }, &usual).await.map(drop), 400, "Invalid"),
        (db.add(T4, row! { id: "r" }, &usual).await.map(drop), 400, "ValidationFailed"),
        (db.get::<Row>(T2, row! { id: "p" }, &usual).await.map(drop), 400, "KeyIncomplete"),
        (db.select::<Row>(T1, row! { nosuch: 1 }, &usual).await.map(drop), 400, "Invalid"),
        (db.select::<Row>(T1, Query::new(), &usual.clone().sort("nosuch")).await.map(drop), 400, "Invalid"),
        (db.del_all(T1, Query::new(), &usual).await.map(drop), 400, "Invalid"),
        (
            db.select::<Row>(T1, Query::new(), &Options { start: Some("x".into()), ..Options::new() })
                .await
                .map(drop),
            400,
            "NotMatched",
        ),
    ];
    for (result, status, code) in errors {
        let Err(error) = result else { return Err(Problem::new(format!("no error, expected {code}"))) };
        equal((error.status(), error.kind().code()), (status, code))?;
        let tidy = !error.message().is_empty() && !error.message().ends_with('.');
        holds_that(tidy, || format!("the message {:?} is not tidy", error.message()))?;
    }
    Ok(())
}
