//! Tables from their descriptions: what differs, and making what is missing.
//!
//! `not_null` is checked by the facade and not declared, because a column can be added to rows that have
//! no value for it, and a merge may leave it out.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;

use super::connection::PgSession;
use super::convert::{is_text, storage};
use super::dialect::Postgres;
use crate::db::driver::{Difference, Differs};
use crate::db::drivers::pooled::{Answer, Session as _};
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::db::upgrade::{DROP_INDEX, HeldColumn, Rules, Stored, StoredIndex, differences};
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;
use crate::{Error, ErrorKind, Result};

/// The longest name, in bytes; the server would cut a longer one.
const MAX_NAME: usize = 63;

/// One creator at a time; the number is arbitrary, and the same in every process.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4707081526042131712)";

impl Rules for Postgres {
    const INDEX_ADVICE: &'static str = DROP_INDEX;

    fn kind(&self, _: &Table, column: &Column) -> String {
        storage(column.column_type()).to_owned()
    }

    fn collation(&self, column: &Column) -> Option<&'static str> {
        is_text(column.column_type()).then_some("C")
    }

    /// Both compare bytes.
    fn is_same_collation(&self, stored: &str, wanted: &str) -> bool {
        stored == wanted || stored == "POSIX"
    }

    /// A name that the server does not cut: what is too long ends in a hash of the whole.
    fn index_name(&self, name: &str) -> String {
        if name.len() <= MAX_NAME {
            return name.to_owned();
        }
        let hash = Sha256::digest(name.as_bytes());
        let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}_{hash}", &name[..name.floor_char_boundary(MAX_NAME - 9)])
    }
}

/// In what the schema differs from these tables.
///
/// # Errors
/// `Invalid` for a name that is too long, and those of the statements.
pub(super) async fn plan(session: &mut PgSession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    let mut found: Vec<Difference> = missing_schema(session).await?.into_iter().collect();
    for table in tables {
        found.extend(plan_table(session, table).await?);
    }
    Ok(found)
}

async fn missing_schema(session: &mut PgSession) -> Result<Option<Difference>> {
    let Some(name) = session.schema().map(str::to_owned) else { return Ok(None) };
    let mut sql = statement();
    sql.push("SELECT 1 FROM pg_namespace WHERE nspname = ").bind_owned(name.as_str(), ColumnType::Text);
    let is_missing = session.run(&sql).await?.rows.is_empty();
    Ok(is_missing.then_some(Difference { table: None, what: Differs::Base { base: "schema", name } }))
}

async fn plan_table(session: &mut PgSession, table: &Table) -> Result<Vec<Difference>> {
    let stored = stored(session, &table.name).await?;
    Ok(differences(&Postgres, table, stored.as_ref()))
}

/// Carries out the changes of the plan in one transaction; the whole plan.
///
/// # Errors
/// `Invalid` for a name that is too long, `AlreadyExists` when records stand in the way of a unique index;
/// then nothing was done.
pub(super) async fn create(session: &mut PgSession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    session.begin().await?;
    let done = create_all(session, tables).await;
    match done {
        Ok(found) => session.commit().await.map(|()| found),
        Err(error) => {
            session.rollback().await;
            Err(error)
        }
    }
}

async fn create_all(session: &mut PgSession, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    // An index of a large table takes its time.
    session.command("SET LOCAL statement_timeout = 0").await?;
    session.command(LOCK).await?;
    let mut found = Vec::new();
    if let Some(missing) = missing_schema(session).await? {
        if let Differs::Base { name, .. } = &missing.what {
            let mut sql = statement();
            sql.push("CREATE SCHEMA IF NOT EXISTS ").name(name);
            session.run(&sql).await?;
        }
        found.push(missing);
    }
    for table in tables {
        for difference in plan_table(session, table).await? {
            carry_out(session, table, &difference.what).await?;
            found.push(difference);
        }
    }
    Ok(found)
}

/// Makes a change; what is none is left.
async fn carry_out(session: &mut PgSession, table: &Table, what: &Differs) -> Result<()> {
    match what {
        Differs::Table { .. } => session.run(&create_statement(table)).await.map(drop),
        Differs::Column { column, .. } => {
            let Some(column) = table.find(column) else { return Ok(()) };
            let mut sql = statement();
            sql.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
            write_column(&mut sql, column);
            session.run(&sql).await.map(drop)
        }
        Differs::Index { index, columns, unique } => {
            let done = session.run(&index_statement(table, index, columns, *unique)).await;
            done.map(drop).map_err(|e| match e.kind() {
                ErrorKind::AlreadyExists => not_unique(index).source(e),
                _ => e,
            })
        }
        _ => Ok(()),
    }
}

fn statement<'a>() -> Sql<'a> {
    Sql::new(&Postgres)
}

fn create_statement(table: &Table) -> Sql<'static> {
    let mut sql = statement();
    sql.push("CREATE TABLE ").name(&table.name).push(" (");
    for (at, column) in table.columns().iter().filter(|c| !c.hidden).enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        write_column(&mut sql, column);
        if column.primary.is_some() {
            sql.push(" NOT NULL");
        }
    }
    let keys: Vec<&Column> = table.keys().collect();
    if !keys.is_empty() {
        sql.push(", PRIMARY KEY (");
        write_columns(&mut sql, &keys);
        sql.push(")");
    }
    sql.push(")");
    sql
}

