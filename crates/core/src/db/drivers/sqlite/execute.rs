//! Requests run on a connection.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection};

use super::connection::Session;
use super::convert::{decode_columns, decode_row};
use super::dialect::Sqlite;
use super::error::convert;
use crate::Result;
use crate::db::driver::{Affected, Get, Select, Write};
use crate::db::layout::expiry_of;
use crate::db::prepare::now_seconds;
use crate::db::refusal::unmatched;
use crate::db::sql::statement::{self, Read};
use crate::db::sql::upsert::{self, Plan};
use crate::db::sql::{Bind, Sql, explain};
use crate::db::{Query, Returning};
use crate::schema::{Column, Table};
use crate::value::{Name, Row, Value};

/// One record by key.
///
/// # Errors
/// Those of the statement.
pub(super) fn get(session: &Session, get: &Get) -> Result<Option<Row>> {
    if get.select.is_empty() && get.filter.is_none() && expiry_of(&get.table).is_none() {
        return whole(session, &get.table, &get.key);
    }
    let Read { sql, columns } = statement::get(&Sqlite, get, now_seconds())?;
    one(&session.connection, &sql, &columns)
}

/// A whole record by key, the most frequent request of all: its statement is put together once for each table
/// and connection.
fn whole(session: &Session, table: &Arc<Table>, key: &[Value]) -> Result<Option<Row>> {
    let text = session.whole_by_key(table, || {
        statement::by_key(&Sqlite, table, key, None, &[], 0).map(|read| read.sql.text().into())
    })?;
    let mut statement = session.connection.prepare_cached(&text).map_err(convert)?;
    for (at, (value, column)) in key.iter().zip(table.keys()).enumerate() {
        let bind = Bind { value: Cow::Borrowed(value), kind: column.column_type() };
        statement.raw_bind_parameter(at + 1, bind).map_err(convert)?;
    }
    let columns = table.columns();
    let stored = columns.iter().filter(|column| !column.hidden);
    let mut rows = statement.raw_query();
    rows.next().map_err(convert)?.map(|row| decode_columns(row, columns.len(), stored)).transpose()
}

/// The records of several keys, each by its own look-up: the statement stays prepared, and a key takes
/// the same few microseconds as in any clever form.
///
/// # Errors
/// Those of the statement.
pub(super) fn list(
    session: &Session,
    table: &Arc<Table>,
    keys: &[Vec<Value>],
    select: &[Name],
) -> Result<Vec<Row>> {
    if select.is_empty() && expiry_of(table).is_none() {
        return keys.iter().filter_map(|key| whole(session, table, key).transpose()).collect();
    }
    let now = now_seconds();
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let Read { sql, columns } = statement::by_key(&Sqlite, table, key, None, select, now)?;
        rows.extend(one(&session.connection, &sql, &columns)?);
    }
    Ok(rows)
}

/// One page.
///
/// # Errors
/// Those of the statement.
pub(super) fn select(connection: &Connection, select: &Select) -> Result<Vec<Row>> {
    let Read { sql, columns } = statement::select(&Sqlite, select, now_seconds())?;
    let mut statement = prepare(connection, &sql)?;
    let mut rows = statement.raw_query();
    let mut page = Vec::with_capacity(select.count.min(256));
    while let Some(row) = rows.next().map_err(convert)? {
        page.push(decode_row(row, &columns)?);
    }
    Ok(page)
}

/// The number of records.
///
/// # Errors
/// Those of the statement.
pub(super) fn count(connection: &Connection, table: &Table, query: &Query) -> Result<u64> {
    let sql = statement::count(&Sqlite, table, query, now_seconds())?;
    let mut statement = prepare(connection, &sql)?;
    let mut rows = statement.raw_query();
    match rows.next().map_err(convert)? {
        Some(row) => row.get::<_, i64>(0).map(i64::unsigned_abs).map_err(convert),
        None => Ok(0),
    }
}

