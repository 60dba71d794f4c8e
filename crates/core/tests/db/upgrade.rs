//! Section A, upgrades: what differs between a store and its tables is planned, carried out, or told to people.

use bkjs_core::ErrorKind;
use bkjs_core::db::{Db, Difference, Differs, Gravity, Options};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;

use crate::backend::Bench;
use crate::check::*;
use crate::tables::*;
use crate::trial::trials;

trials! {
    a_plan_of_an_empty_store_is_what_creation_does,
    a_new_column_is_planned_and_added_beside_old_values,
    a_new_index_is_planned_and_finds_old_records,
    a_new_unique_index_is_planned_and_made if unique,
    a_unique_index_that_cannot_be_made_stays_planned if unique,
    another_type_is_told_and_what_is_stored_stays,
    another_key_is_told_and_nothing_of_the_table_is_changed,
    an_index_of_another_uniqueness_is_told if unique,
    types_that_are_stored_alike_are_no_difference,
    what_only_the_store_knows_is_noted_and_stays,
    what_a_new_record_would_fail_for_is_told if raw_query,
    a_text_of_another_collation_or_length_is_told if raw_query,
    creators_at_once_upgrade_once,
}

/// The store with these tables, of which nothing is created.
async fn later(bench: &Bench, tables: impl IntoIterator<Item = Table>) -> Checked<Db> {
    bench.connect(tables, |builder| builder).await
}

fn count(found: &[Difference], gravity: Gravity) -> usize {
    found.iter().filter(|one| one.gravity() == gravity).count()
}

/// A plan that changes something is carried out as it is, and then nothing is left to do.
async fn carried_out(db: &Db) -> Checked<Vec<Difference>> {
    let plan = db.plan_tables().await?;
    equal(db.plan_tables().await?, plan.clone())?;
    equal(db.create_tables().await?, plan.clone())?;
    equal(count(&db.plan_tables().await?, Gravity::Change), 0)?;
    Ok(plan)
}

/// A plan that changes nothing is the same again and again.
async fn stays(db: &Db) -> Checked<Vec<Difference>> {
    let plan = carried_out(db).await?;
    equal(count(&plan, Gravity::Change), 0)?;
    equal(db.plan_tables().await?, plan.clone())?;
    Ok(plan)
}

async fn a_plan_of_an_empty_store_is_what_creation_does(bench: Bench) -> Checked {
    let db = later(&bench, all()).await?;
    let plan = db.plan_tables().await?;
    for table in all() {
        let is_planned = |one: &&Difference| {
            one.table.as_ref() == Some(&table.name) && matches!(one.what, Differs::Table { .. })
        };
        equal(plan.iter().filter(is_planned).count(), 1)?;
    }
    equal(count(&plan, Gravity::Change), plan.len())?;
    let told = fails(db.get::<Row>(T1, "a1", &USUAL).await, ErrorKind::NotPrepared)?;
    // The caller learns which table, and the log what to do.
    holds_that(told.status() == 503 && told.message().contains(T1), || told.message().to_owned())?;
    holds_that(!told.message().contains("run "), || told.message().to_owned())?;
    holds_that(told.log_text().contains("run with -db-create-tables"), || told.log_text())?;
    carried_out(&db).await?;
    equal(db.plan_tables().await?, Vec::new())?;
    equal(db.create_tables().await?, Vec::new())?;
    seed(&db, T1, [row! { id: "a1", num: 1 }]).await?;
    stored(&db, T1, "a1", row! { num: 1 }).await
}

async fn a_new_column_is_planned_and_added_beside_old_values(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    seed(&first, T1, [row! { id: "old", num: 1, name: "n" }]).await?;
    let db = later(&bench, [t1().column(Column::int("bignum"))]).await?;
    let plan = carried_out(&db).await?;
    holds_that(
        matches!(plan.as_slice(), [Difference { what: Differs::Column { column, .. }, .. }] if column == "bignum"),
        || format!("planned {plan:?}"),
    )?;
    equal(db.plan_tables().await?, Vec::new())?;
    stored(&db, T1, "old", row! { num: 1, name: "n", bignum: NULL }).await?;
    db.update(T1, row! { id: "old", bignum: 5 }, &USUAL).await?;
    stored(&db, T1, "old", row! { num: 1, bignum: 5 }).await
}

