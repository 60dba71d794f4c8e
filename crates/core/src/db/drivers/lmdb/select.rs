//! Reads, within a transaction of the caller.

use std::ops::ControlFlow;

use heed::RoTxn;

use super::access::Access;
use super::catalog::Record;
use super::scan::{Deadline, Visited, visit};
use super::store::Store;
use crate::Result;
use crate::db::Query;
use crate::db::driver::{Get, Select};
use crate::db::evaluate::Matcher;
use crate::db::plain::{Page, PageLimits, is_live, key_bytes, project};
use crate::db::prepare::now_seconds;
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// One record by key.
///
/// # Errors
/// `NotPrepared` without its table, `KeyIncomplete`, and LMDB's.
pub(super) fn get(store: &Store, txn: &RoTxn<'_>, get: &Get) -> Result<Option<Row>> {
    let record = store.record(txn, &get.table)?;
    let Some(row) = by_key(store, txn, (&get.table, &record), &get.key, now_seconds())? else {
        return Ok(None);
    };
    if let Some(filter) = &get.filter
        && !Matcher::new(&get.table, filter)?.matches(&row)
    {
        return Ok(None);
    }
    Ok(Some(project(&get.table, &row, &get.select, &[])))
}

/// The records of several keys.
///
/// # Errors
/// As [`get`].
pub(super) fn list(
    store: &Store,
    txn: &RoTxn<'_>,
    table: &Table,
    keys: &[Vec<Value>],
    select: &[Name],
) -> Result<Vec<Row>> {
    let record = store.record(txn, table)?;
    let now = now_seconds();
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        let row = by_key(store, txn, (table, &record), key, now)?;
        rows.extend(row.map(|row| project(table, &row, select, &[])));
    }
    Ok(rows)
}

fn by_key(
    store: &Store,
    txn: &RoTxn<'_>,
    (table, record): (&Table, &Record),
    key: &[Value],
    now: i64,
) -> Result<Option<Row>> {
    let row = store.row(txn, table, record, &key_bytes(table, key)?)?;
    Ok(row.filter(|row| is_live(table, row, now)))
}

/// One page.
///
/// # Errors
/// `NotPrepared` without its table, `OverCapacity` when too many rows would have to be put in order,
/// `Timeout`, and LMDB's.
pub(super) fn select(
    store: &Store,
    txn: &RoTxn<'_>,
    select: &Select,
    limits: PageLimits,
    deadline: Deadline,
) -> Result<Vec<Row>> {
    let table = &*select.table;
    let record = store.record(txn, table)?;
    let matcher = Matcher::new(table, &select.query)?;
    let now = now_seconds();
    // The first rows for each value of a unique column may come from anywhere.
    let sort = if select.unique.is_some() { &[][..] } else { &select.sort };
    let mut access = Access::best(table, &record, &select.query, sort);
    if let Some(after) = &select.after {
        access.start_after(&select.query, sort, after);
    }
    let mut page = Page::new(select, access.is_ordered(), limits)?;
    let visited = visit(store, txn, (table, &record), &access, deadline, |row| {
        take(&mut page, row, |row| is_live(table, row, now) && matcher.matches(row))
    })?;
    if visited == Visited::Disordered {
        page = Page::new(select, false, limits)?;
        let access = Access::best(table, &record, &select.query, &[]);
        visit(store, txn, (table, &record), &access, deadline, |row| {
            take(&mut page, row, |row| is_live(table, row, now) && matcher.matches(row))
        })?;
    }
    page.finish()
}

fn take(page: &mut Page<'_>, row: Row, wanted: impl Fn(&Row) -> bool) -> Result<ControlFlow<()>> {
    if wanted(&row) { page.push(row) } else { Ok(ControlFlow::Continue(())) }
}

/// The number of records that match.
///
/// # Errors
/// `NotPrepared` without its table, `Timeout`, and LMDB's.
pub(super) fn count(
    store: &Store,
    txn: &RoTxn<'_>,
    table: &Table,
    query: &Query,
    deadline: Deadline,
) -> Result<u64> {
    let record = store.record(txn, table)?;
    let matcher = Matcher::new(table, query)?;
    let now = now_seconds();
    let access = Access::best(table, &record, query, &[]);
    let mut count = 0;
    visit(store, txn, (table, &record), &access, deadline, |row| {
        count += u64::from(is_live(table, &row, now) && matcher.matches(&row));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}