fn write_column(sql: &mut Sql<'_>, column: &Column) {
    let kind = column.column_type();
    sql.name(&column.name).push(" ").push(storage(kind));
    if is_text(kind) {
        sql.push(" COLLATE \"C\"");
    }
}

/// Nulls are where the order of the framework has them, so that an index serves a sorted page.
fn index_statement(table: &Table, index: &str, columns: &[String], unique: bool) -> Sql<'static> {
    let mut sql = statement();
    sql.push(if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(index).push(" ON ").name(&table.name).push(" (");
    let columns = columns.iter().filter_map(|name| table.find(name));
    for (at, column) in columns.enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        match (column.column_type(), unique) {
            // A type without an order of its own.
            (ColumnType::Json | ColumnType::Object | ColumnType::Array, _) => {
                sql.push("(").name(&column.name).push("::text) COLLATE \"C\"");
            }
            // Found by its value; unique by its text, as in every other product.
            (ColumnType::Decimal, false) => {
                sql.push("(").name(&column.name).push("::numeric)");
            }
            _ => {
                sql.name(&column.name);
            }
        }
        if column.primary.is_none() {
            sql.push(" NULLS FIRST");
        }
    }
    sql.push(")");
    sql
}

fn check_names(table: &Table) -> Result<()> {
    let names = std::iter::once(&table.name).chain(table.columns().iter().map(|c| &c.name));
    for name in names {
        if name.len() > MAX_NAME {
            return Err(Error::invalid(format!(
                "table {:.60}: the name {name:.60} is longer than the {MAX_NAME} bytes that postgres allows",
                table.name
            )));
        }
    }
    Ok(())
}

/// The names of the indexes that were made on a table, sorted.
///
/// # Errors
/// Those of the statement.
pub(super) async fn index_names(session: &mut PgSession, table: &Table) -> Result<Vec<String>> {
    Ok(stored_indexes(session, &table.name).await?.into_iter().map(|index| index.name).collect())
}

/// What the schema holds of a table; none when it is not there.
async fn stored(session: &mut PgSession, table: &str) -> Result<Option<Stored>> {
    let mut sql = statement();
    sql.push(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), (SELECT array_position(i.indkey::int2[], \
         a.attnum)::int8 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary), \
         a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', \
         (SELECT CASE c.collname WHEN 'default' THEN (SELECT ",
    );
    // The collation of the database, where the C library has it; the column that says so is of newer servers.
    sql.push(
        "CASE coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') WHEN 'c' THEN d.datcollate::text ELSE 'default' END \
         FROM pg_database d WHERE d.datname = current_database()) ELSE c.collname::text END \
         FROM pg_collation c WHERE c.oid = a.attcollation) \
         FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = to_regclass(",
    );
    write_quoted(&mut sql, table);
    sql.push(") ORDER BY a.attnum");
    let Answer { rows, .. } = session.run(&sql).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut stored = Stored::default();
    let mut key = Vec::new();
    for row in &rows {
        let name = text(row, 0)?;
        if let Value::Int(place) = PgSession::value_at(row, 2, ColumnType::Int)? {
            key.push((place, name.clone()));
        }
        stored.columns.push(HeldColumn {
            name,
            kind: text(row, 1)?,
            required: PgSession::value_at(row, 3, ColumnType::Bool)? == Value::Bool(true),
            collation: PgSession::value_at(row, 4, ColumnType::Text)?.as_str().map(str::to_owned),
        });
    }
    key.sort_unstable();
    stored.key = key.into_iter().map(|(_, name)| name).collect();
    stored.indexes = stored_indexes(session, table).await?;
    Ok(Some(stored))
}

async fn stored_indexes(session: &mut PgSession, table: &str) -> Result<Vec<StoredIndex>> {
    let mut sql = statement();
    sql.push(
        "SELECT c.relname::text, i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE NOT i.indisprimary AND i.indrelid = to_regclass(",
    );
    write_quoted(&mut sql, table);
    sql.push(") ORDER BY c.relname");
    let Answer { rows, .. } = session.run(&sql).await?;
    rows.iter()
        .map(|row| {
            let unique = PgSession::value_at(row, 1, ColumnType::Bool)? == Value::Bool(true);
            Ok(StoredIndex { name: text(row, 0)?, unique })
        })
        .collect()
}

fn text(row: &PgRow, at: usize) -> Result<String> {
    Ok(PgSession::value_at(row, at, ColumnType::Text)?.as_str().unwrap_or_default().to_owned())
}

/// The quoted name as a text, the way `to_regclass` reads it.
fn write_quoted(sql: &mut Sql<'_>, name: &str) {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    sql.bind_owned(quoted, ColumnType::Text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_of_an_index_stays_its_own() {
        let long = format!("{}_index", "é".repeat(40));
        let other = format!("{}_other", "é".repeat(40));
        let name = |name: &str| Postgres.index_name(name);
        assert!(name(&long).len() <= MAX_NAME);
        assert_ne!(name(&long), name(&other));
        assert_eq!(name("t_a_index"), "t_a_index");
    }
}
