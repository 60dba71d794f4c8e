//! Writes for products with `ON CONFLICT` and `RETURNING`. Pure: nothing here knows a connection.

use super::statement::{key_of, old_row, purge, write_insert, write_no_change, write_record, write_set};
use super::{Dialect, Sql, write_columns, write_query, write_where};
use crate::Result;
use crate::db::Returning;
use crate::db::driver::{Verb, Write};
use crate::db::layout::selected;
use crate::schema::{Column, Table};
use crate::value::Row;

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

fn is_key(table: &Table, name: &str) -> bool {
    table.find(name).is_some_and(|column| column.primary.is_some())
}
