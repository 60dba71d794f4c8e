//! Verbs as SQL. Pure: nothing here knows a connection.

use super::dialect::Sqlite;
use crate::db::driver::{Change, Get, Select, Verb, Write};
use crate::db::layout::{IndexPlan, expiry_of, indexes_of, selected};
use crate::db::sql::{
    Sql, write_changes, write_columns, write_count, write_key, write_live, write_query, write_select,
    write_where,
};
use crate::db::{Query, Returning};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// A read: the statement and the columns of its result.
pub(super) struct Read<'a> {
    /// The statement.
    pub(super) sql: Sql<'a>,
    /// What its result has.
    pub(super) columns: Vec<&'a Column>,
}

/// A write: one statement, with others around it where SQLite needs them.
pub(super) struct Plan<'a> {
    /// Removes the expired record that stands in the way; harmless if what follows fails.
    pub(super) purge: Option<Sql<'a>>,
    /// Reads the row before the change.
    pub(super) old: Option<Sql<'a>>,
    /// The change.
    pub(super) main: Sql<'a>,
    /// What `old` or `main` returns; empty for nothing.
    pub(super) columns: Vec<&'a Column>,
}

impl Plan<'_> {
    /// Whether the one statement is all, which is atomic by itself.
    pub(super) fn is_single(&self) -> bool {
        self.purge.is_none() && self.old.is_none()
    }
}

fn statement<'a>() -> Sql<'a> {
    Sql::new(&Sqlite)
}

/// One record by key.
///
/// # Errors
/// `KeyIncomplete`, or `Invalid` for a filter that does not fit.
pub(super) fn get(get: &Get, now: i64) -> Result<Read<'_>> {
    by_key(&get.table, &get.key, get.filter.as_ref(), &get.select, now)
}

/// One record of a table by key.
///
/// # Errors
/// As [`get`].
pub(super) fn by_key<'a>(
    table: &'a Table,
    key: &'a [Value],
    filter: Option<&'a Query>,
    select: &[Name],
    now: i64,
) -> Result<Read<'a>> {
    let columns = selected(table, select, &[]);
    let mut sql = statement();
    sql.push("SELECT ");
    write_columns(&mut sql, &columns);
    sql.push(" FROM ").name(&table.name);
    write_record(&mut sql, table, key, filter, now)?;
    Ok(Read { sql, columns })
}

/// One page.
///
/// # Errors
/// `Invalid` for a condition, order or start that does not fit.
pub(super) fn select(select: &Select, now: i64) -> Result<Read<'_>> {
    let columns = selected(&select.table, &select.select, &select.sort);
    let mut sql = statement();
    write_select(&mut sql, select, &columns, now)?;
    Ok(Read { sql, columns })
}

/// The number of records.
///
/// # Errors
/// `Invalid` for a condition that does not fit.
pub(super) fn count<'a>(table: &'a Table, query: &'a Query, now: i64) -> Result<Sql<'a>> {
    let mut sql = statement();
    write_count(&mut sql, table, query, now)?;
    Ok(sql)
}

/// A write.
///
/// # Errors
/// `Invalid` or `KeyIncomplete` for what does not fit the table.
pub(super) fn write(write: &Write, now: i64) -> Result<Plan<'_>> {
    let table = &*write.table;
    let stored = || selected(table, &[], &[]);
    let returns = if write.returning == Returning::Nothing { Vec::new() } else { stored() };
    let wants_old = write.returning == Returning::Old;
    let mut plan = Plan { purge: None, old: None, main: statement(), columns: returns };
    let main = &mut plan.main;
    let mut old_key = None;
    match &write.verb {
        Verb::Add { row, do_nothing } => {
            plan.purge = purge(table, row, now);
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
            plan.purge = purge(table, row, now);
            write_insert(main, table, [row, defaults])?;
            write_merge(main, table, row);
            old_key = Some((key_of(table, row)?, None));
        }
        Verb::Update { key, changes, condition, insert: Some(row) } => {
            plan.purge = purge(table, row, now);
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
            plan.old = Some(old_row(table, &plan.columns, key, condition, now)?);
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
fn write_record<'a>(
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
fn write_insert<'a, const N: usize>(sql: &mut Sql<'a>, table: &Table, rows: [&'a Row; N]) -> Result<()> {
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
fn write_conflict(sql: &mut Sql<'_>, table: &Table) {
    sql.push(" ON CONFLICT (");
    write_columns(sql, &table.keys().collect::<Vec<_>>());
    sql.push(") DO UPDATE SET ");
}

/// Takes over the columns of the row, or none but says so, as a row that stays is affected too.
fn write_merge(sql: &mut Sql<'_>, table: &Table, row: &Row) {
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

fn write_set<'a>(sql: &mut Sql<'a>, table: &Table, changes: &'a [Change]) -> Result<()> {
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

fn key_of<'a>(table: &Table, row: &'a Row) -> Result<Vec<&'a Value>> {
    table
        .keys()
        .map(|column| {
            row.get(&column.name).ok_or_else(|| {
                Error::new(crate::ErrorKind::KeyIncomplete, format!("{} is missing in the key", column.name))
            })
        })
        .collect()
}

fn old_row<'a>(
    table: &'a Table,
    columns: &[&Column],
    key: Vec<&'a Value>,
    condition: Option<&'a Query>,
    now: i64,
) -> Result<Sql<'a>> {
    let mut sql = statement();
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
    Ok(sql)
}