async fn a_new_index_is_planned_and_finds_old_records(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    seed(&first, T1, [row! { id: "a1", num: 1 }, row! { id: "a2", num: 2 }]).await?;
    let db = later(&bench, [t1().column(Column::int("num").index())]).await?;
    let plan = carried_out(&db).await?;
    holds_that(
        matches!(plan.as_slice(), [Difference { what: Differs::Index { unique: false, .. }, .. }]),
        || format!("planned {plan:?}"),
    )?;
    finds(&db, T1, row! { num: 2 }, "a2").await
}

fn with_unique_email() -> Table {
    t1().column(Column::text("email").unique())
}

fn is_unique_index(one: &Difference) -> bool {
    matches!(one.what, Differs::Index { unique: true, .. })
}

async fn a_new_unique_index_is_planned_and_made(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    seed(&first, T1, [row! { id: "a1", email: "e" }, row! { id: "a2" }]).await?;
    let db = later(&bench, [with_unique_email()]).await?;
    let plan = carried_out(&db).await?;
    equal(plan.iter().filter(|one| is_unique_index(one)).count(), 1)?;
    equal(db.plan_tables().await?, Vec::new())?;
    fails(db.add(T1, row! { id: "a3", email: "e" }, &USUAL).await, ErrorKind::AlreadyExists)?;
    finds(&db, T1, Row::new(), "a1 a2").await
}

async fn a_unique_index_that_cannot_be_made_stays_planned(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    seed(&first, T1, [row! { id: "a1", email: "e" }, row! { id: "a2", email: "e" }]).await?;
    let db = later(&bench, [with_unique_email()]).await?;
    for _ in 0..2 {
        equal(db.plan_tables().await?.iter().filter(|one| is_unique_index(one)).count(), 1)?;
        let error = fails(db.create_tables().await, ErrorKind::AlreadyExists)?;
        holds_that(error.message().contains("equal values"), || error.message().to_owned())?;
    }
    let first = later(&bench, [t1()]).await?;
    stored(&first, T1, "a1", row! { email: "e" }).await?;
    first.update(T1, row! { id: "a2", email: "f" }, &USUAL).await?;
    carried_out(&db).await?;
    equal(db.plan_tables().await?, Vec::new())
}

async fn another_type_is_told_and_what_is_stored_stays(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    seed(&first, T1, [row! { id: "a1", num: 1, name: "n" }]).await?;
    let other = || t1().column(Column::text("num")).column(Column::json("more"));
    let db = later(&bench, [other()]).await?;
    let plan = carried_out(&db).await?;
    let problems: Vec<&Difference> = plan.iter().filter(|one| one.gravity() == Gravity::Problem).collect();
    holds_that(
        matches!(problems.as_slice(), [Difference { what: Differs::Type { column, .. }, .. }] if column == "num"),
        || format!("planned {plan:?}"),
    )?;
    holds_that(problems[0].advice().is_some(), || "no advice")?;
    // What can be done is done all the same.
    equal(count(&plan, Gravity::Change), 1)?;
    equal(stays(&db).await?.len(), 1)?;
    let first = later(&bench, [t1()]).await?;
    stored(&first, T1, "a1", row! { num: 1, name: "n" }).await
}

async fn another_key_is_told_and_nothing_of_the_table_is_changed(bench: Bench) -> Checked {
    let first = bench.open([t2()]).await?;
    seed(&first, T2, [row! { id: "a", id2: "b", num: 1 }]).await?;
    let part = || Table::new(T2).column(Column::text("id").primary()).column(Column::text("id2"));
    let turned = || Table::new(T2).column(Column::text("id2").primary()).column(Column::text("id").primary());
    for (table, key) in [(part(), vec!["id"]), (turned(), vec!["id2", "id"])] {
        let db = later(&bench, [table.column(Column::int("more").index())]).await?;
        let plan = stays(&db).await?;
        let told = Differs::Key {
            stored: vec!["id".into(), "id2".into()],
            wanted: key.into_iter().map(str::to_owned).collect(),
        };
        holds_that(plan.iter().any(|one| one.what == told), || format!("planned {plan:?}"))?;
        equal(count(&plan, Gravity::Problem), 1)?;
    }
    let first = later(&bench, [t2()]).await?;
    equal(first.plan_tables().await?, Vec::new())?;
    stored(&first, T2, row! { id: "a", id2: "b" }, row! { num: 1 }).await
}

