//! Section D: changes to a record, with and without a condition.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Op, Options, Query, Returning};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s050_an_update_changes_what_is_given_and_the_time,
    s051_an_update_of_an_absent_record_affects_nothing,
    s052_a_time_given_to_an_update_is_ignored,
    s053_a_read_only_column_keeps_its_value,
    s054_skipped_columns_are_not_generated,
    s055_null_and_empty_text_are_different,
    s056_an_update_without_a_key_is_refused,
    s057_an_update_happens_only_if_the_condition_holds,
    s058_a_condition_may_carry_an_operator,
    s059_a_condition_may_be_a_group_of_alternatives,
    s060_a_condition_may_be_negated,
    s061_a_condition_may_ask_for_null,
    s062_of_ten_conditional_updates_at_once_one_succeeds,
    s063_the_increment_operator_adds,
    s064_an_increment_of_null_starts_from_zero,
    s065_append_and_prepend_extend_text,
    s066_not_exists_sets_only_what_is_null,
    s067_unset_makes_null,
    s068_a_column_with_the_none_operator_is_left_alone,
    s069_an_update_gives_back_the_row_before_or_after,
    s070_a_condition_sees_the_value_before_the_change,
    s071_a_condition_on_an_unknown_column_is_refused,
    s072_the_key_of_a_record_does_not_change,
    operators_may_stand_in_the_names_of_a_record,
    an_unknown_operator_in_the_name_of_a_change_is_refused,
}

/// T1 with one record.
async fn one(bench: &Bench, record: Row) -> Checked<bkjs_core::db::Db> {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [record]).await?;
    Ok(db)
}

fn only_if(query: Query) -> Options {
    Options::new().only_if(query)
}

async fn s050_an_update_changes_what_is_given_and_the_time(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let untimed = Options { skip_columns: vec!["mtime".into()], ..Options::new() };
    db.add(T1, row! { id: "a1", num: 1, name: "n" }, &untimed).await?;
    stored(&db, T1, "a1", row! { mtime: NULL }).await?;
    let before = now_ms();
    affected(&db.update(T1, row! { id: "a1", email: "test", num: 2 }, &USUAL).await?, 1)?;
    stored(&db, T1, "a1", row! { name: "n", email: "test", num: 2 }).await?;
    let mtime = value_of(&db, T1, "a1", "mtime").await?.as_int();
    holds_that(mtime >= Some(before), || format!("mtime is {mtime:?}"))
}

async fn s051_an_update_of_an_absent_record_affects_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    affected(&db.update(T1, row! { id: "a1", num: 1 }, &USUAL).await?, 0)?;
    absent(&db, T1, "a1").await
}

async fn s052_a_time_given_to_an_update_is_ignored(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1" }).await?;
    let before = value_of(&db, T1, "a1", "mtime").await?.as_int();
    db.update(T1, row! { id: "a1", mtime: 123 }, &USUAL).await?;
    let after = value_of(&db, T1, "a1", "mtime").await?.as_int();
    holds_that(after >= before, || format!("mtime is {after:?}, was {before:?}"))
}

async fn s053_a_read_only_column_keeps_its_value(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1" }).await?;
    let before = value_of(&db, T1, "a1", "ctime").await?;
    db.update(T1, row! { id: "a1", num: 1, ctime: 123 }, &USUAL).await?;
    stored(&db, T1, "a1", row! { num: 1, ctime: before }).await
}

async fn s054_skipped_columns_are_not_generated(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let untimed = Options { skip_columns: vec!["mtime".into(), "num".into()], ..Options::new() };
    db.add(T1, row! { id: "a1", num: 1 }, &untimed).await?;
    affected(&db.update(T1, row! { id: "a1", name: "n", num: 2 }, &untimed).await?, 1)?;
    stored(&db, T1, "a1", row! { mtime: NULL, num: NULL, name: "n" }).await
}

