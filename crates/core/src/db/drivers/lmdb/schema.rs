//! Tables from their descriptions: what differs, and making what is missing.

use std::ops::Bound;
use std::sync::Arc;

use heed::{RoTxn, RwTxn};

use super::catalog::{Record, StoredColumn, StoredIndex};
use super::error::convert;
use super::index::{ID, whole};
use super::store::Store;
use crate::Result;
use crate::db::driver::{Difference, Differs};
use crate::db::plain::{decode_row, is_live};
use crate::db::prepare::now_seconds;
use crate::db::refusal::not_unique;
use crate::db::upgrade::{self, Fit, MAKE_ANEW, Rules, Stored, differences, is_alike, kind_name};
use crate::schema::{Column, Table};

/// Records of a table that are indexed at a time.
const CHUNK: usize = 1000;

/// How tables are stored here.
struct Lmdb;

impl Rules for Lmdb {
    const INDEX_ADVICE: &'static str = MAKE_ANEW;

    fn kind(&self, _: &Table, column: &Column) -> String {
        kind_name(column)
    }

    fn fit(&self, stored: &str, wanted: &str, _: bool) -> Fit {
        if is_alike(stored, wanted) { Fit::Same } else { Fit::Other }
    }
}

/// In what the file differs from these tables, as it was at one moment.
///
/// # Errors
/// LMDB's, `Internal` for a damaged description.
pub(super) fn plan(store: &Store, txn: &RoTxn<'_>, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    let plans = tables.iter().map(|table| {
        let record = store.find_record(txn, &table.name)?;
        Ok(differences(&Lmdb, table, record.as_deref().map(stored).as_ref()))
    });
    Ok(plans.collect::<Result<Vec<_>>>()?.concat())
}

/// What a description of the file says, as all products say it.
fn stored(record: &Record) -> Stored {
    let columns = record.columns.iter();
    let indexes = record.indexes.iter();
    Stored {
        columns: columns.map(|c| upgrade::HeldColumn::new(&*c.name, c.kind.as_str())).collect(),
        key: record.keys.iter().map(ToString::to_string).collect(),
        indexes: indexes.map(|i| upgrade::StoredIndex { name: i.name.clone(), unique: i.unique }).collect(),
    }
}

/// Carries out the changes of the plan in one transaction; the whole plan.
///
/// # Errors
/// `AlreadyExists` when records stand in the way of a unique index; then nothing was done.
pub(super) fn create(store: &Store, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
    store.commit(|txn| {
        let found = plan(store, txn, tables)?;
        for table in tables {
            let of_table = |difference: &&Difference| difference.table.as_ref() == Some(&table.name);
            carry_out(store, txn, table, found.iter().filter(of_table).map(|difference| &difference.what))?;
        }
        Ok(found)
    })
}

/// Makes the changes of a table; what is none is left.
fn carry_out<'d>(
    store: &Store,
    txn: &mut RwTxn<'_>,
    table: &Table,
    all: impl Iterator<Item = &'d Differs>,
) -> Result<()> {
    let known = store.find_record(txn, &table.name)?;
    let mut record = known.as_deref().cloned();
    for what in all {
        match (what, &mut record) {
            (Differs::Table { .. }, None) => record = Some(new_record(store.next_id(txn)?, table)),
            (Differs::Column { column, kind }, Some(record)) => {
                record.columns.push(StoredColumn { name: column.as_str().into(), kind: kind.clone() });
            }
            (Differs::Index { index, columns, unique }, Some(record)) => {
                let columns = columns.iter().map(|name| name.as_str().into()).collect();
                let id = store.next_id(txn)?;
                let index = StoredIndex { id, name: index.clone(), columns, unique: *unique };
                fill(store, txn, table, record, &index)?;
                record.indexes.push(index);
            }
            _ => continue,
        }
    }
    match record {
        Some(record) if known.as_deref() != Some(&record) => store.put_record(txn, &table.name, &record),
        _ => Ok(()),
    }
}

fn new_record(id: u32, table: &Table) -> Record {
    let columns = table.columns().iter().filter(|column| !column.hidden);
    Record {
        id,
        keys: table.keys().map(|column| column.name.clone()).collect(),
        columns: columns.map(|c| StoredColumn { name: c.name.clone(), kind: kind_name(c) }).collect(),
        indexes: Vec::new(),
    }
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
