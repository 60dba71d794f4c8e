//! Section N, copies: records that move from pool to pool, or through lines of text, as they are stored.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Action, Db, Operation, Options, Query, RowFate, line_of};
use bkjs_core::schema::{Column, Convert, Generate, Table};
use bkjs_core::value::{Row, Value};

use crate::backend::{Bench, OTHER};
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s209_a_copy_in_another_pool_is_equal,
    s209_a_copy_in_another_product_and_back_is_equal,
    s209_a_second_copy_writes_only_what_is_newer,
    s209_records_come_back_from_lines_of_text,
    what_is_stored_passes_rules_that_came_later,
    a_whole_record_takes_the_place_of_another,
    a_record_that_is_there_may_stay,
    as_stored_takes_nothing_else,
    a_unique_value_stays_unique_in_a_copy if unique,
    a_scan_goes_on_where_another_one_was,
}

fn stored_in(pool: &str) -> Options {
    Options { as_stored: true, pool: Some(pool.into()), ..Options::new() }
}

/// Records of every kind of table, written as applications do.
async fn filled(db: &Db) -> Checked {
    let values = [
        row! { id: "empty", obj: Row::new(), list: list![], tags: list![], txt: "", json: Row::new() },
        row! { id: "nulls", json: list![Row::new().with("b", NULL), 0.1 + 0.2, "{", i64::MIN], dv: NULL },
        row! {
            id: "a,b \"é\" 💥", obj: Row::new().with("b", 1).with("a", list![NULL]), list: list![list![1], "x"],
            tags: list!["t,1", "t2"], weights: list![3, -1], names: list!["b", "a"], flag: false, big: i64::MAX,
            real: 5e-324, dec: "-123456789012345678.120", txt: "l\n\\\u{2028}", json: "\"{\"",
            when: -1, raw: Value::Bytes((0..=255).collect()), mail: "A@b.com", phone: "+1 202 5550100",
        },
    ];
    seed(db, T6, values).await?;
    seed(db, T1, [row! { id: "a1", num: 1, name: "n" }, row! { id: "a2" }]).await?;
    seed(db, T2, [row! { id: "p", id2: "1", json: list![1] }, row! { id: "p", id2: "2", real: 1 }]).await?;
    seed(db, T5, [row! { id: "j", type: "x|y", peer: "1", v: 1 }, row! { id: "j", type: "x", peer: "" }])
        .await?;
    seed(db, T7, [Row::new(), Row::new()]).await?;
    seed(db, T8, [row! { id: "t", until: 4_102_444_800_i64 }, row! { id: "never" }]).await?;
    db.incr(T3, row! { id: "c1", num: 41, name: "n" }, &USUAL).await?;
    Ok(())
}

/// Every record of a table in a pool.
async fn all_of(db: &Db, table: &str, options: &Options) -> Checked<Vec<Row>> {
    let mut rows = Vec::new();
    let mut batches =
        db.batches::<Row>(table, Query::new(), &Options { count: Some(2), ..options.clone() })?;
    while let Some(batch) = batches.next().await? {
        rows.extend(batch);
    }
    Ok(rows)
}

/// Writes records as they are; how many were written.
async fn copy(db: &Db, table: &str, action: Action, rows: Vec<Row>, options: &Options) -> Checked<u64> {
    let operation = |record| Operation { options: options.clone(), ..Operation::new(action, table, record) };
    let mut count = 0;
    for result in db.batch(rows.into_iter().map(operation).collect(), &USUAL).await? {
        if let bkjs_core::db::Outcome::Written(written) = result? {
            count += written.affected;
        }
    }
    Ok(count)
}

/// The pools have the same records in a table.
async fn alike(db: &Db, table: &str, bench: &Bench) -> Checked {
    let here = all_of(db, table, &stored_in(bench.pool())).await?;
    let there = all_of(db, table, &stored_in(OTHER)).await?;
    equal((table, here.len()), (table, there.len()))?;
    for (a, b) in here.iter().zip(&there) {
        has(Some(a), b)?;
        has(Some(b), a)?;
    }
    Ok(())
}

async fn s209_a_copy_in_another_pool_is_equal(bench: Bench) -> Checked {
    let db = bench.open_two(all()).await?;
    filled(&db).await?;
    for (table, count) in [(T1, 2), (T2, 2), (T3, 1), (T5, 2), (T6, 3), (T7, 2), (T8, 2)] {
        let rows = all_of(&db, table, &stored_in(bench.pool())).await?;
        equal(rows.len(), count)?;
        let copied = copy(&db, table, Action::Add, rows, &stored_in(OTHER)).await?;
        equal((table, copied), (table, count as u64))?;
        alike(&db, table, &bench).await?;
    }
    let other = Options { pool: Some(OTHER.into()), ..Options::new() };
    let row: Option<Row> = db.get(T6, "empty", &other).await?;
    has(row.as_ref(), &row! { dr: "none", dv: "dflt" })
}

