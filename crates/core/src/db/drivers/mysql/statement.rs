//! Verbs as SQL, for a product without `ON CONFLICT` of one index and without `RETURNING` of an update. Pure:
//! nothing here knows a connection.

use super::connection::uses_regexp;
use super::dialect::MySql;
use crate::Result;
use crate::db::Returning;
use crate::db::driver::{Change, Verb, Write};
use crate::db::layout::selected;
use crate::db::sql::statement::{key_of, old_row, purge, write_insert, write_record, write_set};
use crate::db::sql::{Sql, write_columns, write_query, write_where};
use crate::schema::{Column, Table};
use crate::value::{Row, Value};

/// What a write consists of. `update` comes first; when it finds nothing, `insert` follows.
pub(in crate::db::drivers) struct Plan<'a> {
    /// Removes the expired record that stands in the way; harmless if what follows fails.
    pub(super) purge: Option<Sql<'a>>,
    /// Reads and locks the row before the change.
    pub(super) old: Option<Sql<'a>>,
    /// Changes or removes what is there.
    pub(super) update: Option<Sql<'a>>,
    /// Whether the record, which is there, fulfils the condition of an upsert.
    pub(super) holds: Option<Sql<'a>>,
    /// Stores a new record.
    pub(super) insert: Option<Sql<'a>>,
    /// A record that is there is no error for `insert`.
    pub(super) do_nothing: bool,
    /// Reads the row after the change.
    pub(super) new: Option<Sql<'a>>,
    /// What `old` and `new` return.
    pub(super) columns: Vec<&'a Column>,
}

impl Plan<'_> {
    /// Whether several statements must see the same record, or be taken back together.
    pub(super) fn needs_transaction(&self) -> bool {
        // A match that was given up is noticed after the change, which is then taken back.
        let matches = [&self.update, &self.holds].into_iter().flatten().any(uses_regexp);
        self.old.is_some() || self.new.is_some() || matches
    }
}

/// A write.
///
/// # Errors
/// `Invalid` or `KeyIncomplete` for what does not fit the table.
pub(super) fn write<'a>(dialect: &'static MySql, write: &'a Write, now: i64) -> Result<Plan<'a>> {
    let table = &*write.table;
    let columns = if write.returning == Returning::Nothing { Vec::new() } else { selected(table, &[], &[]) };
    let mut plan = Plan {
        purge: None,
        old: None,
        update: None,
        holds: None,
        insert: None,
        do_nothing: false,
        new: None,
        columns,
    };
    let wants_old = write.returning == Returning::Old;
    let mut record = None;
    match &write.verb {
        Verb::Add { row, do_nothing } => {
            plan.purge = purge(dialect, table, row, now);
            plan.insert = Some(insert(dialect, table, [row])?);
            plan.do_nothing = *do_nothing;
            // There was no row before.
            if !wants_old {
                record = Some((key_of(table, row)?, None));
            }
        }
        Verb::Put { row, defaults } => {
            plan.purge = purge(dialect, table, row, now);
            plan.update = Some(merge(dialect, table, row)?);
            plan.insert = Some(insert(dialect, table, [row, defaults])?);
            record = Some((key_of(table, row)?, None));
        }
        Verb::Update { key, changes, condition, insert: new } => {
            plan.update = Some(update(dialect, table, changes, |sql| {
                write_record(sql, table, key, condition.as_ref(), now)
            })?);
            if let Some(row) = new {
                plan.purge = purge(dialect, table, row, now);
                plan.insert = Some(insert(dialect, table, [row])?);
                if let Some(condition) = condition {
                    let mut holds = Sql::new(dialect);
                    holds.push("SELECT (");
                    write_query(&mut holds, table, condition)?;
                    holds.push(") IS TRUE FROM ").name(&table.name);
                    write_record(&mut holds, table, key, None, now)?;
                    plan.holds = Some(holds);
                }
            }
            record = Some((key.iter().collect(), condition.as_ref()));
        }
        Verb::Del { key, condition } => {
            let mut sql = Sql::new(dialect);
            sql.push("DELETE FROM ").name(&table.name);
            write_record(&mut sql, table, key, condition.as_ref(), now)?;
            plan.update = Some(sql);
            if write.returning != Returning::Nothing {
                plan.old = Some(old_row(
                    dialect,
                    table,
                    &plan.columns,
                    key.iter().collect(),
                    condition.as_ref(),
                    now,
                )?);
            }
        }
        Verb::UpdateAll { changes, query } => {
            plan.update = Some(update(dialect, table, changes, |sql| write_where(sql, table, query, now))?);
        }
        Verb::DelAll { query } => {
            let mut sql = Sql::new(dialect);
            sql.push("DELETE FROM ").name(&table.name);
            write_where(&mut sql, table, query, now)?;
            plan.update = Some(sql);
        }
    }
    match (record, write.returning) {
        (Some((key, condition)), Returning::Old) => {
            plan.old = Some(old_row(dialect, table, &plan.columns, key, condition, now)?);
        }
        // The change may end the condition, or the time of the record.
        (Some((key, _)), Returning::New) => plan.new = Some(by_key(dialect, table, &plan.columns, key)),
        _ => {}
    }
    Ok(plan)
}

fn insert<'a, const N: usize>(
    dialect: &'static MySql,
    table: &'a Table,
    rows: [&'a Row; N],
) -> Result<Sql<'a>> {
    let mut sql = Sql::new(dialect);
    write_insert(&mut sql, table, rows)?;
    Ok(sql)
}

fn update<'a>(
    dialect: &'static MySql,
    table: &'a Table,
    changes: &'a [Change],
    condition: impl FnOnce(&mut Sql<'a>) -> Result<()>,
) -> Result<Sql<'a>> {
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE ").name(&table.name).push(" SET ");
    write_set(&mut sql, table, changes)?;
    condition(&mut sql)?;
    Ok(sql)
}

/// Takes over the columns of the row, or none, as a row that stays is found too.
fn merge<'a>(dialect: &'static MySql, table: &'a Table, row: &'a Row) -> Result<Sql<'a>> {
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE ").name(&table.name).push(" SET ");
    let given: Vec<(&Column, &Value)> = row
        .iter()
        .filter_map(|(name, value)| table.find(name).zip(Some(value)))
        .filter(|(column, _)| column.primary.is_none())
        .collect();
    if given.is_empty() {
        write_set(&mut sql, table, &[])?;
    }
    for (at, (column, value)) in given.into_iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" });
        sql.name(&column.name).push(" = ").bind(value, column.column_type());
    }
    write_key_values(&mut sql, table, key_of(table, row)?);
    Ok(sql)
}

fn by_key<'a>(
    dialect: &'static MySql,
    table: &'a Table,
    columns: &[&Column],
    key: Vec<&'a Value>,
) -> Sql<'a> {
    let mut sql = Sql::new(dialect);
    sql.push("SELECT ");
    write_columns(&mut sql, columns);
    sql.push(" FROM ").name(&table.name);
    write_key_values(&mut sql, table, key);
    sql
}

fn write_key_values<'a>(sql: &mut Sql<'a>, table: &Table, key: Vec<&'a Value>) {
    for (at, (column, value)) in table.keys().zip(key).enumerate() {
        sql.push(if at > 0 { " AND " } else { " WHERE " });
        sql.name(&column.name).push(" = ").bind(value, column.column_type());
    }
}
