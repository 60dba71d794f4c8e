//! Section A: tables, their creation and their names.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Difference, Op, Options, Query};
use bkjs_core::schema::{Column, Convert, Table};
use bkjs_core::value::Row;
use regex::Regex;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s001_creation_tells_what_it_did_and_does_it_once,
    s002_a_column_added_later_is_null_in_old_rows,
    s003_old_rows_do_not_take_a_default_added_later,
    s004_an_index_added_later_is_listed,
    s005_the_later_description_of_a_column_wins,
    s006_a_second_drop_is_no_error,
    s007_a_protected_table_is_not_dropped,
    s008_a_unique_column_refuses_the_same_value_twice if unique,
    s009_reserved_words_are_names_of_columns,
    s010_table_names_ignore_case,
    s011_an_alias_is_the_table,
    s012_an_unknown_pool_is_the_default_pool,
    s013_the_none_pool_is_empty_and_takes_everything,
    s014_an_unknown_table_is_not_found,
    a_table_that_was_not_created_is_told_apart_from_an_unknown_one,
    a_unique_column_takes_several_nulls if unique,
    two_processes_may_create_the_same_tables_at_once,
    reopening_without_a_column_keeps_its_values,
}

async fn s001_creation_tells_what_it_did_and_does_it_once(bench: Bench) -> Checked {
    let db = bench.connect(all(), |builder| builder).await?;
    let done = db.create_tables().await?;
    for name in [T1, T2, T3, T4, T5, T6, T7, T8] {
        let told = |one: &Difference| one.to_string().contains(name);
        holds_that(done.iter().any(told), || format!("{name} is not in {done:?}"))?;
    }
    equal(db.create_tables().await?, Vec::new())
}

/// T1 with one record, closed and opened again with another column.
async fn with_later_column(bench: &Bench, column: Column) -> Checked<Db> {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "old", num: 1 }]).await?;
    db.close().await;
    let db = bench.connect([t1().column(column)], |builder| builder).await?;
    let done = db.create_tables().await?;
    let told = |one: &Difference| one.to_string().contains("bignum");
    holds_that(done.iter().any(told), || format!("did {done:?}"))?;
    equal(db.create_tables().await?, Vec::new())?;
    Ok(db)
}

async fn s002_a_column_added_later_is_null_in_old_rows(bench: Bench) -> Checked {
    let db = with_later_column(&bench, Column::int("bignum").index()).await?;
    stored(&db, T1, "old", row! { num: 1, bignum: NULL }).await?;
    seed(&db, T1, [row! { id: "new", bignum: 1_i64 << 40 }]).await?;
    stored(&db, T1, "new", row! { bignum: 1_i64 << 40 }).await?;
    finds(&db, T1, row! { bignum: 1_i64 << 40 }, "new").await
}

async fn s003_old_rows_do_not_take_a_default_added_later(bench: Bench) -> Checked {
    let db = with_later_column(&bench, Column::int("bignum").value(7)).await?;
    stored(&db, T1, "old", row! { bignum: NULL }).await?;
    seed(&db, T1, [row! { id: "new" }]).await?;
    stored(&db, T1, "new", row! { bignum: 7 }).await
}

async fn s004_an_index_added_later_is_listed(bench: Bench) -> Checked {
    let db = with_later_column(&bench, Column::int("bignum").index()).await?;
    let Some(table) = db.schema().find(T1) else { return Err(Problem::new("no table")) };
    let indexes = db.pool(bench.pool()).indexes(table.clone()).await?;
    holds_that(indexes.iter().any(|name| name.contains("bignum")), || format!("there are {indexes:?}"))
}

async fn s005_the_later_description_of_a_column_wins(bench: Bench) -> Checked {
    let first = t1().column(Column::text("name").max(4).convert(Convert::Upper));
    let later = Table::new(T1).column(Column::new("name").max(9).convert(Convert::Lower));
    let db = bench.open([first, later]).await?;
    seed(&db, T1, [row! { id: "a1", name: "TEN-MINUS" }]).await?;
    stored(&db, T1, "a1", row! { name: "ten-minus" }).await
}