async fn s209_a_copy_in_another_product_and_back_is_equal(bench: Bench) -> Checked {
    let Some(db) = bench.open_mixed(all()).await? else { return Ok(()) };
    filled(&db).await?;
    for table in [T1, T2, T3, T5, T6, T7, T8] {
        let before = all_of(&db, table, &stored_in(bench.pool())).await?;
        copy(&db, table, Action::Add, before.clone(), &stored_in(OTHER)).await?;
        let there = all_of(&db, table, &stored_in(OTHER)).await?;
        db.del_all(table, Query::new(), &Options { whole_table: true, ..Options::new() }).await?;
        copy(&db, table, Action::Add, there, &stored_in(bench.pool())).await?;
        let after = all_of(&db, table, &stored_in(bench.pool())).await?;
        equal(after.len(), before.len())?;
        for (a, b) in before.iter().zip(&after) {
            has(Some(a), b)?;
            has(Some(b), a)?;
        }
        alike(&db, table, &bench).await?;
    }
    Ok(())
}

async fn s209_a_second_copy_writes_only_what_is_newer(bench: Bench) -> Checked {
    let db = bench.open_two([t2()]).await?;
    let rows = || ["1", "2", "3"].map(|id2| row! { id: "p", id2: id2, mtime: 5 });
    seed(&db, T2, rows()).await?;
    let newer = |row: &Row| {
        let older = Query::new().op("mtime", bkjs_core::db::Op::Lt, row.int("mtime")).eq("mtime", NULL);
        Options { condition: Some(Query::new().or(older)), ..stored_in(OTHER) }
    };
    let run = async || -> Checked<u64> {
        let mut count = 0;
        for row in all_of(&db, T2, &stored_in(bench.pool())).await? {
            let options = newer(&row);
            count += copy(&db, T2, Action::Put, vec![row], &options).await?;
        }
        Ok(count)
    };
    equal(run().await?, 3)?;
    equal(run().await?, 0)?;
    db.put(T2, row! { id: "p", id2: "2", name: "new", mtime: 6 }, &USUAL).await?;
    db.put(T2, row! { id: "p", id2: "3", name: "old", mtime: 4 }, &USUAL).await?;
    db.put(T2, row! { id: "p", id2: "4", mtime: 1 }, &USUAL).await?;
    equal(run().await?, 2)?;
    let there = all_of(&db, T2, &stored_in(OTHER)).await?;
    equal(column(&there, "name"), " new  ".to_owned())
}

async fn s209_records_come_back_from_lines_of_text(bench: Bench) -> Checked {
    let db = bench.open_two(all()).await?;
    filled(&db).await?;
    for table in [T1, T2, T3, T5, T6, T7, T8] {
        let rows = all_of(&db, table, &stored_in(bench.pool())).await?;
        let lines: Vec<String> = rows.iter().cloned().map(line_of).collect();
        let reader = db.line_reader(table, Vec::new())?;
        let mut read = Vec::new();
        for line in &lines {
            read.push(reader.stored(line).map_err(|bad| Problem::new(format!("{line}: {bad:?}")))?);
        }
        equal(&read, &rows)?;
        copy(&db, table, Action::Put, read, &stored_in(OTHER)).await?;
        alike(&db, table, &bench).await?;
    }
    Ok(())
}

async fn what_is_stored_passes_rules_that_came_later(bench: Bench) -> Checked {
    let table = Table::new("later")
        .column(Column::text("id").primary().convert(Convert::Lower))
        .column(Column::text("made").generate(Generate::Uuid { prefix: "u_".into() }))
        .column(Column::text("short").max(2).not_empty())
        .column(Column::int("times").convert(Convert::Multiply(10.0)))
        .column(Column::text("type").values(["a"]))
        .column(Column::text("pair").join(["type", "times"], "|"))
        .column(Column::text("admin").admin())
        .column(Column::counter("count"))
        .column(Column::now("mtime"));
    let hook = |row: &mut Row, _: &Options| {
        row.set("type", "hooked");
        Ok(RowFate::Drop)
    };
    let db = bench.open_with([table], |b| b.pre_row("later", hook).post_row("later", hook)).await?;
    let old = row! {
        id: "OLD", made: "by hand", short: "too long", times: 3, type: "z", pair: "stale", admin: "x", count: 7,
        mtime: 1,
    };
    let as_stored = Options { as_stored: true, ..Options::new() };
    affected(&db.add("later", old.clone(), &as_stored).await?, 1)?;
    has(db.get("later", row! { id: "OLD" }, &as_stored).await?.as_ref(), &old)?;
    equal(db.list::<Row, _>("later", [row! { id: "OLD" }], &as_stored).await?.len(), 1)?;
    let bare = row! { id: "Bare" };
    affected(&db.put("later", bare.clone(), &as_stored).await?, 1)?;
    let nulls = row! { made: NULL, short: NULL, pair: NULL, count: NULL, mtime: NULL };
    has(db.get("later", bare, &as_stored).await?.as_ref(), &nulls)?;
    affected(&db.update("later", row! { id: "OLD", times: 4 }, &as_stored).await?, 1)?;
    has(db.get("later", row! { id: "OLD" }, &as_stored).await?.as_ref(), &old.with("times", 4))?;
    affected(&db.update("later", row! { id: "old", times: 4 }, &as_stored).await?, 0)
}

