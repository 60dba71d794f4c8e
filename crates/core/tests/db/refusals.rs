//! What products refuse beside what their capabilities say: everything on their lists is tried.

use bkjs_core::Error;
use bkjs_core::db::drivers::products;
use bkjs_core::db::{Action, Op, Operation, Options, Query};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use serde_json::Map;

use crate::backend::Bench;
use crate::check::*;
use crate::trial::trials;

trials! {
    what_is_listed_as_refused_is_refused,
}

/// What cannot be tried on any server, and where it is tried.
const ELSEWHERE: &[&str] = &[
    // tests/lmdb/limits.rs
    "a write for which the file would have to grow",
    // connect/redis/error.rs
    "a Redis Cluster",
];

/// The table of these trials.
const LIMITS: &str = "limits";

fn limits() -> Table {
    Table::new(LIMITS)
        .column(Column::text("id").primary())
        .column(Column::text("txt"))
        .column(Column::decimal("dec"))
        .column(Column::int("num"))
        .column(Column::text("mail").unique())
}

async fn what_is_listed_as_refused_is_refused(bench: Bench) -> Checked {
    let product = products().iter().find(|product| product.name == bench.pool());
    let Some(product) = product else { return Err(Problem::new("the build has no such product")) };
    for refusal in product.refusals {
        let what = refusal.what;
        if ELSEWHERE.iter().any(|start| what.starts_with(start)) {
            continue;
        }
        match provoke(&bench, what).await? {
            Some(Err(error)) if error.kind() == refusal.kind => {}
            Some(done) => {
                return Err(Problem::new(format!("{what}: got {done:?}, expected {:?}", refusal.kind)));
            }
            None => return Err(Problem::new(format!("nobody knows how to try: {what}"))),
        }
    }
    Ok(())
}

/// Does what a product says it refuses; none when that is not known.
async fn provoke(bench: &Bench, what: &str) -> Checked<Option<Result<(), Error>>> {
    let is = |start: &str| what.starts_with(start);
    let created = async |table: Table| match bench.connect([table], |builder| builder).await {
        Ok(db) => Ok(db.create_tables().await.map(drop)),
        Err(problem) => Err(problem),
    };
    let long = "x".repeat(250);
    // Not only the tables below: these are never made.
    if is("a table without a primary key") {
        return created(Table::new("keyless").column(Column::json("id").primary())).await.map(Some);
    }
    if is("a table whose name") || is("a name of a table") {
        return created(Table::new(&long).column(Column::text("id").primary())).await.map(Some);
    }
    if is("a real in the key") {
        let db = bench.open([Table::new("reals").column(Column::real("id").primary())]).await?;
        return Ok(Some(db.add("reals", row! { id: 1e300 }, &USUAL).await.map(drop)));
    }
    let db = bench.open([limits()]).await?;
    let add = async |row: Row| db.add(LIMITS, row, &USUAL).await.map(drop);
    let select =
        async |query: Query, options: Options| db.select::<Row>(LIMITS, query, &options).await.map(drop);
    let done = if is("in `query`") {
        db.query("begin", Vec::new(), &USUAL).await.map(drop)
    } else if is("a primary key") || is("a text in the key") || is("a value in the key") || is("a first key")
    {
        add(row! { id: mixed(4000) }).await
    } else if is("a text with a NUL") {
        add(row! { id: "a", txt: "\0" }).await
    } else if is("a decimal") {
        add(row! { id: "a", dec: "1".repeat(36) }).await
    } else if is("a record of more than 400 KB") {
        add(row! { id: "a", txt: "x".repeat(401 << 10) }).await
    } else if is("a value larger than the `max_allowed_packet`") {
        add(row! { id: "a", txt: "x".repeat(17 << 20) }).await
    } else if is("a pattern") {
        select(Query::new().op("txt", Op::Regexp, r"\bx"), Options::new()).await
    } else if is("a page") {
        let far = Options { page: Some(12), ..Options::new().sort("num").count(10_000) };
        select(Query::new(), far).await
    } else if is("a transaction of more than 100") {
        let add =
            |n: usize| Operation::new(Action::Add, LIMITS, row! { id: n.to_string(), mail: n.to_string() });
        db.transact((0..60).map(add).collect(), &USUAL).await.map(drop)
    } else if is("a call that would have to read") {
        seed(&db, LIMITS, [row! { id: "a" }, row! { id: "b" }]).await?;
        let driver = bench.driver(Map::from_iter([("scan_limit".to_owned(), 1.into())]))?;
        let db = bench.connect([limits()], |builder| builder.pool("tight", driver)).await?;
        let tight = Options { pool: Some("tight".into()), total: true, ..Options::new() };
        holds_that(db.get::<Row>(LIMITS, "a", &tight).await?.is_some(), || "one record is not found")?;
        db.select::<Row>(LIMITS, Query::new(), &tight).await.map(drop)
    } else {
        return Ok(None);
    };
    Ok(Some(done))
}

/// A text of so many letters that does not get shorter when it is compressed.
fn mixed(length: usize) -> String {
    let mut state = 1_u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b"abcdefghijklmnopqrstuvwxyz012345"[(state >> 59) as usize])
    };
    (0..length).map(letter).collect()
}