/// Removes expired records with the key, or a unique value, of a row to be stored.
fn purge<'a>(table: &Table, row: &'a Row, now: i64) -> Option<Sql<'a>> {
    let ttl = expiry_of(table)?;
    let mut sql = statement();
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Op;

    fn table(ttl: bool) -> Arc<Table> {
        let table = Table::new("order")
            .column(Column::text("id").primary())
            .column(Column::int("num"))
            .column(Column::text("a\"b").unique());
        Arc::new(if ttl { table.column(Column::ttl("until")) } else { table })
    }

    fn check(ttl: bool, verb: Verb, returning: Returning, expected: &str) {
        let request = Write { table: table(ttl), verb, returning };
        let plan = write(&request, 9).expect("fits");
        let parts = [plan.purge.as_ref(), plan.old.as_ref(), Some(&plan.main)];
        let text: Vec<_> = parts.into_iter().flatten().map(Sql::text).collect();
        assert_eq!(text.join("; "), expected);
        for sql in parts.into_iter().flatten() {
            assert_eq!(sql.text().matches('?').count(), sql.binds().len());
        }
    }

    fn row() -> Row {
        Row::new().with("id", "x").with("num", 1)
    }

    fn update(condition: Option<Query>, insert: Option<Row>) -> Verb {
        let changes = vec![
            Change { column: "num".into(), op: Op::Incr, value: 1.into() },
            Change { column: "a\"b".into(), op: Op::Append, value: "t".into() },
        ];
        Verb::Update { key: vec!["x".into()], changes, condition, insert }
    }

    #[test]
    fn a_write_is_one_statement_with_quoted_names_and_bound_values() {
        check(
            false,
            Verb::Add { row: row(), do_nothing: true },
            Returning::Nothing,
            r#"INSERT INTO "order" ("id", "num") VALUES (?, ?) ON CONFLICT DO NOTHING"#,
        );
        check(
            false,
            Verb::Put { row: row(), defaults: Row::new().with("num", 2).with("a\"b", "d") },
            Returning::New,
            r#"INSERT INTO "order" ("id", "num", "a""b") VALUES (?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "num" = excluded."num" RETURNING "id", "num", "a""b""#,
        );
        check(
            false,
            update(Some(Query::new().not(Query::new().eq("num", 5))), None),
            Returning::Nothing,
            r#"UPDATE "order" SET "num" = bk_incr("num", ?, 'num'), "a""b" = COALESCE("a""b", '') || ? WHERE "id" = ? AND ((("num" = ?)) IS NOT TRUE)"#,
        );
        check(
            false,
            Verb::Del { key: vec!["x".into()], condition: None },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE "id" = ?"#,
        );
    }

    #[test]
    fn what_expires_is_removed_before_an_insert_and_passed_over_otherwise() {
        check(
            true,
            Verb::Add { row: row().with("a\"b", "u"), do_nothing: false },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE "until" <= ? AND (FALSE OR "id" = ? OR "a""b" = ?); INSERT INTO "order" ("id", "num", "a""b") VALUES (?, ?, ?)"#,
        );
        check(
            true,
            Verb::DelAll { query: Query::new() },
            Returning::Nothing,
            r#"DELETE FROM "order" WHERE TRUE AND ("until" IS NULL OR "until" > ?)"#,
        );
    }

    #[test]
    fn the_row_before_a_change_is_read_first() {
        check(
            false,
            update(None, None),
            Returning::Old,
            r#"SELECT "id", "num", "a""b" FROM "order" WHERE TRUE AND "id" = ?; UPDATE "order" SET "num" = bk_incr("num", ?, 'num'), "a""b" = COALESCE("a""b", '') || ? WHERE "id" = ?"#,
        );
    }

    #[test]
    fn an_incomplete_key_is_refused() {
        let request = Write {
            table: table(false),
            verb: Verb::Del { key: vec![], condition: None },
            returning: Returning::Nothing,
        };
        assert_eq!(write(&request, 0).err().map(|e| e.kind()), Some(crate::ErrorKind::KeyIncomplete));
    }
}
