//! Section B: records one by one.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Options, Returning};
use bkjs_core::value::{Row, Value};

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    s015_add_then_get_gives_the_same_values,
    s016_a_number_given_as_text_reads_as_a_number,
    s017_a_column_that_is_not_declared_is_not_stored,
    s018_a_name_that_starts_with_an_underscore_is_ignored,
    s019_an_absent_column_reads_null_or_its_default,
    s020_adding_a_key_again_is_refused_and_changes_nothing,
    s021_adding_a_key_again_with_do_nothing_is_no_error,
    s022_a_record_without_a_key_is_refused,
    s023_add_gives_back_the_row_with_defaults_and_generated_values,
    s024_of_ten_adds_of_one_key_at_once_one_succeeds,
    s025_a_missing_record_is_none,
    s026_a_key_may_be_given_as_values_or_by_name,
    s027_part_of_a_key_is_refused,
    s028_further_columns_restrict_a_get,
    s029_values_of_a_get_are_converted,
    s030_a_get_without_anything_is_refused,
    s031_a_get_with_unknown_columns_only_is_refused,
    s032_a_get_returns_the_selected_columns_only,
    s033_any_text_may_be_a_key,
    s034_keys_that_differ_in_case_are_different,
    s035_keys_are_compared_by_bytes,
    s036_a_second_delete_affects_nothing,
    s037_unknown_columns_beside_the_key_do_not_hinder_a_delete,
    s038_a_delete_with_unknown_columns_only_is_refused,
    s039_a_delete_without_anything_is_refused,
    s040_a_delete_by_two_parts_leaves_the_neighbour,
    s041_a_delete_gives_back_the_row,
    s042_a_record_added_after_its_delete_is_fresh,
    further_columns_restrict_a_delete,
    a_key_that_no_record_can_have_is_absent,
    selected_columns_are_all_that_get_and_select_return,
}

async fn s015_add_then_get_gives_the_same_values(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let before = now_ms();
    affected(&db.add(T1, row! { id: "a1", num: 1, email: "x" }, &USUAL).await?, 1)?;
    stored(&db, T1, "a1", row! { id: "a1", num: 1, num2: NULL, email: "x", name: NULL }).await?;
    for name in ["mtime", "ctime"] {
        let time = value_of(&db, T1, "a1", name).await?.as_int().unwrap_or(0);
        holds_that((before..=now_ms()).contains(&time), || format!("{name} is {time}"))?;
    }
    Ok(())
}

async fn s016_a_number_given_as_text_reads_as_a_number(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: "1" }]).await?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn s017_a_column_that_is_not_declared_is_not_stored(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1, nosuch: "x" }]).await?;
    let row = read(&db, T1, "a1").await?;
    has(row.as_ref(), &row! { num: 1 })?;
    equal(row.is_some_and(|row| row.contains("nosuch")), false)
}

async fn s018_a_name_that_starts_with_an_underscore_is_ignored(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", _num: 7, num: 1 }]).await?;
    affected(&db.update(T1, row! { id: "a1", _x: 1, num: 2 }, &USUAL).await?, 1)?;
    finds(&db, T1, row! { id: "a1", _num: 99 }, "a1").await?;
    stored(&db, T1, "a1", row! { num: 2, _num: NULL, _x: NULL }).await
}

async fn s019_an_absent_column_reads_null_or_its_default(bench: Bench) -> Checked {
    let db = bench.open([t1(), t3()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    seed(&db, T3, [row! { id: "c1" }]).await?;
    stored(&db, T1, "a1", row! { num: NULL, name: NULL }).await?;
    stored(&db, T3, "c1", row! { num: 0, hits: 0, name: NULL }).await
}

async fn s020_adding_a_key_again_is_refused_and_changes_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let error = fails(db.add(T1, row! { id: "a1", num: 2 }, &USUAL).await, ErrorKind::AlreadyExists)?;
    equal(error.status(), 409)?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn s021_adding_a_key_again_with_do_nothing_is_no_error(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let gently = Options { do_nothing: true, ..Options::new() };
    affected(&db.add(T1, row! { id: "a1", num: 1 }, &gently).await?, 1)?;
    affected(&db.add(T1, row! { id: "a1", num: 2 }, &gently).await?, 0)?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn s022_a_record_without_a_key_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1(), t2()]).await?;
    refused(db.add(T1, row! { num: 1 }, &USUAL).await)?;
    refused(db.add(T1, row! { id: NULL, num: 1 }, &USUAL).await)?;
    refused(db.put(T2, row! { id: "p", num: 1 }, &USUAL).await)?;
    finds(&db, T1, Row::new(), "").await?;
    finds(&db, T2, Row::new(), "").await
}