async fn s055_null_and_empty_text_are_different(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", name: "n", email: "e", num: 1 }).await?;
    db.update(T1, row! { id: "a1", name: NULL, email: "", num: NULL }, &USUAL).await?;
    stored(&db, T1, "a1", row! { name: NULL, email: "", num: NULL }).await
}

async fn s056_an_update_without_a_key_is_refused(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    refused(db.update(T1, row! { num: 2 }, &USUAL).await)?;
    refused(db.update(T1, row! { num: 2 }, &only_if(Query::new().eq("num", 1))).await)?;
    refused(db.update(T1, Row::new(), &USUAL).await)?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn s057_an_update_happens_only_if_the_condition_holds(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 2 }).await?;
    let if_two = only_if(Query::new().eq("num", "2"));
    affected(&db.update(T1, row! { id: "a1", num: 5 }, &if_two).await?, 1)?;
    affected(&db.update(T1, row! { id: "a1", num: 6 }, &if_two).await?, 0)?;
    stored(&db, T1, "a1", row! { num: 5 }).await
}

async fn s058_a_condition_may_carry_an_operator(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 2 }).await?;
    let over_one = only_if(Query::new().op("num", Op::Gt, 1));
    affected(&db.update(T1, row! { id: "a1", num: 1 }, &over_one).await?, 1)?;
    affected(&db.update(T1, row! { id: "a1", num: 9 }, &over_one).await?, 0)
}

async fn s059_a_condition_may_be_a_group_of_alternatives(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", email: "x" }, row! { id: "a2" }, row! { id: "a3", email: "y" }]).await?;
    let x_or_none = only_if(Query::new().or(Query::new().eq("email", "x").eq("email", NULL)));
    for (id, count) in [("a1", 1), ("a2", 1), ("a3", 0)] {
        affected(&db.update(T1, row! { id: id, num: 1 }, &x_or_none).await?, count)?;
    }
    finds(&db, T1, row! { num: 1 }, "a1 a2").await
}

async fn s060_a_condition_may_be_negated(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 5 }).await?;
    let not_five = only_if(Query::new().not(Query::new().eq("num", 5)));
    affected(&db.update(T1, row! { id: "a1", num: 6 }, &not_five).await?, 0)?;
    db.update(T1, row! { id: "a1", num: 4 }, &USUAL).await?;
    affected(&db.update(T1, row! { id: "a1", num: 6 }, &not_five).await?, 1)
}

async fn s061_a_condition_may_ask_for_null(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1" }).await?;
    let nameless = only_if(Query::new().eq("name", NULL));
    affected(&db.update(T1, row! { id: "a1", name: "n" }, &nameless).await?, 1)?;
    affected(&db.update(T1, row! { id: "a1", name: "m" }, &nameless).await?, 0)?;
    stored(&db, T1, "a1", row! { name: "n" }).await
}

async fn s062_of_ten_conditional_updates_at_once_one_succeeds(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 0 }).await?;
    let results = at_once(10, |i| {
        let db = db.clone();
        async move { db.update(T1, row! { id: "a1", num: i + 1 }, &only_if(Query::new().eq("num", 0))).await }
    })
    .await?;
    let mut winners = Vec::new();
    for (i, result) in (1..).zip(results) {
        winners.extend((result?.affected == 1).then_some(i));
    }
    equal(winners.len(), 1)?;
    stored(&db, T1, "a1", row! { num: winners[0] }).await
}

async fn s063_the_increment_operator_adds(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 5 }).await?;
    affected(&db.update(T1, row! { id: "a1", num: 10 }, &ops(&[("num", Op::Incr)])).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 15 }).await
}

async fn s064_an_increment_of_null_starts_from_zero(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1" }).await?;
    db.update(T1, row! { id: "a1", num: 10 }, &ops(&[("num", Op::Incr)])).await?;
    stored(&db, T1, "a1", row! { num: 10 }).await
}