/// One write; in a transaction of the caller, or, when that is one statement, by itself.
///
/// # Errors
/// Those of the statements; then nothing is changed, but that an expired record may be gone.
pub(super) fn write(connection: &Connection, write: &Write) -> Result<Affected> {
    run(connection, write, &upsert::write(&Sqlite, write, now_seconds())?)
}

/// One write in a transaction of its own.
///
/// # Errors
/// Those of the statements; then nothing is changed.
pub(super) fn write_alone(connection: &Connection, write: &Write) -> Result<Affected> {
    let plan = upsert::write(&Sqlite, write, now_seconds())?;
    if plan.is_single() {
        return run(connection, write, &plan);
    }
    command(connection, "BEGIN IMMEDIATE")?;
    let done = run(connection, write, &plan).and_then(|done| command(connection, "COMMIT").map(|()| done));
    if done.is_err() {
        rollback(connection);
    }
    done
}

/// All writes or none, within the transaction of the caller.
///
/// # Errors
/// The first error, or `ConditionFailed` for an update or conditional delete that matched nothing; then
/// nothing of it is changed.
pub(super) fn transact(connection: &Connection, writes: &[Write]) -> Result<Vec<Affected>> {
    command(connection, "SAVEPOINT bk_group")?;
    let done = writes.iter().enumerate().map(|(at, one)| step(connection, at, one)).collect();
    // After some errors SQLite has rolled back everything, and the savepoint is gone with it.
    if !connection.is_autocommit() {
        if Result::is_err(&done) {
            command(connection, "ROLLBACK TO bk_group")?;
        }
        command(connection, "RELEASE bk_group")?;
    }
    done
}

fn step(connection: &Connection, at: usize, one: &Write) -> Result<Affected> {
    let affected = write(connection, one)?;
    if affected.count == 0 && one.must_match() {
        return Err(unmatched(at, one));
    }
    Ok(affected)
}

fn run(connection: &Connection, write: &Write, plan: &Plan<'_>) -> Result<Affected> {
    if let Some(purge) = &plan.purge {
        prepare(connection, purge)?.raw_execute().map_err(convert)?;
    }
    let old = match &plan.old {
        Some(old) => one(connection, old, &plan.columns)?,
        None => None,
    };
    let mut statement = prepare(connection, &plan.main)?;
    if plan.old.is_some() || plan.columns.is_empty() {
        let count = statement.raw_execute().map_err(|e| explain(convert(e), write))? as u64;
        return Ok(Affected { count, row: old.filter(|_| count > 0) });
    }
    let mut done = Affected::default();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|e| explain(convert(e), write))? {
        done.count += 1;
        done.row = Some(decode_row(row, &plan.columns)?);
    }
    if write.returning == Returning::Nothing {
        done.row = None;
    }
    Ok(done)
}

fn one(connection: &Connection, sql: &Sql<'_>, columns: &[&Column]) -> Result<Option<Row>> {
    let mut statement = prepare(connection, sql)?;
    let mut rows = statement.raw_query();
    rows.next().map_err(convert)?.map(|row| decode_row(row, columns)).transpose()
}

fn prepare<'c>(connection: &'c Connection, sql: &Sql<'_>) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql.text()).map_err(convert)?;
    for (at, bind) in sql.binds().iter().enumerate() {
        statement.raw_bind_parameter(at + 1, bind).map_err(convert)?;
    }
    Ok(statement)
}

/// A statement without values or result.
///
/// # Errors
/// Those of the statement.
pub(super) fn command(connection: &Connection, text: &str) -> Result<()> {
    connection.prepare_cached(text).and_then(|mut s| s.raw_execute()).map(drop).map_err(convert)
}

/// Ends the transaction that is open, if there is one, without its changes.
pub(super) fn rollback(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = command(connection, "ROLLBACK")
    {
        tracing::error!(?error, "sqlite transaction not rolled back");
    }
}
