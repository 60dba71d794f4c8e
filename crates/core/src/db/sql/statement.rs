//! Reads as SQL, and the pieces that writes are made of. Pure: nothing here knows a connection.

use super::{
    Dialect, Sql, write_changes, write_columns, write_count, write_key, write_live, write_query, write_select,
};
use crate::db::Query;
use crate::db::driver::{Change, Get, Select};
use crate::db::layout::{IndexPlan, expiry_of, indexes_of, selected};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// A read: the statement and the columns of its result.
pub(crate) struct Read<'a> {
    /// The statement.
    pub(crate) sql: Sql<'a>,
    /// What its result has.
    pub(crate) columns: Vec<&'a Column>,
}

/// One record by key.
///
/// # Errors
/// `KeyIncomplete`, or `Invalid` for a filter that does not fit.
pub(crate) fn get<'a>(dialect: &'static dyn Dialect, get: &'a Get, now: i64) -> Result<Read<'a>> {
    by_key(dialect, &get.table, &get.key, get.filter.as_ref(), &get.select, now)
}

/// One record of a table by key.
///
/// # Errors
/// As [`get`].
pub(crate) fn by_key<'a>(
    dialect: &'static dyn Dialect,
    table: &'a Table,
    key: &'a [Value],
    filter: Option<&'a Query>,
    select: &[Name],
    now: i64,
) -> Result<Read<'a>> {
    let columns = selected(table, select, &[]);
    let mut sql = Sql::new(dialect);
    sql.push("SELECT ");
    write_columns(&mut sql, &columns);
    sql.push(" FROM ").name(&table.name);
    write_record(&mut sql, table, key, filter, now)?;
    Ok(Read { sql, columns })
}

/// The most keys of one [`list`].
#[cfg(feature = "pooled")]
pub(crate) const MAX_KEYS: usize = 1000;

/// The records of several keys, up to [`MAX_KEYS`]. The last one is repeated up to the next power of two:
/// lists of different length then share a few prepared statements.
///
/// # Errors
/// `KeyIncomplete` for a key that is not complete.
#[cfg(feature = "pooled")]
pub(crate) fn list<'a>(
    dialect: &'static dyn Dialect,
    table: &'a Table,
    keys: &'a [Vec<Value>],
    select: &[Name],
    now: i64,
) -> Result<Read<'a>> {
    let columns = selected(table, select, &[]);
    let key_columns: Vec<&Column> = table.keys().collect();
    let mut sql = Sql::new(dialect);
    sql.push("SELECT ");
    write_columns(&mut sql, &columns);
    sql.push(" FROM ").name(&table.name).push(" WHERE (");
    write_columns(&mut sql, &key_columns);
    sql.push(") IN (");
    let padding = keys.last().into_iter().cycle().take(keys.len().next_power_of_two() - keys.len());
    sql.join(keys.iter().chain(padding), ", ", |sql, key| {
        if key.len() != key_columns.len() || key.iter().any(Value::is_null) {
            let message = format!("the primary key of table {} is not complete", table.name);
            return Err(Error::new(crate::ErrorKind::KeyIncomplete, message));
        }
        sql.push("(");
        sql.join(key_columns.iter().zip(key), ", ", |sql, (column, value)| {
            sql.bind(value, column.column_type());
            Ok::<_, Error>(())
        })?;
        sql.push(")");
        Ok(())
    })?;
    sql.push(")");
    write_live(&mut sql, table, now);
    Ok(Read { sql, columns })
}

/// One page.
///
/// # Errors
/// `Invalid` for a condition, order or start that does not fit.
pub(crate) fn select<'a>(dialect: &'static dyn Dialect, select: &'a Select, now: i64) -> Result<Read<'a>> {
    let columns = selected(&select.table, &select.select, &select.sort);
    let mut sql = Sql::new(dialect);
    write_select(&mut sql, select, &columns, now)?;
    Ok(Read { sql, columns })
}

/// The number of records.
///
/// # Errors
/// `Invalid` for a condition that does not fit.
pub(crate) fn count<'a>(
    dialect: &'static dyn Dialect,
    table: &'a Table,
    query: &'a Query,
    now: i64,
) -> Result<Sql<'a>> {
    let mut sql = Sql::new(dialect);
    write_count(&mut sql, table, query, now)?;
    Ok(sql)
}

/// Appends ` WHERE` with the key, a condition and the time of expiry.
///
/// # Errors
/// `KeyIncomplete`, or `Invalid` for a condition that does not fit.
pub(crate) fn write_record<'a>(
    sql: &mut Sql<'a>,
    table: &'a Table,
    key: &'a [Value],
    condition: Option<&'a Query>,
    now: i64,
) -> Result<()> {
    sql.push(" WHERE ");
    write_key(sql, table, key)?;
    if let Some(condition) = condition {
        sql.push(" AND ");
        write_query(sql, table, condition)?;
    }
    write_live(sql, table, now);
    Ok(())
}