async fn s006_a_second_drop_is_no_error(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    db.drop_table(T1, &USUAL).await?;
    db.drop_table(T1, &USUAL).await?;
    db.create_tables().await?;
    absent(&db, T1, "a1").await
}

async fn s007_a_protected_table_is_not_dropped(bench: Bench) -> Checked {
    let pattern = Regex::new("^simp").map_err(Problem::new)?;
    let db = bench.open_with([t1(), t3()], |builder| builder.protect(pattern)).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    fails(db.drop_table(T1, &USUAL).await, ErrorKind::SkipDrop)?;
    fails(db.drop_table("T", &USUAL).await, ErrorKind::SkipDrop)?;
    db.drop_table(T3, &USUAL).await?;
    stored(&db, T1, "a1", row! { id: "a1" }).await
}

async fn s008_a_unique_column_refuses_the_same_value_twice(bench: Bench) -> Checked {
    let db = bench.open([t1().column(Column::text("email").unique())]).await?;
    seed(&db, T1, [row! { id: "a1", email: "e" }, row! { id: "a2", email: "f" }]).await?;
    fails(db.add(T1, row! { id: "a3", email: "e" }, &USUAL).await, ErrorKind::AlreadyExists)?;
    fails(db.put(T1, row! { id: "a2", email: "e" }, &USUAL).await, ErrorKind::AlreadyExists)?;
    fails(db.update(T1, row! { id: "a2", email: "e" }, &USUAL).await, ErrorKind::AlreadyExists)?;
    finds(&db, T1, Row::new(), "a1 a2").await?;
    stored(&db, T1, "a2", row! { email: "f" }).await
}

async fn a_unique_column_takes_several_nulls(bench: Bench) -> Checked {
    let db = bench.open([t1().column(Column::text("email").unique())]).await?;
    seed(&db, T1, [row! { id: "a1" }, row! { id: "a2" }]).await?;
    finds(&db, T1, row! { email: NULL }, "a1 a2").await
}

async fn s009_reserved_words_are_names_of_columns(bench: Bench) -> Checked {
    let table = Table::new("order")
        .column(Column::text("key").primary())
        .column(Column::int("order").index())
        .column(Column::text("group"))
        .column(Column::text("user"));
    let db = bench.open([table]).await?;
    let rows = [("k1", 2, "g"), ("k2", 1, "g"), ("k3", 3, "h")];
    seed(&db, "order", rows.map(|(key, order, group)| row! { key: key, order: order, group: group })).await?;
    let query = row! { group: "g" }.with("order_$gt", 0).with("user", NULL);
    let page = db.select::<Row>("order", query, &Options::new().sort("order")).await?;
    page_is(&page, "key", "k2 k1")?;
    affected(&db.update("order", row! { key: "k1", order: 9, user: "u" }, &USUAL).await?, 1)?;
    stored(&db, "order", "k1", row! { key: "k1", order: 9, group: "g", user: "u" }).await
}

async fn s010_table_names_ignore_case(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, "SIMPLE", [row! { id: "a1" }]).await?;
    stored(&db, "simple", "a1", row! { id: "a1" }).await?;
    finds(&db, "Simple", Row::new(), "a1").await
}

async fn s011_an_alias_is_the_table(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, "t", [row! { id: "a1", num: 1 }]).await?;
    stored(&db, T1, "a1", row! { num: 1 }).await?;
    stored(&db, "t", "a1", row! { num: 1 }).await?;
    finds(&db, "T", row! { num: 1 }, "a1").await
}

async fn s012_an_unknown_pool_is_the_default_pool(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let elsewhere = Options { pool: Some("nowhere".into()), ..Options::new() };
    affected(&db.add(T1, row! { id: "a1" }, &elsewhere).await?, 1)?;
    stored(&db, T1, "a1", row! { id: "a1" }).await?;
    finds_with(&db, T1, Row::new(), &elsewhere, "a1").await
}

