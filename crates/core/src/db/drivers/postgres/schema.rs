//! Tables from their descriptions: creation, additions, and lines that say what was done.
//!
//! `not_null` is checked by the facade and not declared, because a column can be added to rows that have
//! no value for it, and a merge may leave it out.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;

use super::connection::PgSession;
use super::convert::{is_text, storage};
use super::dialect::Postgres;
use crate::db::drivers::pooled::{Answer, Session as _};
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::schema::{Column, ColumnType, Table};
use crate::value::Value;
use crate::{Error, ErrorKind, Result};

/// The longest name, in bytes; the server would cut a longer one.
const MAX_NAME: usize = 63;

/// One creator at a time; the number is arbitrary, and the same in every process.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4707081526042131712)";

/// Creates what is missing of these tables in one transaction; a line for each thing done, or found
/// different and left as it is.
///
/// # Errors
/// `Invalid` for a name that is too long, `AlreadyExists` when records stand in the way of a unique index;
/// then nothing was done.
pub(super) async fn create(session: &mut PgSession, tables: &[Arc<Table>]) -> Result<Vec<String>> {
    tables.iter().try_for_each(|table| check_names(table))?;
    let mut lines = Vec::new();
    session.begin().await?;
    let done = create_all(session, tables, &mut lines).await;
    match done {
        Ok(()) => session.commit().await.map(|()| lines),
        Err(error) => {
            session.rollback().await;
            Err(error)
        }
    }
}

async fn create_all(session: &mut PgSession, tables: &[Arc<Table>], lines: &mut Vec<String>) -> Result<()> {
    // An index of a large table takes its time.
    session.command("SET LOCAL statement_timeout = 0").await?;
    session.command(LOCK).await?;
    if let Some(schema) = session.schema().map(str::to_owned) {
        let mut sql = statement();
        sql.push("CREATE SCHEMA IF NOT EXISTS ").name(&schema);
        session.run(&sql).await?;
    }
    for table in tables {
        create_table(session, table, lines).await?;
    }
    Ok(())
}

async fn create_table(session: &mut PgSession, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_columns(session, &table.name).await?;
    if known.is_empty() {
        session.run(&create_statement(table)).await?;
        lines.push(format!("table {} created", table.name));
    } else {
        add_columns(session, table, &known, lines).await?;
    }
    create_indexes(session, table, lines).await
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

async fn add_columns(
    session: &mut PgSession,
    table: &Table,
    known: &HashMap<String, Stored>,
    lines: &mut Vec<String>,
) -> Result<()> {
    for column in table.columns().iter().filter(|c| !c.hidden) {
        let wanted = storage(column.column_type());
        match known.get(&*column.name) {
            None if column.primary.is_some() => lines.push(format!(
                "table {} has no key column {}: the key of a table cannot be changed, left as it is",
                table.name, column.name
            )),
            None => {
                let mut sql = statement();
                sql.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
                write_column(&mut sql, column);
                session.run(&sql).await?;
                lines.push(format!("table {} column {} added", table.name, column.name));
            }
            Some(stored) => {
                if stored.storage != wanted {
                    lines.push(format!(
                        "table {} column {} is {} in the database and {wanted} in its description: left as it is",
                        table.name, column.name, stored.storage
                    ));
                }
                if stored.is_key != column.primary.is_some() {
                    lines.push(format!(
                        "table {} column {} {} part of the key in the database: left as it is",
                        table.name,
                        column.name,
                        if stored.is_key { "is" } else { "is not" }
                    ));
                }
            }
        }
    }
    Ok(())
}

async fn create_indexes(session: &mut PgSession, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_indexes(session, &table.name).await?;
    for plan in indexes_of(table) {
        let kind = if plan.unique { "unique index" } else { "index" };
        let name = index_name(&plan.name);
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, unique)) if *unique == plan.unique => {}
            Some(_) => lines.push(format!(
                "table {} index {name} is not a {kind} in the database: left as it is, drop it to have it made anew",
                table.name
            )),
            None => {
                session.run(&index_statement(table, &plan)).await.map_err(|e| match e.kind() {
                    ErrorKind::AlreadyExists => not_unique(&name).source(e),
                    _ => e,
                })?;
                lines.push(format!("table {} {kind} {name} created", table.name));
            }
        }
    }
    Ok(())
}

/// Nulls are where the order of the framework has them, so that an index serves a sorted page.
fn index_statement(table: &Table, plan: &IndexPlan) -> Sql<'static> {
    let mut sql = statement();
    sql.push(if plan.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&index_name(&plan.name)).push(" ON ").name(&table.name).push(" (");
    let columns = plan.columns.iter().filter_map(|name| table.find(name));
    for (at, column) in columns.enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        match (column.column_type(), plan.unique) {
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

/// A name that the server does not cut: what is too long ends in a hash of the whole.
fn index_name(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let hash = Sha256::digest(name.as_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{hash}", &name[..name.floor_char_boundary(MAX_NAME - 9)])
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
    Ok(stored_indexes(session, &table.name).await?.into_iter().map(|(name, _)| name).collect())
}

struct Stored {
    storage: String,
    is_key: bool,
}

async fn stored_columns(session: &mut PgSession, table: &str) -> Result<HashMap<String, Stored>> {
    let mut sql = statement();
    sql.push(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), EXISTS (SELECT 1 FROM pg_index i \
         WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey)) \
         FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = to_regclass(",
    );
    write_quoted(&mut sql, table);
    sql.push(")");
    let Answer { rows, .. } = session.run(&sql).await?;
    rows.iter()
        .map(|row| {
            let stored = Stored {
                storage: text(row, 1)?,
                is_key: PgSession::value_at(row, 2, ColumnType::Bool)? == Value::Bool(true),
            };
            Ok((text(row, 0)?, stored))
        })
        .collect()
}

async fn stored_indexes(session: &mut PgSession, table: &str) -> Result<Vec<(String, bool)>> {
    let mut sql = statement();
    sql.push(
        "SELECT c.relname::text, i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE NOT i.indisprimary AND i.indrelid = to_regclass(",
    );
    write_quoted(&mut sql, table);
    sql.push(") ORDER BY c.relname");
    let Answer { rows, .. } = session.run(&sql).await?;
    rows.iter()
        .map(|row| Ok((text(row, 0)?, PgSession::value_at(row, 1, ColumnType::Bool)? == Value::Bool(true))))
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
        assert!(index_name(&long).len() <= MAX_NAME);
        assert_ne!(index_name(&long), index_name(&other));
        assert_eq!(index_name("t_a_index"), "t_a_index");
    }
}
