//! Tables from their descriptions: creation, additions, and lines that say what was done.

use std::ops::Bound;
use std::sync::Arc;

use heed::{RoTxn, RwTxn};

use super::catalog::{Record, StoredColumn, StoredIndex, kind_name};
use super::error::convert;
use super::index::{ID, whole};
use super::store::Store;
use crate::Result;
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::plain::{decode_row, is_live};
use crate::db::prepare::now_seconds;
use crate::db::refusal::not_unique;
use crate::schema::{Column, Table};

/// Records of a table that are indexed at a time.
const CHUNK: usize = 1000;

/// Creates what is missing of these tables in one transaction; a line for each thing done, or found
/// different and left as it is.
///
/// # Errors
/// `AlreadyExists` when records stand in the way of a unique index; then nothing was done.
pub(super) fn create(store: &Store, tables: &[Arc<Table>]) -> Result<Vec<String>> {
    store.commit(|txn| {
        let mut lines = Vec::new();
        for table in tables {
            create_table(store, txn, table, &mut lines)?;
        }
        Ok(lines)
    })
}

fn create_table(store: &Store, txn: &mut RwTxn<'_>, table: &Table, lines: &mut Vec<String>) -> Result<()> {
    let before = lines.len();
    let known = store.find_record(txn, &table.name)?;
    let mut record = match known.as_deref() {
        Some(known) => known.clone(),
        None => {
            lines.push(format!("table {} created", table.name));
            let keys = table.keys().map(|column| column.name.clone()).collect();
            Record { id: store.next_id(txn)?, keys, columns: Vec::new(), indexes: Vec::new() }
        }
    };
    let is_new = known.is_none();
    if !record.has_key_of(table) {
        let keys = record.keys.join(", ");
        lines.push(format!("table {} has the key {keys} in the database: left as it is", table.name));
        return Ok(());
    }
    for column in table.columns().iter().filter(|c| !c.hidden) {
        add_column(&mut record, table, column, is_new, lines);
    }
    for plan in indexes_of(table) {
        add_index(store, txn, &mut record, (table, plan), lines)?;
    }
    if lines.len() > before {
        store.put_record(txn, &table.name, &record)?;
    }
    Ok(())
}

fn add_column(record: &mut Record, table: &Table, column: &Column, is_new: bool, lines: &mut Vec<String>) {
    let wanted = kind_name(column.column_type());
    match record.kind(&column.name) {
        None => {
            record.columns.push(StoredColumn { name: column.name.clone(), kind: wanted });
            if !is_new {
                lines.push(format!("table {} column {} added", table.name, column.name));
            }
        }
        Some(stored) if stored != wanted => lines.push(format!(
            "table {} column {} is {stored} in the database and {wanted} in its description: left as it is",
            table.name, column.name
        )),
        Some(_) => {}
    }
}

fn add_index(
    store: &Store,
    txn: &mut RwTxn<'_>,
    record: &mut Record,
    (table, plan): (&Table, IndexPlan),
    lines: &mut Vec<String>,
) -> Result<()> {
    let kind = if plan.unique { "unique index" } else { "index" };
    match record.indexes.iter().find(|index| index.name == plan.name) {
        Some(index) if index.unique == plan.unique => {}
        Some(_) => lines.push(format!(
            "table {} index {} is not a {kind} in the database: left as it is",
            table.name, plan.name
        )),
        None => {
            lines.push(format!("table {} {kind} {} created", table.name, plan.name));
            let IndexPlan { name, columns, unique } = plan;
            let index = StoredIndex { id: store.next_id(txn)?, name, columns, unique };
            fill(store, txn, table, record, &index)?;
            record.indexes.push(index);
        }
    }
    Ok(())
}

/// Makes the entries of a new index.
fn fill(
    store: &Store,
    txn: &mut RwTxn<'_>,
    table: &Table,
    record: &Record,
    index: &StoredIndex,
) -> Result<()> {
    let alone = Record { indexes: vec![index.clone()], ..record.clone() };
    let now = now_seconds();
    let (start, end) = whole(record.id);
    let mut start = Bound::Included(start);
    loop {
        let rows = chunk(store, txn, &start, &end)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        start = Bound::Excluded(last.clone());
        for (key, bytes) in &rows {
            let row = decode_row(table, bytes)?;
            let key = &key[ID..];
            if is_live(table, &row, now) && store.rivals(txn, (table, &alone), (&row, key), now)?.live {
                return Err(not_unique(&index.name));
            }
            store.reindex(txn, &alone, key, (None, Some(&row)))?;
        }
    }
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn chunk(store: &Store, txn: &RoTxn<'_>, start: &Bound<Vec<u8>>, end: &[u8]) -> Result<Pairs> {
    let range = (start.as_ref().map(|start| &start[..]), Bound::Excluded(end));
    let rows = store.rows.range(txn, &range).map_err(convert)?;
    rows.take(CHUNK).map(|row| row.map(|(k, v)| (k.to_vec(), v.to_vec())).map_err(convert)).collect()
}

/// Removes a table with its indexes; not being there is no error.
///
/// # Errors
/// LMDB's.
pub(super) fn drop_table(store: &Store, table: &Table) -> Result<()> {
    store.commit(|txn| {
        let Some(record) = store.find_record(txn, &table.name)? else { return Ok(()) };
        let all = |id| {
            let (start, end) = whole(id);
            (Bound::Included(start), Bound::Excluded(end))
        };
        let (start, end) = all(record.id);
        store
            .rows
            .delete_range(txn, &(start.as_ref().map(|s| &s[..]), end.as_ref().map(|e| &e[..])))
            .map_err(convert)?;
        for index in &record.indexes {
            let (start, end) = all(index.id);
            let range = (start.as_ref().map(|s| &s[..]), end.as_ref().map(|e| &e[..]));
            store.entries.delete_range(txn, &range).map_err(convert)?;
        }
        store.tables.delete(txn, table.name.as_bytes()).map(drop).map_err(convert)
    })
}

/// The names of the indexes of a table, sorted.
///
/// # Errors
/// LMDB's.
pub(super) fn index_names(store: &Store, txn: &RoTxn<'_>, table: &Table) -> Result<Vec<String>> {
    let record = store.find_record(txn, &table.name)?;
    let mut names: Vec<String> =
        record.iter().flat_map(|record| &record.indexes).map(|index| index.name.clone()).collect();
    names.sort_unstable();
    Ok(names)
}
