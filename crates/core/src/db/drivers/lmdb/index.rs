//! Index entries: number of the index, values, key of the record; their length of values as data.

use heed::{RoTxn, RwTxn};

use super::catalog::{Record, StoredIndex};
use super::error::convert;
use super::store::Store;
use crate::Result;
use crate::db::plain::{decode_row, is_live, prefix_end, push_value};
use crate::schema::Table;
use crate::value::{Row, Value};

/// The most bytes of a primary key.
pub(super) const KEY_MAX: usize = 1200;
/// The most bytes of the values in an entry: with the key and a number they stay below what LMDB takes as
/// a key with pages of 4 KiB, 1982 bytes.
pub(super) const VALUES_MAX: usize = 700;
/// Bytes of the number in front.
pub(super) const ID: usize = 4;

/// One entry.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Number, values, key.
    pub(super) key: Vec<u8>,
    /// The bytes of number and values.
    values_end: usize,
    /// Whether the values are only the start of those of the record.
    cut: bool,
}

impl Entry {
    /// The entry of a record.
    pub(super) fn of(record: &Record, index: &StoredIndex, row: &Row, key: &[u8]) -> Self {
        let mut bytes = index.id.to_be_bytes().to_vec();
        for name in &index.columns {
            push_value(&mut bytes, row.get(name).unwrap_or(&Value::Null), Some(&record.column(name)));
        }
        let cut = bytes.len() > ID + VALUES_MAX;
        bytes.truncate(ID + VALUES_MAX);
        let values_end = bytes.len();
        bytes.extend(key);
        Self { key: bytes, values_end, cut }
    }

    fn data(&self) -> [u8; 3] {
        // At most ID + VALUES_MAX.
        let [high, low] = (self.values_end as u16).to_be_bytes();
        [high, low, u8::from(self.cut)]
    }

    /// Number and values.
    fn prefix(&self) -> &[u8] {
        &self.key[..self.values_end]
    }
}

/// A stored entry taken apart.
pub(super) struct Found<'a> {
    /// Number and values.
    pub(super) prefix: &'a [u8],
    /// The key of the record.
    pub(super) key: &'a [u8],
    /// Whether the values are only the start of those of the record.
    pub(super) cut: bool,
}

impl<'a> Found<'a> {
    /// Takes an entry apart; none when it is damaged.
    pub(super) fn parse(key: &'a [u8], data: &[u8]) -> Option<Self> {
        let &[high, low, cut] = data else { return None };
        let (prefix, key) = key.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        Some(Self { prefix, key, cut: cut != 0 })
    }
}

/// What stands in the way of storing a record.
#[derive(Default)]
pub(super) struct Rivals {
    /// Whether a record that has not expired has an equal value of a unique index.
    pub(super) live: bool,
    /// Keys of expired ones that have.
    pub(super) expired: Vec<Vec<u8>>,
}

impl Store {
    /// Looks for other records with the same values of a unique index. Null equals nothing.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn rivals(
        &self,
        txn: &RoTxn<'_>,
        (table, record): (&Table, &Record),
        (row, key): (&Row, &[u8]),
        now: i64,
    ) -> Result<Rivals> {
        let mut rivals = Rivals::default();
        for index in record.indexes.iter().filter(|index| index.unique) {
            if index.columns.iter().any(|name| row.get(name).is_none_or(Value::is_null)) {
                continue;
            }
            let entry = Entry::of(record, index, row, key);
            for found in self.entries.prefix_iter(txn, entry.prefix()).map_err(convert)? {
                let (bytes, data) = found.map_err(convert)?;
                let Some(found) = Found::parse(bytes, data) else { continue };
                if found.key == key || found.prefix != entry.prefix() {
                    continue;
                }
                let Some(other) = self.row(txn, table, record, found.key)? else { continue };
                if entry.cut && index.columns.iter().any(|name| row.get(name) != other.get(name)) {
                    continue;
                }
                if is_live(table, &other, now) {
                    rivals.live = true;
                    return Ok(rivals);
                }
                rivals.expired.push(found.key.to_vec());
            }
        }
        Ok(rivals)
    }

    /// Replaces the entries of a record.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn reindex(
        &self,
        txn: &mut RwTxn<'_>,
        record: &Record,
        key: &[u8],
        (old, new): (Option<&Row>, Option<&Row>),
    ) -> Result<()> {
        for index in &record.indexes {
            let [old, new] = [old, new].map(|row| row.map(|row| Entry::of(record, index, row, key)));
            if old == new {
                continue;
            }
            if let Some(old) = old {
                self.entries.delete(txn, &old.key).map_err(convert)?;
            }
            if let Some(new) = new {
                self.entries.put(txn, &new.key, &new.data()).map_err(convert)?;
            }
        }
        Ok(())
    }

    /// A record by the bytes of its key.
    ///
    /// # Errors
    /// LMDB's, `Internal` for a damaged record.
    pub(super) fn row(
        &self,
        txn: &RoTxn<'_>,
        table: &Table,
        record: &Record,
        key: &[u8],
    ) -> Result<Option<Row>> {
        if key.len() > KEY_MAX {
            return Ok(None);
        }
        let stored = self.rows.get(txn, &row_key(record, key)).map_err(convert)?;
        stored.map(|bytes| decode_row(table, bytes)).transpose()
    }
}

/// Where a record is: number of the table, key.
pub(super) fn row_key(record: &Record, key: &[u8]) -> Vec<u8> {
    [&record.id.to_be_bytes(), key].concat()
}

/// All keys that start with a number.
pub(super) fn whole(id: u32) -> (Vec<u8>, Vec<u8>) {
    let start = id.to_be_bytes().to_vec();
    // The last number is never given out.
    let end = prefix_end(&start).unwrap_or_default();
    (start, end)
}
