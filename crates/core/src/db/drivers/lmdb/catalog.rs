//! What the file says about its tables.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use heed::{RoTxn, RwTxn};
use serde::{Deserialize, Serialize};

use super::error::convert;
use super::store::Store;
use crate::db::refusal::no_table;
use crate::db::upgrade::kind_name;
use crate::schema::{Column, ColumnType, Table};
use crate::value::Name;
use crate::{Error, Result};

/// A table as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What keys of its records start with.
    pub(super) id: u32,
    /// The key columns, in order.
    pub(super) keys: Vec<Name>,
    /// All columns that were ever declared.
    pub(super) columns: Vec<StoredColumn>,
    /// Its indexes.
    pub(super) indexes: Vec<StoredIndex>,
}

/// A column as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredColumn {
    /// The name.
    pub(super) name: Name,
    /// The name of its type.
    pub(super) kind: String,
}

/// An index as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredIndex {
    /// What its entries start with.
    pub(super) id: u32,
    /// The name.
    pub(super) name: String,
    /// Its columns in order.
    pub(super) columns: Vec<Name>,
    /// Whether two records may not have the same values.
    pub(super) unique: bool,
}

impl Record {
    /// The type of a column when it was declared.
    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|c| &*c.name == name).map(|c| c.kind.as_str())
    }

    /// A column as entries of indexes need it: they must be the same whatever a process declares.
    pub(super) fn column(&self, name: &Name) -> Column {
        let decimal = self.kind(name) == Some(&kind_name(&Column::decimal("")));
        Column::of(name.clone(), if decimal { ColumnType::Decimal } else { ColumnType::Text })
    }

    /// Whether records of the table can be found by the key that a process declares.
    pub(super) fn has_key_of(&self, table: &Table) -> bool {
        self.keys.iter().eq(table.keys().map(|column| &column.name))
    }
}

/// The descriptions that were read, with the bytes they were read from: another process may have changed
/// them, which a look at the bytes tells in every transaction.
#[derive(Default)]
pub(super) struct Catalog(RwLock<HashMap<Name, Known>>);

type Known = (Vec<u8>, Arc<Record>);

impl Store {
    /// The stored description of a table.
    ///
    /// # Errors
    /// `NotPrepared` when the table was not created, `Invalid` when its key is another one in the file.
    pub(super) fn record(&self, txn: &RoTxn<'_>, table: &Table) -> Result<Arc<Record>> {
        let record = self.find_record(txn, &table.name)?.ok_or_else(|| no_table(&table.name))?;
        if !record.has_key_of(table) {
            return Err(Error::invalid(format!(
                "the primary key of table {} is {} in the database, which cannot be changed",
                table.name,
                record.keys.join(", ")
            )));
        }
        Ok(record)
    }

    /// The stored description of a table, if there is one.
    ///
    /// # Errors
    /// LMDB's, `Internal` for a damaged description.
    pub(super) fn find_record(&self, txn: &RoTxn<'_>, name: &Name) -> Result<Option<Arc<Record>>> {
        let Some(bytes) = self.tables.get(txn, name.as_bytes()).map_err(convert)? else { return Ok(None) };
        let known = self.catalog.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, record)) = known.get(name).filter(|(known, _)| known == bytes) {
            return Ok(Some(record.clone()));
        }
        drop(known);
        let record: Record = serde_json::from_slice(bytes)
            .map_err(|e| Error::internal("a stored table description is damaged").source(e))?;
        let record = Arc::new(record);
        let mut known = self.catalog.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.clone(), (bytes.to_vec(), record.clone()));
        Ok(Some(record))
    }

    /// Stores the description of a table.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn put_record(&self, txn: &mut RwTxn<'_>, name: &str, record: &Record) -> Result<()> {
        let bytes = serde_json::to_vec(record)
            .map_err(|e| Error::internal("a table description cannot be written").source(e))?;
        self.tables.put(txn, name.as_bytes(), &bytes).map_err(convert)
    }

    /// A number that no table or index has had.
    ///
    /// # Errors
    /// LMDB's.
    pub(super) fn next_id(&self, txn: &mut RwTxn<'_>) -> Result<u32> {
        // No table has such a name.
        const KEY: &[u8] = b"\0next";
        let stored = self.tables.get(txn, KEY).map_err(convert)?;
        let id = stored.and_then(|bytes| bytes.try_into().ok()).map_or(1, u32::from_be_bytes);
        self.tables.put(txn, KEY, &id.wrapping_add(1).to_be_bytes()).map_err(convert)?;
        Ok(id)
    }
}