/// Appends `INSERT` with the columns of the first row and those of the others that it does not have.
///
/// # Errors
/// `Invalid` for a column that is unknown.
pub(crate) fn write_insert<'a, const N: usize>(
    sql: &mut Sql<'a>,
    table: &Table,
    rows: [&'a Row; N],
) -> Result<()> {
    let mut values: Vec<(&Column, &Value)> = Vec::with_capacity(rows.iter().map(|r| r.len()).sum());
    for (name, value) in rows.into_iter().flat_map(Row::iter) {
        let Some(column) = table.find(name).filter(|c| !c.hidden) else {
            return Err(Error::invalid(format!("no column {name:.60} in table {}", table.name)));
        };
        if !values.iter().any(|(c, _)| c.name == column.name) {
            values.push((column, value));
        }
    }
    sql.push("INSERT INTO ").name(&table.name).push(" (");
    for (at, (column, _)) in values.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).name(&column.name);
    }
    sql.push(") VALUES (");
    for (at, (column, value)) in values.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).bind(value, column.column_type());
    }
    sql.push(")");
    Ok(())
}

/// Appends the assignments of these changes, or one that changes nothing when there are none.
///
/// # Errors
/// As [`write_changes`].
pub(crate) fn write_set<'a>(sql: &mut Sql<'a>, table: &Table, changes: &'a [Change]) -> Result<()> {
    if changes.is_empty() {
        write_no_change(sql, table);
        return Ok(());
    }
    write_changes(sql, table, changes)
}

/// Appends an assignment that changes nothing.
pub(crate) fn write_no_change(sql: &mut Sql<'_>, table: &Table) {
    if let Some(column) = table.columns().first() {
        sql.name(&column.name).push(" = ").qualified(&table.name, &column.name);
    }
}

/// The values of the key columns of a row.
///
/// # Errors
/// `KeyIncomplete` when one is missing.
pub(crate) fn key_of<'a>(table: &Table, row: &'a Row) -> Result<Vec<&'a Value>> {
    table
        .keys()
        .map(|column| {
            row.get(&column.name).ok_or_else(|| {
                Error::new(crate::ErrorKind::KeyIncomplete, format!("{} is missing in the key", column.name))
            })
        })
        .collect()
}

/// The row with this key that fulfils the condition, read so that it stays until it is changed.
///
/// # Errors
/// `Invalid` for a condition that does not fit.
pub(crate) fn old_row<'a>(
    dialect: &'static dyn Dialect,
    table: &'a Table,
    columns: &[&Column],
    key: Vec<&'a Value>,
    condition: Option<&'a Query>,
    now: i64,
) -> Result<Sql<'a>> {
    let mut sql = Sql::new(dialect);
    sql.push("SELECT ");
    write_columns(&mut sql, columns);
    sql.push(" FROM ").name(&table.name).push(" WHERE TRUE");
    for (column, value) in table.keys().zip(key) {
        sql.push(" AND ").name(&column.name).push(" = ").bind(value, column.column_type());
    }
    if let Some(condition) = condition {
        sql.push(" AND ");
        write_query(&mut sql, table, condition)?;
    }
    write_live(&mut sql, table, now);
    sql.push(dialect.lock());
    Ok(sql)
}

/// Removes expired records with the key, or a unique value, of a row to be stored.
pub(crate) fn purge<'a>(
    dialect: &'static dyn Dialect,
    table: &Table,
    row: &'a Row,
    now: i64,
) -> Option<Sql<'a>> {
    let ttl = expiry_of(table)?;
    let mut sql = Sql::new(dialect);
    sql.push("DELETE FROM ").name(&table.name).push(" WHERE ");
    sql.name(&ttl.name).push(" <= ").bind_owned(now, ColumnType::Ttl).push(" AND (FALSE");
    let keys = table.keys().map(|c| c.name.clone()).collect();
    let unique =
        indexes_of(table).into_iter().filter(|index| index.unique).map(|IndexPlan { columns, .. }| columns);
    for columns in std::iter::once(keys).chain(unique) {
        let values: Option<Vec<_>> = columns.iter().map(|name| table.find(name).zip(row.get(name))).collect();
        for (at, (column, value)) in values.into_iter().flatten().enumerate() {
            sql.push(if at == 0 { " OR " } else { " AND " });
            sql.name(&column.name).push(" = ").bind(value, column.column_type());
        }
    }
    sql.push(")");
    Some(sql)
}