async fn an_index_of_another_uniqueness_is_told(bench: Bench) -> Checked {
    let first = bench.open([t1().column(Column::text("email").index())]).await?;
    seed(&first, T1, [row! { id: "a1", email: "e" }, row! { id: "a2", email: "e" }]).await?;
    let db = later(&bench, [with_unique_email()]).await?;
    carried_out(&db).await?;
    let plan = stays(&db).await?;
    holds_that(
        matches!(plan.as_slice(), [Difference { what: Differs::Uniqueness { unique: true, .. }, .. }]),
        || format!("planned {plan:?}"),
    )?;
    finds(&first, T1, row! { email: "e" }, "a1 a2").await
}

async fn types_that_are_stored_alike_are_no_difference(bench: Bench) -> Checked {
    let table = || Table::new("alike").column(Column::text("id").primary());
    let first = table()
        .column(Column::int("a").index())
        .column(Column::int("b"))
        .column(Column::text("c").index())
        .column(Column::object("d"));
    let other = table()
        .column(Column::counter("a").index())
        .column(Column::time("b"))
        .column(Column::email("c").index())
        .column(Column::json("d"));
    let db = bench.open([first]).await?;
    let record = row! { id: "a1", a: 1, b: 2, c: "x@y.com", d: Row::new().with("e", 1) };
    seed(&db, "alike", [record.clone()]).await?;
    let db = later(&bench, [other]).await?;
    equal(db.plan_tables().await?, Vec::new())?;
    stored(&db, "alike", "a1", record).await?;
    finds(&db, "alike", row! { a: 1 }, "a1").await?;
    finds(&db, "alike", row! { c: "x@y.com" }, "a1").await
}

async fn what_only_the_store_knows_is_noted_and_stays(bench: Bench) -> Checked {
    let wide = || t1().column(Column::text("old").index());
    let first = bench.open([wide()]).await?;
    seed(&first, T1, [row! { id: "a1", old: "x" }]).await?;
    let db = later(&bench, [t1()]).await?;
    let plan = stays(&db).await?;
    holds_that(
        matches!(
            plan.as_slice(),
            [Difference { what: Differs::UnknownColumn { column, .. }, .. },
             Difference { what: Differs::UnknownIndex { unique: false, .. }, .. }] if column == "old"
        ),
        || format!("planned {plan:?}"),
    )?;
    equal(count(&plan, Gravity::Note), 2)?;
    db.update(T1, row! { id: "a1", num: 2 }, &USUAL).await?;
    let first = later(&bench, [wide()]).await?;
    stored(&first, T1, "a1", row! { old: "x", num: 2 }).await?;
    equal(first.plan_tables().await?, Vec::new())
}

/// A column that may be null, one that only others know, and one that others know and fill.
fn of_others() -> Table {
    Table::new("others").column(Column::text("id").primary()).column(Column::int("num"))
}

/// Statements that make the table of a product [`of_others`] as such others have it.
fn made_by_others(pool: &str) -> &'static [&'static str] {
    match pool {
        "sqlite" => &[
            "DROP TABLE others",
            "CREATE TABLE others (id TEXT PRIMARY KEY NOT NULL, num INTEGER NOT NULL, old TEXT NOT NULL, \
             kept TEXT NOT NULL DEFAULT 'x') STRICT",
        ],
        "mysql" => &["ALTER TABLE others MODIFY num bigint NOT NULL, ADD COLUMN old text NOT NULL, \
             ADD COLUMN kept varchar(9) NOT NULL DEFAULT 'x', ADD COLUMN counted int NOT NULL AUTO_INCREMENT UNIQUE"],
        _ => &[
            "ALTER TABLE others ALTER COLUMN num SET NOT NULL, ADD COLUMN old text COLLATE \"C\" NOT NULL, \
             ADD COLUMN kept text NOT NULL DEFAULT 'x', ADD COLUMN counted int GENERATED ALWAYS AS IDENTITY",
        ],
    }
}

async fn run_all(db: &Db, statements: &[&str]) -> Checked {
    for statement in statements {
        db.query(statement, Vec::new(), &USUAL).await?;
    }
    Ok(())
}

/// What a plan calls a problem.
fn problems(plan: &[Difference]) -> Vec<&Differs> {
    plan.iter().filter(|one| one.gravity() == Gravity::Problem).map(|one| &one.what).collect()
}