async fn a_whole_record_takes_the_place_of_another(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1, email: "e", name: "n" }]).await?;
    let as_stored = Options { as_stored: true, ..Options::new() };
    let new = Options { prepared: true, ..as_stored.clone() };
    let written = db.put(T1, row! { id: "a1", num: 2 }, &new).await?;
    has(written.prepared.as_ref(), &row! { id: "a1", num: 2 })?;
    stored(&db, T1, "a1", row! { num: 2, email: NULL, name: NULL, mtime: NULL, ctime: NULL }).await
}

async fn a_record_that_is_there_may_stay(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let keep = Options { as_stored: true, do_nothing: true, ..Options::new() };
    let rows = vec![row! { id: "a1", num: 2 }, row! { id: "a2", num: 2 }];
    equal(copy(&db, T1, Action::Add, rows.clone(), &keep).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 1 }).await?;
    let strict = Options { do_nothing: false, ..keep };
    fails(db.add(T1, rows[0].clone(), &strict).await, ErrorKind::AlreadyExists).map(drop)
}

async fn as_stored_takes_nothing_else(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    let as_stored = Options { as_stored: true, ..Options::new() };
    let good = row! { id: "a1", num: 1 };
    for (record, kind) in [
        (row! { id: "a1", num: "1" }, ErrorKind::Invalid),
        (row! { id: "a1", nosuch: 1 }, ErrorKind::Invalid),
        (row! { id: "a1", _num: 1 }, ErrorKind::Invalid),
        (row! { num: 1 }, ErrorKind::KeyIncomplete),
        (row! { id: "" }, ErrorKind::KeyIncomplete),
    ] {
        fails(db.add(T1, record.clone(), &as_stored).await, kind)?;
        fails(db.put(T1, record.clone(), &as_stored).await, kind)?;
        fails(db.update(T1, record, &as_stored).await, kind)?;
    }
    fails(db.incr(T3, row! { id: "c1", num: 1 }, &as_stored).await, ErrorKind::Invalid)?;
    fails(db.replace(T1, good.clone(), &as_stored).await, ErrorKind::Invalid)?;
    fails(db.update_all(T1, row! { id: "a1" }, row! { num: 1 }, &as_stored).await, ErrorKind::Invalid)?;
    finds(&db, T1, Query::new(), "").await
}

async fn a_unique_value_stays_unique_in_a_copy(bench: Bench) -> Checked {
    let table = t1().column(Column::text("email").unique());
    let db = bench.open_two([table]).await?;
    seed(&db, T1, [row! { id: "a1", email: "x" }, row! { id: "a2" }, row! { id: "a3" }]).await?;
    let rows = all_of(&db, T1, &stored_in(bench.pool())).await?;
    for _ in 0..2 {
        equal(copy(&db, T1, Action::Put, rows.clone(), &stored_in(OTHER)).await?, 3)?;
    }
    fails(db.add(T1, row! { id: "a4", email: "x" }, &stored_in(OTHER)).await, ErrorKind::AlreadyExists)?;
    alike(&db, T1, &bench).await
}

async fn a_scan_goes_on_where_another_one_was(bench: Bench) -> Checked {
    let db = bench.open([t1(), t2()]).await?;
    for n in 10..20_i64 {
        seed(&db, T2, [row! { id: "p", id2: n.to_string(), num: n }]).await?;
    }
    let query = || Query::new().op("num", bkjs_core::db::Op::Lt, 19);
    let mut first = db.batches::<Row>(T2, query(), &Options::new().count(4))?;
    equal(first.position()?, None)?;
    let rows = first.next().await?.unwrap_or_default();
    let position = first.position()?;
    equal((column(&rows, "id2").as_str(), position.is_some()), ("10 11 12 13", true))?;

    // As a process that was started again would.
    let again = bench.open([t1(), t2()]).await?;
    let options = Options { start: position, ..Options::new().count(5) };
    let mut rest = again.batches::<Row>(T2, query(), &options)?;
    equal(column(&rest.next().await?.unwrap_or_default(), "id2"), "14 15 16 17 18".to_owned())?;
    equal(rest.next().await?, None)?;
    equal(rest.position()?, None)?;
    fails(again.batches::<Row>(T2, Query::new(), &options).map(drop), ErrorKind::NotMatched)?;
    fails(again.batches::<Row>(T1, Query::new(), &options).map(drop), ErrorKind::NotMatched).map(drop)
}
