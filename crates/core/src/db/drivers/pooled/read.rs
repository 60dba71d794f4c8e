//! Reads.

use super::Session;
use crate::Result;
use crate::db::Query;
use crate::db::driver::{Get, Select};
use crate::db::prepare::now_seconds;
use crate::db::sql::statement::{self, Read};
use crate::db::sql::{Sql, name_table};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Row, Value};

/// One record by key.
///
/// # Errors
/// Those of the statement.
pub(super) async fn get<S: Session>(session: &mut S, get: &Get) -> Result<Option<Row>> {
    let Read { sql, columns } = statement::get(session.dialect(), get, now_seconds())?;
    one(session, &sql, &columns).await.map_err(|e| name_table(e, &get.table))
}

/// The records of several keys.
///
/// # Errors
/// Those of the statement.
pub(super) async fn list<S: Session>(
    session: &mut S,
    table: &Table,
    keys: &[Vec<Value>],
    select: &[Name],
) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(keys.len());
    for part in keys.chunks(statement::MAX_KEYS) {
        let Read { sql, columns } = statement::list(session.dialect(), table, part, select, now_seconds())?;
        rows.extend(all(session, &sql, &columns).await.map_err(|e| name_table(e, table))?);
    }
    Ok(rows)
}

/// One page.
///
/// # Errors
/// Those of the statement.
pub(super) async fn select<S: Session>(session: &mut S, select: &Select) -> Result<Vec<Row>> {
    let Read { sql, columns } = statement::select(session.dialect(), select, now_seconds())?;
    all(session, &sql, &columns).await.map_err(|e| name_table(e, &select.table))
}

/// The number of records.
///
/// # Errors
/// Those of the statement.
pub(super) async fn count<S: Session>(session: &mut S, table: &Table, query: &Query) -> Result<u64> {
    let sql = statement::count(session.dialect(), table, query, now_seconds())?;
    let answer = session.run(&sql).await.map_err(|e| name_table(e, table))?;
    let count = answer.rows.first().map(|row| S::value_at(row, 0, ColumnType::Int)).transpose()?;
    Ok(count.and_then(|count| count.as_int()).unwrap_or_default().unsigned_abs())
}

/// The first row of a statement, if there is one.
///
/// # Errors
/// Those of the statement.
pub(in crate::db::drivers) async fn one<S: Session>(
    session: &mut S,
    sql: &Sql<'_>,
    columns: &[&Column],
) -> Result<Option<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.first().map(|row| S::decode_row(row, columns)).transpose()
}

async fn all<S: Session>(session: &mut S, sql: &Sql<'_>, columns: &[&Column]) -> Result<Vec<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.iter().map(|row| S::decode_row(row, columns)).collect()
}
