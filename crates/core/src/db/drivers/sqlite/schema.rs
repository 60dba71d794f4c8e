//! Tables from their descriptions: creation, additions, and lines that say what was done.
//!
//! Tables are STRICT: a column then holds its declared storage class and nothing else, whoever writes to
//! the file, so that reading never guesses. They keep their rowid, because records with JSON are too long
//! for a clustered key. `not_null` is checked by the facade and not declared, because a column can be added
//! to rows that have no value for it, and a merge may leave it out.

use std::collections::HashMap;

use rusqlite::Connection;

use super::convert::storage;
use super::dialect::Sqlite;
use super::error::convert;
use super::execute::{command, rollback};
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::schema::{Column, Table};
use crate::{ErrorKind, Result};

/// Creates what is missing of these tables in one transaction; a line for each thing done, or found
/// different and left as it is.
///
/// # Errors
/// `AlreadyExists` when records stand in the way of a unique index; then nothing was done.
pub(super) fn create(connection: &Connection, tables: &[std::sync::Arc<Table>]) -> Result<Vec<String>> {
    // The lock comes first, so that several processes look and create one after the other.
    command(connection, "BEGIN IMMEDIATE")?;
    let mut lines = Vec::new();
    let done = tables
        .iter()
        .try_for_each(|table| create_table(connection, table, &mut lines))
        .and_then(|()| command(connection, "COMMIT"));
    if let Err(error) = done {
        rollback(connection);
        return Err(error);
    }
    Ok(lines)
}

fn create_table(connection: &Connection, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_columns(connection, &table.name)?;
    if known.is_empty() {
        execute(connection, &create_statement(table))?;
        lines.push(format!("table {} created", table.name));
    } else {
        add_columns(connection, table, &known, lines)?;
    }
    create_indexes(connection, table, lines)
}

fn create_statement(table: &Table) -> Sql<'static> {
    let mut sql = Sql::new(&Sqlite);
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
    sql.push(") STRICT");
    sql
}

fn write_column(sql: &mut Sql<'_>, column: &Column) {
    sql.name(&column.name).push(" ").push(storage(column.column_type()));
}

fn add_columns(
    connection: &Connection,
    table: &Table,
    known: &HashMap<String, Stored>,
    lines: &mut Vec<String>,
) -> Result<()> {
    for column in table.columns().iter().filter(|c| !c.hidden) {
        let wanted = storage(column.column_type());
        // Names of columns ignore the case of ASCII letters.
        match known.get(&column.name.to_ascii_lowercase()) {
            None if column.primary.is_some() => lines.push(format!(
                "table {} has no key column {}: the key of a table cannot be changed, left as it is",
                table.name, column.name
            )),
            None => {
                let mut sql = Sql::new(&Sqlite);
                sql.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
                write_column(&mut sql, column);
                execute(connection, &sql)?;
                lines.push(format!("table {} column {} added", table.name, column.name));
            }
            Some(stored) => {
                if !stored.storage.eq_ignore_ascii_case(wanted) {
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

fn create_indexes(connection: &Connection, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let known = stored_indexes(connection, &table.name)?;
    for plan in indexes_of(table) {
        let kind = if plan.unique { "unique index" } else { "index" };
        match known.iter().find(|(name, _)| *name == plan.name) {
            Some((_, unique)) if *unique == plan.unique => {}
            Some(_) => lines.push(format!(
                "table {} index {} is not a {kind} in the database: left as it is, drop it to have it made anew",
                table.name, plan.name
            )),
            None => {
                execute(connection, &index_statement(table, &plan)).map_err(|e| match e.kind() {
                    ErrorKind::AlreadyExists => not_unique(&plan.name).source(e),
                    _ => e,
                })?;
                lines.push(format!("table {} {kind} {} created", table.name, plan.name));
            }
        }
    }
    Ok(())
}

fn index_statement(table: &Table, plan: &IndexPlan) -> Sql<'static> {
    let mut sql = Sql::new(&Sqlite);
    sql.push(if plan.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&plan.name).push(" ON ").name(&table.name).push(" (");
    for (at, name) in plan.columns.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).name(name);
    }
    sql.push(")");
    sql
}

/// Removes a table with its indexes; not being there is no error.
///
/// # Errors
/// Those of the statement.
pub(super) fn drop_table(connection: &Connection, table: &Table) -> Result<()> {
    let mut sql = Sql::new(&Sqlite);
    sql.push("DROP TABLE IF EXISTS ").name(&table.name);
    execute(connection, &sql)
}

/// The names of the indexes that were made on a table, sorted.
///
/// # Errors
/// Those of the statement.
pub(super) fn index_names(connection: &Connection, table: &Table) -> Result<Vec<String>> {
    Ok(stored_indexes(connection, &table.name)?.into_iter().map(|(name, _)| name).collect())
}

fn execute(connection: &Connection, sql: &Sql<'_>) -> Result<()> {
    connection.execute_batch(sql.text()).map_err(convert)
}

struct Stored {
    storage: String,
    is_key: bool,
}

fn stored_columns(connection: &Connection, table: &str) -> Result<HashMap<String, Stored>> {
    let read = || -> rusqlite::Result<_> {
        connection
            .prepare_cached("SELECT name, type, pk FROM pragma_table_info(?)")?
            .query_map([table], |row| {
                let name: String = row.get(0)?;
                Ok((
                    name.to_ascii_lowercase(),
                    Stored { storage: row.get(1)?, is_key: row.get::<_, i64>(2)? > 0 },
                ))
            })?
            .collect()
    };
    read().map_err(convert)
}

fn stored_indexes(connection: &Connection, table: &str) -> Result<Vec<(String, bool)>> {
    let read = || -> rusqlite::Result<_> {
        connection
            .prepare_cached(
                "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin = 'c' ORDER BY name",
            )?
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    read().map_err(convert)
}