async fn s065_append_and_prepend_extend_text(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", name: "n" }).await?;
    db.update(
        T1,
        row! { id: "a1", name: "!", email: "+" },
        &ops(&[("name", Op::Append), ("email", Op::Append)]),
    )
    .await?;
    db.update(T1, row! { id: "a1", name: ">" }, &ops(&[("name", Op::Prepend)])).await?;
    stored(&db, T1, "a1", row! { name: ">n!", email: "+" }).await
}

async fn s066_not_exists_sets_only_what_is_null(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    let missing = ops(&[("num", Op::NotExists), ("num2", Op::NotExists)]);
    affected(&db.update(T1, row! { id: "a1", num: 8, num2: 9 }, &missing).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 1, num2: 9 }).await
}

async fn s067_unset_makes_null(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1, name: "n" }).await?;
    db.update(T1, row! { id: "a1", num: 1 }, &ops(&[("num", Op::Unset)])).await?;
    stored(&db, T1, "a1", row! { num: NULL, name: "n" }).await
}

async fn s068_a_column_with_the_none_operator_is_left_alone(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    db.update(T1, row! { id: "a1", num: 2, name: "n" }, &ops(&[("num", Op::None)])).await?;
    stored(&db, T1, "a1", row! { num: 1, name: "n" }).await
}

async fn s069_an_update_gives_back_the_row_before_or_after(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1, name: "n" }).await?;
    let new = Options::new().returning(Returning::New);
    let written = db.update(T1, row! { id: "a1", num: 2 }, &new).await?;
    has(written.row.as_ref(), &row! { id: "a1", num: 2, name: "n" })?;
    let old = Options::new().returning(Returning::Old);
    let written = db.update(T1, row! { id: "a1", num: 3 }, &old).await?;
    has(written.row.as_ref(), &row! { id: "a1", num: 2, name: "n" })?;
    stored(&db, T1, "a1", row! { num: 3 }).await?;
    let unmet = new.only_if(Query::new().eq("num", 99));
    equal(db.update(T1, row! { id: "a1", num: 4 }, &unmet).await?.row, None)
}

async fn s070_a_condition_sees_the_value_before_the_change(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    let if_new = only_if(Query::new().eq("num", 2));
    affected(&db.update(T1, row! { id: "a1", num: 2 }, &if_new).await?, 0)?;
    let if_old = only_if(Query::new().eq("num", 1));
    affected(&db.update(T1, row! { id: "a1", num: 2 }, &if_old).await?, 1)
}

async fn s071_a_condition_on_an_unknown_column_is_refused(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    let unknown = only_if(Query::new().eq("nosuch", 1));
    let error = fails(db.update(T1, row! { id: "a1", num: 2 }, &unknown).await, ErrorKind::Invalid)?;
    holds_that(error.message().contains("nosuch"), || error.message().to_owned())?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn s072_the_key_of_a_record_does_not_change(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 1 }).await?;
    affected(&db.update_all(T1, row! { num: 1 }, row! { id: "b1", num: 2 }, &USUAL).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 2 }).await?;
    absent(&db, T1, "b1").await
}

async fn operators_may_stand_in_the_names_of_a_record(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 5, name: "n" }).await?;
    let record = row! { id: "a1" }.with("num_$incr", 2).with("name_$append", "!");
    affected(&db.update(T1, record, &USUAL).await?, 1)?;
    stored(&db, T1, "a1", row! { num: 7, name: "n!" }).await
}

async fn an_unknown_operator_in_the_name_of_a_change_is_refused(bench: Bench) -> Checked {
    let db = one(&bench, row! { id: "a1", num: 5 }).await?;
    let record = row! { id: "a1" }.with("num_$bogus", 2);
    fails(db.update(T1, record, &USUAL).await, ErrorKind::Invalid)?;
    stored(&db, T1, "a1", row! { num: 5 }).await
}
