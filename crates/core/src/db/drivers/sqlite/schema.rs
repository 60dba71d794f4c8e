//! Tables from their descriptions: what differs, and making what is missing.
//!
//! Tables are STRICT: a column then holds its declared storage class and nothing else, whoever writes to
//! the file, so that reading never guesses. They keep their rowid, because records with JSON are too long
//! for a clustered key. `not_null` is checked by the facade and not declared, because a column can be added
//! to rows that have no value for it, and a merge may leave it out.

use std::sync::Arc;

use rusqlite::Connection;

use super::convert::storage;
use super::dialect::Sqlite;
use super::error::convert;
use super::execute::{command, rollback};
use crate::db::driver::{Difference, Differs};
use crate::db::refusal::not_unique;
use crate::db::sql::{Sql, write_columns};
use crate::db::upgrade::{DROP_INDEX, Fit, HeldColumn, Rules, Stored, StoredIndex, differences};
use crate::schema::{Column, Table};
use crate::{ErrorKind, Result};

impl Rules for Sqlite {
    const INDEX_ADVICE: &'static str = DROP_INDEX;

    fn kind(&self, _: &Table, column: &Column) -> String {
        storage(column.column_type()).to_owned()
    }

    fn fit(&self, stored: &str, wanted: &str, _: bool) -> Fit {
        if stored.eq_ignore_ascii_case(wanted) { Fit::Same } else { Fit::Other }
    }

    /// Names of columns ignore the case of ASCII letters.
    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other)
    }
}

/// In what the database differs from these tables, as it was at one moment.
///
/// # Errors
/// Those of the statements.
pub(super) fn plan(connection: &Connection, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    command(connection, "BEGIN")?;
    let found = plan_all(connection, tables);
    rollback(connection);
    found
}

fn plan_all(connection: &Connection, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    let plans = tables.iter().map(|table| plan_table(connection, table));
    Ok(plans.collect::<Result<Vec<_>>>()?.concat())
}

fn plan_table(connection: &Connection, table: &Table) -> Result<Vec<Difference>> {
    Ok(differences(&Sqlite, table, stored(connection, &table.name)?.as_ref()))
}

/// Carries out the changes of the plan in one transaction; the whole plan.
///
/// # Errors
/// `AlreadyExists` when records stand in the way of a unique index; then nothing was done.
pub(super) fn create(connection: &Connection, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    // The lock comes first, so that several processes look and create one after the other.
    command(connection, "BEGIN IMMEDIATE")?;
    let done = create_all(connection, tables);
    let done = done.and_then(|found| command(connection, "COMMIT").map(|()| found));
    if done.is_err() {
        rollback(connection);
    }
    done
}

fn create_all(connection: &Connection, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    for table in tables {
        for difference in plan_table(connection, table)? {
            carry_out(connection, table, &difference.what)?;
            found.push(difference);
        }
    }
    Ok(found)
}

/// Makes a change; what is none is left.
fn carry_out(connection: &Connection, table: &Table, what: &Differs) -> Result<()> {
    match what {
        Differs::Table { .. } => execute(connection, &create_statement(table)),
        Differs::Column { column, .. } => {
            let Some(column) = table.find(column) else { return Ok(()) };
            let mut sql = Sql::new(&Sqlite);
            sql.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
            write_column(&mut sql, column);
            execute(connection, &sql)
        }
        Differs::Index { index, columns, unique } => {
            execute(connection, &index_statement(table, index, columns, *unique)).map_err(|e| {
                match e.kind() {
                    ErrorKind::AlreadyExists => not_unique(index).source(e),
                    _ => e,
                }
            })
        }
        _ => Ok(()),
    }
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

fn index_statement(table: &Table, index: &str, columns: &[String], unique: bool) -> Sql<'static> {
    let mut sql = Sql::new(&Sqlite);
    sql.push(if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(index).push(" ON ").name(&table.name).push(" (");
    for (at, name) in columns.iter().enumerate() {
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
    Ok(stored_indexes(connection, &table.name)?.into_iter().map(|index| index.name).collect())
}

fn execute(connection: &Connection, sql: &Sql<'_>) -> Result<()> {
    connection.execute_batch(sql.text()).map_err(convert)
}

/// What the database holds of a table; none when it is not there.
fn stored(connection: &Connection, table: &str) -> Result<Option<Stored>> {
    let read = || -> rusqlite::Result<Vec<(HeldColumn, i64)>> {
        connection
            .prepare_cached(
                "SELECT name, type, pk, \"notnull\" AND dflt_value IS NULL FROM pragma_table_info(?)",
            )?
            .query_map([table], |row| {
                let column = HeldColumn {
                    name: row.get(0)?,
                    kind: row.get(1)?,
                    required: row.get(3)?,
                    collation: None,
                };
                Ok((column, row.get(2)?))
            })?
            .collect()
    };
    let columns = read().map_err(convert)?;
    if columns.is_empty() {
        return Ok(None);
    }
    let mut key: Vec<&(HeldColumn, i64)> = columns.iter().filter(|(_, place)| *place > 0).collect();
    key.sort_by_key(|(_, place)| *place);
    let key = key.into_iter().map(|(column, _)| column.name.clone()).collect();
    let indexes = stored_indexes(connection, table)?;
    Ok(Some(Stored { columns: columns.into_iter().map(|(column, _)| column).collect(), key, indexes }))
}

fn stored_indexes(connection: &Connection, table: &str) -> Result<Vec<StoredIndex>> {
    let read = || -> rusqlite::Result<_> {
        connection
            .prepare_cached(
                "SELECT name, \"unique\" FROM pragma_index_list(?) WHERE origin = 'c' ORDER BY name",
            )?
            .query_map([table], |row| Ok(StoredIndex { name: row.get(0)?, unique: row.get(1)? }))?
            .collect()
    };
    read().map_err(convert)
}