async fn s013_the_none_pool_is_empty_and_takes_everything(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    let none = Options { pool: Some("none".into()), ..Options::new() };
    equal(db.get::<Row>(T1, "a1", &none).await?, None)?;
    equal(db.list::<Row, _>(T1, ["a1"], &none).await?, vec![])?;
    finds_with(&db, T1, Row::new(), &none, "").await?;
    affected(&db.add(T1, row! { id: "a2" }, &none).await?, 0)?;
    affected(&db.put(T1, row! { id: "a2" }, &none).await?, 0)?;
    affected(&db.update(T1, row! { id: "a1", num: 1 }, &none).await?, 0)?;
    affected(&db.incr(T3, row! { id: "c1", num: 1 }, &none).await?, 0)?;
    affected(&db.del(T1, "a1", &none).await?, 0)?;
    finds(&db, T1, Row::new(), "a1").await
}

/// Every operation on `table` fails with an error of this kind that names it.
async fn nothing_works(db: &Db, table: &str, kind: ErrorKind) -> Checked {
    let missing = |error: bkjs_core::Error| {
        holds_that(error.message().contains(table), || format!("{:?} names no table", error.message()))
    };
    let record = || row! { id: "a1", name: "n" };
    missing(fails(db.get::<Row>(table, "a1", &USUAL).await, kind)?)?;
    missing(fails(db.list::<Row, _>(table, ["a1"], &USUAL).await, kind)?)?;
    missing(fails(db.select::<Row>(table, record(), &USUAL).await, kind)?)?;
    missing(fails(db.add(table, record(), &USUAL).await, kind)?)?;
    missing(fails(db.put(table, record(), &USUAL).await, kind)?)?;
    missing(fails(db.update(table, record(), &USUAL).await, kind)?)?;
    missing(fails(db.incr(table, record(), &USUAL).await, kind)?)?;
    missing(fails(db.del(table, "a1", &USUAL).await, kind)?)?;
    missing(fails(db.update_all(table, record(), record(), &USUAL).await, kind)?)?;
    missing(fails(db.del_all(table, record(), &USUAL).await, kind)?)
}

async fn s014_an_unknown_table_is_not_found(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    nothing_works(&db, "nosuch", ErrorKind::NotFound).await?;
    fails(db.drop_table("nosuch", &USUAL).await.map(drop), ErrorKind::NotFound)?;
    nothing_works(&db, "simple; drop table simple", ErrorKind::NotFound).await
}

async fn a_table_that_was_not_created_is_told_apart_from_an_unknown_one(bench: Bench) -> Checked {
    let db = bench.connect([t1()], |builder| builder).await?;
    nothing_works(&db, T1, ErrorKind::NotPrepared).await
}

async fn two_processes_may_create_the_same_tables_at_once(bench: Bench) -> Checked {
    let first = bench.connect(all(), |builder| builder).await?;
    let second = bench.connect(all(), |builder| builder).await?;
    let processes = [first.clone(), second.clone()];
    let results = at_once(2, |i| {
        let db = processes[i as usize].clone();
        async move { db.create_tables().await }
    })
    .await?;
    for result in results {
        result?;
    }
    seed(&first, T1, [row! { id: "a1" }]).await?;
    finds(&second, T1, Query::new().op("id", Op::NotNull, NULL), "a1").await
}

async fn reopening_without_a_column_keeps_its_values(bench: Bench) -> Checked {
    let db = with_later_column(&bench, Column::int("bignum")).await?;
    seed(&db, T1, [row! { id: "new", bignum: 5 }]).await?;
    db.close().await;
    let narrow = bench.open([t1()]).await?;
    stored(&narrow, T1, "new", row! { id: "new", bignum: NULL }).await?;
    affected(&narrow.put(T1, row! { id: "new", num: 1 }, &USUAL).await?, 1)?;
    narrow.close().await;
    let wide = bench.open([t1().column(Column::int("bignum"))]).await?;
    stored(&wide, T1, "new", row! { bignum: 5, num: 1 }).await
}