async fn s023_add_gives_back_the_row_with_defaults_and_generated_values(bench: Bench) -> Checked {
    let db = bench.open([t3(), t7()]).await?;
    let new = Options::new().returning(Returning::New);
    let written = db.add(T3, row! { id: "c1", name: "n" }, &new).await?;
    has(written.row.as_ref(), &row! { id: "c1", num: 0, hits: 0, name: "n" })?;
    let written = db.add(T7, Row::new(), &new).await?;
    let row = written.row.unwrap_or_default();
    stored(&db, T7, row.text("id"), row.clone()).await?;
    let prepared = Options { prepared: true, ..Options::new() };
    let written = db.add(T7, Row::new(), &prepared).await?;
    equal(written.row, None)?;
    equal(written.prepared.unwrap_or_default().text("id").len(), 32)
}

async fn s024_of_ten_adds_of_one_key_at_once_one_succeeds(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let results = at_once(10, |i| {
        let db = db.clone();
        async move { db.add(T1, row! { id: "a1", num: i }, &USUAL).await }
    })
    .await?;
    equal(results.iter().filter(|r| r.is_ok()).count(), 1)?;
    for result in results.into_iter().filter(Result::is_err) {
        fails(result, ErrorKind::AlreadyExists)?;
    }
    Ok(())
}

async fn s025_a_missing_record_is_none(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    absent(&db, T1, "nobody").await
}

async fn s026_a_key_may_be_given_as_values_or_by_name(bench: Bench) -> Checked {
    let db = bench.open([t1(), t2()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    seed(&db, T2, [row! { id: "p", id2: "1", num: 1 }, row! { id: "p", id2: "2", num: 2 }]).await?;
    stored(&db, T1, row! { id: "a1" }, row! { num: 1 }).await?;
    stored(&db, T1, vec![Value::from("a1")], row! { num: 1 }).await?;
    stored(&db, T2, ("p", "2"), row! { num: 2 }).await?;
    stored(&db, T2, vec![Value::from("p"), Value::from("1")], row! { num: 1 }).await?;
    stored(&db, T2, row! { id2: "2", id: "p" }, row! { num: 2 }).await
}

async fn s027_part_of_a_key_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    seed(&db, T2, [row! { id: "p", id2: "1" }]).await?;
    fails(db.get::<Row>(T2, row! { id: "p" }, &USUAL).await, ErrorKind::KeyIncomplete)?;
    fails(db.get::<Row>(T2, "p", &USUAL).await, ErrorKind::KeyIncomplete)?;
    fails(db.del(T2, row! { id: "p" }, &USUAL).await, ErrorKind::KeyIncomplete)?;
    stored(&db, T2, ("p", "1"), row! { id2: "1" }).await
}

async fn s028_further_columns_restrict_a_get(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    stored(&db, T1, row! { id: "a1", num: 1 }, row! { id: "a1" }).await?;
    absent(&db, T1, row! { id: "a1", num: 2 }).await
}

async fn s029_values_of_a_get_are_converted(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "7", num: 1 }]).await?;
    stored(&db, T1, row! { id: 7, num: "1" }, row! { id: "7" }).await?;
    stored(&db, T1, 7, row! { id: "7" }).await
}

async fn s030_a_get_without_anything_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    refused(db.get::<Row>(T1, Row::new(), &USUAL).await)?;
    refused(db.get::<Row>(T1, Vec::<Value>::new(), &USUAL).await)
}

async fn s031_a_get_with_unknown_columns_only_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    refused(db.get::<Row>(T1, row! { nosuch: 1 }, &USUAL).await)
}

async fn s032_a_get_returns_the_selected_columns_only(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", email: "e", num: 1, name: "n" }]).await?;
    let row: Option<Row> = db.get(T1, "a1", &Options::new().select(["id", "email"])).await?;
    equal(row, Some(row! { id: "a1", email: "e" }))?;
    let row: Option<Row> = db.get(T1, "a1", &Options::new().select(["email", "nosuch"])).await?;
    equal(row, Some(row! { email: "e" }))
}

async fn s033_any_text_may_be_a_key(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let long = "x".repeat(200);
    let keys = [" ", " a", "a ", "a", "a'b", "a\"b", "%", "_", "a\\b", "a;b", "a\nb", "\u{1f600}", &long];
    for (n, key) in keys.iter().enumerate() {
        seed(&db, T1, [row! { id: *key, num: n as i64 }]).await?;
    }
    for key in keys {
        affected(&db.update(T1, row! { id: key, name: key }, &USUAL).await?, 1)?;
    }
    for (n, key) in keys.into_iter().enumerate() {
        stored(&db, T1, key, row! { id: key, num: n as i64, name: key }).await?;
        affected(&db.del(T1, key, &USUAL).await?, 1)?;
        absent(&db, T1, key).await?;
        let left = db.select::<Row>(T1, Row::new(), &USUAL).await?;
        equal(left.rows.len(), keys.len() - n - 1)?;
    }
    Ok(())
}