async fn what_a_new_record_would_fail_for_is_told(bench: Bench) -> Checked {
    let db = bench.open([of_others()]).await?;
    run_all(&db, made_by_others(bench.pool())).await?;
    let plan = stays(&db).await?;
    holds_that(
        matches!(
            problems(&plan).as_slice(),
            [Differs::NotNull { column }, Differs::UnknownRequired { column: unknown, .. }]
                if column == "num" && unknown == "old"
        ),
        || format!("planned {plan:?}"),
    )?;
    holds_that(
        plan.iter().all(|one| one.gravity() == Gravity::Note || one.advice().is_some()),
        || "no advice",
    )?;
    let is_noted =
        |one: &Difference| matches!(&one.what, Differs::UnknownColumn { column, .. } if column == "kept");
    equal(plan.iter().filter(|one| is_noted(one)).count(), 1)?;
    holds_that(db.add("others", row! { id: "a", num: 1 }, &USUAL).await.is_err(), || "a record was added")?;
    // What the description asks for itself is no difference.
    let strict = of_others().column(Column::int("num").not_null()).column(Column::text("old").not_null());
    let db = later(&bench, [strict]).await?;
    equal(problems(&stays(&db).await?).len(), usize::from(bench.pool() == "mysql"))?;
    db.add("others", row! { id: "a", num: 1, old: "x" }, &USUAL).await?;
    stored(&db, "others", "a", row! { num: 1, old: "x" }).await
}

/// Statements that give texts of T1 another collation or length, and what is told then.
fn changed_texts(pool: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match pool {
        // The product has texts of one length, and does not say how they are compared.
        "sqlite" => (&[], &[]),
        "mysql" => (
            &[
                "ALTER TABLE simple MODIFY email longtext CHARACTER SET latin1 COLLATE latin1_swedish_ci",
                "ALTER TABLE simple MODIFY name varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            ],
            &[
                "table simple column email has the collation latin1_swedish_ci in the database and needs utf8mb4_",
                "table simple column name is varchar(20) in the database, which holds less than longtext: left as it is",
                "table simple column name has the collation utf8mb4_general_ci in the database and needs utf8mb4_",
            ],
        ),
        _ => (
            &[
                "ALTER TABLE simple ALTER COLUMN email TYPE text COLLATE \"ucs_basic\"",
                "ALTER TABLE simple ALTER COLUMN name TYPE text COLLATE \"POSIX\"",
            ],
            &[
                "table simple column email has the collation ucs_basic in the database and needs C: left as it is",
            ],
        ),
    }
}

async fn a_text_of_another_collation_or_length_is_told(bench: Bench) -> Checked {
    let db = bench.open([t1()]).await?;
    let (statements, told) = changed_texts(bench.pool());
    if !bench.can().raw_query {
        return db.query("select 1", Vec::new(), &USUAL).await.map(drop).map_err(Into::into);
    }
    run_all(&db, statements).await?;
    let plan = stays(&db).await?;
    equal(plan.len(), told.len())?;
    for (one, start) in plan.iter().zip(told) {
        holds_that(one.to_string().starts_with(start) && one.advice().is_some(), || format!("told {one}"))?;
        equal(one.gravity(), Gravity::Problem)?;
    }
    Ok(())
}

async fn creators_at_once_upgrade_once(bench: Bench) -> Checked {
    let first = bench.open([t1()]).await?;
    for n in 0..20_i64 {
        seed(&first, T1, [row! { id: format!("a{n:02}"), num: n }]).await?;
    }
    let wide = || t1().column(Column::int("num").index()).column(Column::int("bignum").index());
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(later(&bench, [wide(), t3()]).await?);
    }
    let results =
        at_once(5, |i| {
            let db = processes[i as usize % 4].clone();
            // The last one only looks, whatever it sees.
            async move {
                if i == 4 { db.plan_tables().await.map(|_| Vec::new()) } else { db.create_tables().await }
            }
        })
        .await?;
    let mut changes = Vec::new();
    for result in results {
        changes.extend(result?.into_iter().filter(|one| one.gravity() == Gravity::Change));
    }
    for wanted in ["table counts created", "table simple column bignum added"] {
        holds_that(changes.iter().any(|one| one.to_string() == wanted), || format!("{wanted}: {changes:?}"))?;
    }
    for db in processes {
        equal(db.plan_tables().await?, Vec::new())?;
        finds(&db, T1, row! { num: 7 }, "a07").await?;
        let page = db.select::<Row>(T1, row! { bignum: NULL }, &Options::new().count(100)).await?;
        equal(page.rows.len(), 20)?;
    }
    Ok(())
}
