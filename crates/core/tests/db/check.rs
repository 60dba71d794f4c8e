//! The assertions of the suite, and the short forms for rows and lists that trials are written with.

use std::fmt::Debug;
use std::sync::LazyLock;

use bkjs_core::Error;
use bkjs_core::db::{Db, IntoKey, IntoQuery, Op, Options, Page, Written};
use bkjs_core::value::{Name, Row, Value};

pub(crate) use crate::assertions::*;

/// A row: `row! { id: "a1", num: 1 }`.
macro_rules! row {
    ($($name:ident: $value:expr),* $(,)?) => {
        bkjs_core::value::Row::new()$(.with(stringify!($name), $value))*
    };
}

/// A list of values of any kind: `list![1, "x"]`.
macro_rules! list {
    ($($value:expr),* $(,)?) => {
        bkjs_core::value::Value::List(vec![$(bkjs_core::value::Value::from($value)),*])
    };
}

pub(crate) use {list, row};

/// The null value.
pub(crate) const NULL: Value = Value::Null;

/// The usual options.
pub(crate) static USUAL: LazyLock<Options> = LazyLock::new(Options::new);

/// Options with operators by column.
pub(crate) fn ops(ops: &[(&str, Op)]) -> Options {
    Options { ops: ops.iter().map(|(name, op)| (Name::from(*name), *op)).collect(), ..Options::new() }
}

/// The call fails with the status 400, whatever the kind.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T, Error>) -> Checked {
    match result {
        Err(error) => equal(error.status(), 400),
        Ok(value) => Err(Problem::new(format!("got {value:?}, expected an error with status 400"))),
    }
}

/// A write changed so many records.
#[track_caller]
pub(crate) fn affected(written: &Written, count: u64) -> Checked {
    holds_that(written.affected == count, || format!("affected {}, expected {count}", written.affected))
}

/// A row is there and has these values; a column that it lacks counts as null.
#[track_caller]
pub(crate) fn has(row: Option<&Row>, expected: &Row) -> Checked {
    let Some(row) = row else { return Err(Problem::new(format!("no row, expected {expected:?}"))) };
    for (name, value) in expected.iter() {
        let got = row.get(name).unwrap_or(&NULL);
        if !alike(got, value) {
            return Err(Problem::new(format!("{name} is {got:?}, expected {value:?}, in {row:?}")));
        }
    }
    Ok(())
}

/// Equal, where a list may stand for a set of the same elements.
fn alike(got: &Value, expected: &Value) -> bool {
    got == expected
        || matches!((got, expected), (Value::Set(_), Value::List(_)) if got.as_list() == expected.as_list())
}

/// A row has these columns and no other.
#[track_caller]
pub(crate) fn only_columns(row: &Row, expected: &str) -> Checked {
    let mut got: Vec<&str> = row.iter().map(|(name, _)| &**name).collect();
    got.sort_unstable();
    equal(got.join(" "), expected.to_owned())
}

/// The texts of a column of all rows, in their order.
pub(crate) fn column(rows: &[Row], name: &str) -> String {
    rows.iter().map(|row| row.text(name)).collect::<Vec<_>>().join(" ")
}

/// A page has the rows with these values of `name`, in this order.
#[track_caller]
pub(crate) fn page_is(page: &Page<Row>, name: &str, expected: &str) -> Checked {
    equal(column(&page.rows, name), expected.to_owned())
}

/// The record is there with these values.
pub(crate) async fn stored(db: &Db, table: &str, key: impl IntoKey, expected: Row) -> Checked {
    has(read(db, table, key).await?.as_ref(), &expected)
}

/// The record is not there.
pub(crate) async fn absent(db: &Db, table: &str, key: impl IntoKey) -> Checked {
    equal(read(db, table, key).await?, None)
}

/// A record, if it is there.
pub(crate) async fn read(db: &Db, table: &str, key: impl IntoKey) -> Checked<Option<Row>> {
    Ok(db.get::<Row>(table, key, &USUAL).await?)
}

/// One value of a record that must be there.
pub(crate) async fn value_of(db: &Db, table: &str, key: impl IntoKey, name: &str) -> Checked<Value> {
    match read(db, table, key).await? {
        Some(mut row) => Ok(row.remove(name).unwrap_or(NULL)),
        None => Err(Problem::new(format!("no row in {table} to read {name} of"))),
    }
}

/// Adds records.
pub(crate) async fn seed(db: &Db, table: &str, rows: impl IntoIterator<Item = Row>) -> Checked {
    for row in rows {
        affected(&db.add(table, row, &USUAL).await?, 1)?;
    }
    Ok(())
}

/// Adds a record and reads it back.
pub(crate) async fn round_trip(db: &Db, table: &str, row: Row) -> Checked<Row> {
    let key = Row::new().with("id", row.get("id").cloned());
    db.put(table, row, &USUAL).await?;
    read(db, table, key).await?.ok_or_else(|| Problem::new("the record is not there"))
}

/// The rows that match have these ids, in any order.
pub(crate) async fn finds(db: &Db, table: &str, query: impl IntoQuery, ids: &str) -> Checked {
    finds_with(db, table, query, &USUAL, ids).await
}

/// As [`finds`], with options.
pub(crate) async fn finds_with(
    db: &Db,
    table: &str,
    query: impl IntoQuery,
    options: &Options,
    ids: &str,
) -> Checked {
    let query = query.into_query()?;
    let page = db.select::<Row>(table, query.clone(), options).await?;
    let mut got: Vec<&str> = page.rows.iter().map(|row| row.text("id")).collect();
    got.sort_unstable();
    let got = got.join(" ");
    holds_that(got == ids, || format!("found {got:?}, expected {ids:?}, for {query:?}"))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as i64)
}
