//! Verbs as SQL, for products with `ON CONFLICT` and `RETURNING`. Pure: nothing here knows a connection.

use super::{
    Dialect, Sql, write_changes, write_columns, write_count, write_key, write_live, write_query,
    write_select, write_where,
};
use crate::db::driver::{Change, Get, Select, Verb, Write};
use crate::db::layout::{IndexPlan, expiry_of, indexes_of, selected};
use crate::db::{Query, Returning};
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

/// A write: one statement, with others around it where the product needs them.
pub(crate) struct Plan<'a> {
    /// Removes the expired record that stands in the way; harmless if what follows fails.
    pub(crate) purge: Option<Sql<'a>>,
    /// Reads the row before the change.
    pub(crate) old: Option<Sql<'a>>,
    /// The change.
    pub(crate) main: Sql<'a>,
    /// What `old` or `main` returns; empty for nothing.
    pub(crate) columns: Vec<&'a Column>,
    /// Whether `main` returns, for each row, if it was inserted: see [`Dialect::inserted`].
    pub(crate) tells_inserted: bool,
}

#[cfg(feature = "sqlite")]
impl Plan<'_> {
    /// Whether the one statement is all, which is atomic by itself.
    pub(crate) fn is_single(&self) -> bool {
        self.purge.is_none() && self.old.is_none()
    }
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
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) const MAX_KEYS: usize = 1000;

/// The records of several keys, up to [`MAX_KEYS`]. The last one is repeated up to the next power of two:
/// lists of different length then share a few prepared statements.
///
/// # Errors
/// `KeyIncomplete` for a key that is not complete.
#[cfg(any(feature = "postgres", feature = "mysql"))]
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

/// A write.
///
/// # Errors
/// `Invalid` or `KeyIncomplete` for what does not fit the table.
pub(crate) fn write<'a>(dialect: &'static dyn Dialect, write: &'a Write, now: i64) -> Result<Plan<'a>> {
    let table = &*write.table;
    let stored = || selected(table, &[], &[]);
    let returns = if write.returning == Returning::Nothing { Vec::new() } else { stored() };
    let wants_old = write.returning == Returning::Old;
    let mut plan =
        Plan { purge: None, old: None, main: Sql::new(dialect), columns: returns, tells_inserted: false };
    let main = &mut plan.main;
    let mut old_key = None;
    match &write.verb {
        Verb::Add { row, do_nothing } => {
            plan.purge = purge(dialect, table, row, now);
            write_insert(main, table, [row])?;
            if *do_nothing {
                main.push(" ON CONFLICT DO NOTHING");
            }
            // There was no row before.
            if wants_old {
                plan.columns.clear();
            }
        }
        Verb::Put { row, defaults } => {
            plan.purge = purge(dialect, table, row, now);
            write_insert(main, table, [row, defaults])?;
            write_merge(main, table, row);
            old_key = Some((key_of(table, row)?, None));
        }
        Verb::Update { key, changes, condition, insert: Some(row) } => {
            plan.purge = purge(dialect, table, row, now);
            write_insert(main, table, [row])?;
            write_conflict(main, table);
            write_set(main, table, changes)?;
            if let Some(condition) = condition {
                main.push(" WHERE ");
                write_query(main, table, condition)?;
            }
            old_key = Some((key.iter().collect(), condition.as_ref()));
        }
        Verb::Update { key, changes, condition, insert: None } => {
            main.push("UPDATE ").name(&table.name).push(" SET ");
            write_set(main, table, changes)?;
            write_record(main, table, key, condition.as_ref(), now)?;
            old_key = Some((key.iter().collect(), condition.as_ref()));
        }
        Verb::Del { key, condition } => {
            main.push("DELETE FROM ").name(&table.name);
            write_record(main, table, key, condition.as_ref(), now)?;
        }
        Verb::UpdateAll { changes, query } => {
            main.push("UPDATE ").name(&table.name).push(" SET ");
            write_set(main, table, changes)?;
            write_where(main, table, query, now)?;
            plan.columns.clear();
        }
        Verb::DelAll { query } => {
            main.push("DELETE FROM ").name(&table.name);
            write_where(main, table, query, now)?;
            plan.columns.clear();
        }
    }
    match old_key {
        Some((key, condition)) if wants_old => {
            plan.old = Some(old_row(dialect, table, &plan.columns, key, condition, now)?);
            let upserts = matches!(write.verb, Verb::Put { .. } | Verb::Update { insert: Some(_), .. });
            if let Some(inserted) = dialect.inserted().filter(|_| upserts) {
                plan.main.push(" RETURNING ").push(inserted);
                plan.tells_inserted = true;
            }
        }
        _ => write_returning(&mut plan.main, &plan.columns),
    }
    Ok(plan)
}

fn write_returning(sql: &mut Sql<'_>, columns: &[&Column]) {
    if !columns.is_empty() {
        sql.push(" RETURNING ");
        write_columns(sql, columns);
    }
}

/// ` WHERE` with the key, a condition and the time of expiry.
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

/// The columns of the first row and those of the others that it does not have.
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

/// `ON CONFLICT` of the primary key alone: an equal value of another unique index stays an error.
fn write_conflict<'a>(sql: &mut Sql<'a>, table: &'a Table) {
    sql.qualify(&table.name);
    sql.push(" ON CONFLICT (");
    write_columns(sql, &table.keys().collect::<Vec<_>>());
    sql.push(") DO UPDATE SET ");
}

/// Takes over the columns of the row, or none but says so, as a row that stays is affected too.
fn write_merge<'a>(sql: &mut Sql<'a>, table: &'a Table, row: &Row) {
    write_conflict(sql, table);
    let mut first = true;
    for (name, _) in row.iter().filter(|(name, _)| !is_key(table, name)) {
        sql.push(if std::mem::take(&mut first) { "" } else { ", " });
        sql.name(name).push(" = excluded.").name(name);
    }
    if first {
        write_no_change(sql, table);
    }
}

pub(crate) fn write_set<'a>(sql: &mut Sql<'a>, table: &Table, changes: &'a [Change]) -> Result<()> {
    if changes.is_empty() {
        write_no_change(sql, table);
        return Ok(());
    }
    write_changes(sql, table, changes)
}

fn write_no_change(sql: &mut Sql<'_>, table: &Table) {
    if let Some(column) = table.columns().first() {
        sql.name(&column.name).push(" = ").qualified(&table.name, &column.name);
    }
}

fn is_key(table: &Table, name: &str) -> bool {
    table.find(name).is_some_and(|column| column.primary.is_some())
}

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
