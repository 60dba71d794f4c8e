//! Requests run on a connection.

use std::time::{SystemTime, UNIX_EPOCH};

use super::connection::{Answer, PgSession};
use super::convert::decode_row;
use super::dialect::Postgres;
use crate::db::driver::{Affected, Get, Select, Verb, Write};
use crate::db::drivers::pooled::Session as _;
use crate::db::sql::Sql;
use crate::db::sql::statement::{self, Read};
use crate::db::sql::upsert::{self, Plan};
use crate::db::{Query, Returning};
use crate::schema::{Column, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// How often a write whose row appeared in the middle of it begins anew.
const ATTEMPTS: usize = 8;

/// One record by key.
///
/// # Errors
/// Those of the statement.
pub(super) async fn get(session: &mut PgSession, get: &Get) -> Result<Option<Row>> {
    let Read { sql, columns } = statement::get(&Postgres, get, now())?;
    one(session, &sql, &columns).await
}

/// The records of several keys.
///
/// # Errors
/// Those of the statement.
pub(super) async fn list(
    session: &mut PgSession,
    table: &Table,
    keys: &[Vec<Value>],
    select: &[Name],
) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(keys.len());
    for part in keys.chunks(statement::MAX_KEYS) {
        let Read { sql, columns } = statement::list(&Postgres, table, part, select, now())?;
        rows.extend(all(session, &sql, &columns).await?);
    }
    Ok(rows)
}

/// One page.
///
/// # Errors
/// Those of the statement.
pub(super) async fn select(session: &mut PgSession, select: &Select) -> Result<Vec<Row>> {
    let Read { sql, columns } = statement::select(&Postgres, select, now())?;
    all(session, &sql, &columns).await
}

/// The number of records.
///
/// # Errors
/// Those of the statement.
pub(super) async fn count(session: &mut PgSession, table: &Table, query: &Query) -> Result<u64> {
    use sqlx::Row as _;
    let sql = statement::count(&Postgres, table, query, now())?;
    let answer = session.run(&sql).await?;
    let count = answer.rows.first().map(|row| row.try_get::<i64, _>(0)).transpose();
    count.map(|n| n.unwrap_or_default().unsigned_abs()).map_err(super::error::convert)
}

/// One write, by itself or in a transaction of its own.
///
/// # Errors
/// Those of the statements; then nothing is changed, but that an expired record may be gone.
pub(super) async fn write_alone(session: &mut PgSession, write: &Write) -> Result<Affected> {
    for _ in 0..ATTEMPTS {
        let plan = upsert::write(&Postgres, write, now())?;
        if plan.old.is_none() {
            // Removing what has expired is right whatever becomes of the rest.
            return expect_row(run(session, write, &plan).await);
        }
        session.begin().await?;
        match run(session, write, &plan).await {
            Ok(Some(done)) => {
                session.commit().await?;
                return Ok(done);
            }
            Ok(None) => session.rollback().await,
            Err(error) => {
                session.rollback().await;
                return Err(error);
            }
        }
    }
    Err(in_the_way())
}

/// One write within the transaction of the caller.
///
/// # Errors
/// Those of the statements; then the transaction is over.
pub(super) async fn write(session: &mut PgSession, write: &Write) -> Result<Affected> {
    let plan = upsert::write(&Postgres, write, now())?;
    expect_row(run(session, write, &plan).await)
}

fn expect_row(done: Result<Option<Affected>>) -> Result<Affected> {
    done?.ok_or_else(in_the_way)
}

/// Other writers were faster all the time; nothing was applied.
fn in_the_way() -> Error {
    Error::new(ErrorKind::Unavailable, "other writers are in the way, please try again later")
        .detail("a record appeared while it was to be replaced")
}

/// Runs a plan; none when the row before the change was looked for in vain, and one was there after all.
async fn run(session: &mut PgSession, write: &Write, plan: &Plan<'_>) -> Result<Option<Affected>> {
    if let Some(purge) = &plan.purge {
        session.run(purge).await?;
    }
    let old = match &plan.old {
        Some(old) => one(session, old, &plan.columns).await?,
        None => None,
    };
    let Answer { rows, count } = session.run(&plan.main).await.map_err(|e| explain(e, write))?;
    if plan.tells_inserted {
        use sqlx::Row as _;
        let replaced = rows.first().is_some_and(|row| row.try_get::<bool, _>(0).is_ok_and(|new| !new));
        if replaced && old.is_none() {
            return Ok(None);
        }
    }
    if plan.old.is_some() || plan.columns.is_empty() {
        return Ok(Some(Affected { count, row: old.filter(|_| count > 0) }));
    }
    let row = match (rows.last(), write.returning) {
        (None, _) | (_, Returning::Nothing) => None,
        (Some(row), _) => Some(decode_row(row, &plan.columns)?),
    };
    Ok(Some(Affected { count, row }))
}

/// Names the table in an error that the caller may see.
fn explain(error: Error, write: &Write) -> Error {
    let table = &write.table.name;
    let message = match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("a record with this key or unique value exists already in table {table}")
        }
        ErrorKind::Invalid if error.message().contains("out of range") => match incremented(write) {
            Some(name) => format!("{name} is out of range after adding"),
            None => return error,
        },
        _ => return error,
    };
    Error::new(error.kind(), message).source(error)
}

/// The column that a write adds to, if it is one only.
fn incremented(write: &Write) -> Option<&Name> {
    let changes = match &write.verb {
        Verb::Update { changes, .. } | Verb::UpdateAll { changes, .. } => changes,
        _ => return None,
    };
    let mut names = changes
        .iter()
        .filter(|c| {
            matches!(c.op, crate::db::Op::Incr | crate::db::Op::Add)
                && !matches!(c.value, Value::List(_) | Value::Set(_))
        })
        .map(|c| &c.column);
    names.next().filter(|_| names.next().is_none())
}

async fn one(session: &mut PgSession, sql: &Sql<'_>, columns: &[&Column]) -> Result<Option<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.first().map(|row| decode_row(row, columns)).transpose()
}

async fn all(session: &mut PgSession, sql: &Sql<'_>, columns: &[&Column]) -> Result<Vec<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.iter().map(|row| decode_row(row, columns)).collect()
}

/// The time that decides what has expired, in seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}