async fn s034_keys_that_differ_in_case_are_different(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "ab", num: 1 }, row! { id: "AB", num: 2 }]).await?;
    stored(&db, T1, "ab", row! { num: 1 }).await?;
    stored(&db, T1, "AB", row! { num: 2 }).await?;
    absent(&db, T1, "Ab").await
}

async fn s035_keys_are_compared_by_bytes(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "\u{e9}", num: 1 }, row! { id: "e\u{301}", num: 2 }]).await?;
    stored(&db, T1, "\u{e9}", row! { num: 1 }).await?;
    stored(&db, T1, "e\u{301}", row! { num: 2 }).await
}

async fn s036_a_second_delete_affects_nothing(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }, row! { id: "a2" }]).await?;
    affected(&db.del(T1, "a1", &USUAL).await?, 1)?;
    absent(&db, T1, "a1").await?;
    affected(&db.del(T1, "a1", &USUAL).await?, 0)?;
    finds(&db, T1, Row::new(), "a2").await
}

async fn s037_unknown_columns_beside_the_key_do_not_hinder_a_delete(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }, row! { id: "a2" }]).await?;
    affected(&db.del(T1, row! { id: "a1", nosuch: 1 }, &USUAL).await?, 1)?;
    finds(&db, T1, Row::new(), "a2").await
}

async fn s038_a_delete_with_unknown_columns_only_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    refused(db.del(T1, row! { nosuch: 1 }, &USUAL).await)?;
    finds(&db, T1, Row::new(), "a1").await
}

async fn s039_a_delete_without_anything_is_refused(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    refused(db.del(T1, Row::new(), &USUAL).await)?;
    finds(&db, T1, Row::new(), "a1").await
}

async fn s040_a_delete_by_two_parts_leaves_the_neighbour(bench: Bench) -> Checked {
    let db = bench.open([t2()]).await?;
    seed(&db, T2, [row! { id: "p", id2: "1" }, row! { id: "p", id2: "2" }]).await?;
    affected(&db.del(T2, ("p", "1"), &USUAL).await?, 1)?;
    absent(&db, T2, ("p", "1")).await?;
    stored(&db, T2, ("p", "2"), row! { id2: "2" }).await
}

async fn s041_a_delete_gives_back_the_row(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    let old = Options::new().returning(Returning::Old);
    let written = db.del(T1, "a1", &old).await?;
    affected(&written, 1)?;
    has(written.row.as_ref(), &row! { id: "a1", num: 1 })?;
    equal(db.del(T1, "a1", &old).await?.row, None)
}

async fn s042_a_record_added_after_its_delete_is_fresh(bench: Bench) -> Checked {
    let db = bench.open([t3()]).await?;
    seed(&db, T3, [row! { id: "c1", num: 7, name: "old" }]).await?;
    affected(&db.del(T3, "c1", &USUAL).await?, 1)?;
    seed(&db, T3, [row! { id: "c1" }]).await?;
    stored(&db, T3, "c1", row! { num: 0, name: NULL }).await
}

async fn further_columns_restrict_a_delete(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    affected(&db.del(T1, row! { id: "a1", num: 2 }, &USUAL).await?, 0)?;
    affected(&db.del(T1, row! { id: "a1", num: 1 }, &USUAL).await?, 1)
}

async fn selected_columns_are_all_that_get_and_select_return(bench: Bench) -> Checked {
    let db = bench.open([t6()]).await?;
    seed(&db, T6, [row! { id: "v", tags: list!["a"], flag: true }]).await?;
    let flag = Options::new().select(["flag"]);
    let row: Row = db.get(T6, "v", &flag).await?.unwrap_or_default();
    only_columns(&row, "flag")?;
    let page = db.select::<Row>(T6, Row::new(), &flag.sort("txt")).await?;
    equal(page.rows, vec![row! { flag: true }])
}

async fn a_key_that_no_record_can_have_is_absent(bench: Bench) -> Checked {
    let db = bench.open([t1(), t2()]).await?;
    seed(&db, T1, [row! { id: "a1" }]).await?;
    absent(&db, T1, "a1\0").await?;
    absent(&db, T1, row! { id: "\0a1", num: 1 }).await?;
    absent(&db, T2, ("a1", "\0")).await?;
    let found: Vec<Row> = db.list(T1, ["\0", "a1", "a1\0"], &USUAL).await?;
    equal(column(&found, "id"), "a1".to_owned())
}
