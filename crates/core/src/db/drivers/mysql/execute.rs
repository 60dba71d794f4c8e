//! Requests run on a connection.

use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::Row as _;

use super::connection::{Answer, MySession};
use super::convert::decode_row;
use super::statement::{self, Plan};
use crate::db::Query;
use crate::db::driver::{Affected, Get, Select, Verb, Write};
use crate::db::drivers::pooled::Session as _;
use crate::db::sql::Sql;
use crate::db::sql::statement::{self as shared, Read};
use crate::schema::{Column, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// How often a write whose row appeared or went in the middle of it begins anew.
const ATTEMPTS: usize = 64;

/// One record by key.
///
/// # Errors
/// Those of the statement.
pub(super) async fn get(session: &mut MySession, get: &Get) -> Result<Option<Row>> {
    let Read { sql, columns } = shared::get(session.dialect(), get, now())?;
    one(session, &sql, &columns).await.map_err(|e| name_table(e, &get.table))
}

/// The records of several keys.
///
/// # Errors
/// Those of the statement.
pub(super) async fn list(
    session: &mut MySession,
    table: &Table,
    keys: &[Vec<Value>],
    select: &[Name],
) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(keys.len());
    for part in keys.chunks(shared::MAX_KEYS) {
        let Read { sql, columns } = shared::list(session.dialect(), table, part, select, now())?;
        rows.extend(all(session, &sql, &columns).await.map_err(|e| name_table(e, table))?);
    }
    Ok(rows)
}

/// One page.
///
/// # Errors
/// Those of the statement.
pub(super) async fn select(session: &mut MySession, select: &Select) -> Result<Vec<Row>> {
    let Read { sql, columns } = shared::select(session.dialect(), select, now())?;
    all(session, &sql, &columns).await.map_err(|e| name_table(e, &select.table))
}

/// The number of records.
///
/// # Errors
/// Those of the statement.
pub(super) async fn count(session: &mut MySession, table: &Table, query: &Query) -> Result<u64> {
    let sql = shared::count(session.dialect(), table, query, now())?;
    let answer = session.run(&sql).await.map_err(|e| name_table(e, table))?;
    let count = answer.rows.first().map(|row| row.try_get::<i64, _>(0)).transpose();
    count.map(|n| n.unwrap_or_default().unsigned_abs()).map_err(super::error::convert)
}

/// One write, by itself or in a transaction of its own.
///
/// # Errors
/// Those of the statements; then nothing is changed, but that an expired record may be gone.
pub(super) async fn write_alone(session: &mut MySession, write: &Write) -> Result<Affected> {
    for _ in 0..ATTEMPTS {
        let plan = statement::write(session.dialect(), write, now())?;
        if !plan.needs_transaction() {
            match run(session, write, &plan).await? {
                Some(done) => return Ok(done),
                None => continue,
            }
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
pub(super) async fn write(session: &mut MySession, write: &Write) -> Result<Affected> {
    for _ in 0..ATTEMPTS {
        let plan = statement::write(session.dialect(), write, now())?;
        if let Some(done) = run(session, write, &plan).await? {
            return Ok(done);
        }
    }
    Err(in_the_way())
}

/// Other writers were faster all the time; nothing was applied.
fn in_the_way() -> Error {
    Error::new(ErrorKind::Unavailable, "other writers are in the way, please try again later")
        .detail("a record appeared or went while it was to be replaced")
}

/// Runs a plan; none when the record appeared or went between two of its statements. Nothing was applied then.
async fn run(session: &mut MySession, write: &Write, plan: &Plan<'_>) -> Result<Option<Affected>> {
    if let Some(purge) = &plan.purge {
        session.run(purge).await.map_err(|e| explain(e, write))?;
    }
    let old = match &plan.old {
        Some(old) => one(session, old, &plan.columns).await.map_err(|e| explain(e, write))?,
        None => None,
    };
    // A record that was not there is not changed should it come now: its old row would not be known.
    let update = plan.update.as_ref().filter(|_| plan.old.is_none() || old.is_some());
    let Some(count) = apply(session, plan, update).await.map_err(|e| explain(e, write))? else {
        return Ok(None);
    };
    let row = match &plan.new {
        Some(new) if count > 0 => one(session, new, &plan.columns).await?,
        _ => old.filter(|_| count > 0),
    };
    Ok(Some(Affected { count, row }))
}

async fn apply(session: &mut MySession, plan: &Plan<'_>, update: Option<&Sql<'_>>) -> Result<Option<u64>> {
    if let Some(update) = update {
        let Answer { count, .. } = session.run(update).await?;
        if count > 0 || plan.insert.is_none() {
            return Ok(Some(count));
        }
    }
    if let Some(holds) = &plan.holds {
        let Answer { rows, .. } = session.run(holds).await?;
        match rows.first().map(|row| row.try_get::<i64, _>(0)).transpose().map_err(super::error::convert)? {
            Some(0) => return Ok(Some(0)),
            Some(_) => return Ok(None),
            None => {}
        }
    }
    let Some(insert) = &plan.insert else { return Ok(Some(0)) };
    match session.run(insert).await {
        Ok(Answer { count, .. }) => Ok(Some(count)),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Err(_) if plan.do_nothing => Ok(Some(0)),
        Err(_) if plan.update.is_some() && session.same_key => Ok(None),
        Err(error) => Err(error),
    }
}

/// Names the table in an error that the caller may see.
fn explain(error: Error, write: &Write) -> Error {
    let table = &write.table.name;
    let message = match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("a record with this key or unique value exists already in table {table}")
        }
        ErrorKind::NotFound => return name_table(error, &write.table),
        ErrorKind::Invalid if error.message().contains("out of range") => match incremented(write) {
            Some(name) => format!("{name} is out of range after adding"),
            None => return error,
        },
        _ => return error,
    };
    Error::new(error.kind(), message).source(error)
}

/// Names the table where the server does not, as the whole database is missing.
fn name_table(error: Error, table: &Table) -> Error {
    if error.kind() != ErrorKind::NotFound || error.message().contains(&*table.name) {
        return error;
    }
    let message = format!("no table {:.60}: run with -db-create-tables", table.name);
    Error::new(ErrorKind::NotFound, message).source(error)
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

async fn one(session: &mut MySession, sql: &Sql<'_>, columns: &[&Column]) -> Result<Option<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.first().map(|row| decode_row(row, columns)).transpose()
}

async fn all(session: &mut MySession, sql: &Sql<'_>, columns: &[&Column]) -> Result<Vec<Row>> {
    let answer = session.run(sql).await?;
    answer.rows.iter().map(|row| decode_row(row, columns)).collect()
}

/// The time that decides what has expired, in seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}
