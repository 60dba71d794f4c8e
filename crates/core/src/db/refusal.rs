//! What every driver refuses in the same words.

use super::driver::Write;
use crate::schema::Table;
use crate::{Error, ErrorKind};

/// A table that was not created.
pub(crate) fn no_table(name: &str) -> Error {
    Error::not_found(format!("no table {name:.60}: run with -db-create-tables"))
}

/// A second record with the same key, or the same value of a unique column.
pub(crate) fn exists(table: &Table) -> Error {
    let message = format!("a record with this key or unique value exists already in table {}", table.name);
    Error::new(ErrorKind::AlreadyExists, message)
}

/// A transaction in which a write, at this place from 0, matched no record and had to.
pub(crate) fn unmatched(at: usize, write: &Write) -> Error {
    let table = &write.table.name;
    let message = format!("operation {} on table {table} matches no record, so nothing was applied", at + 1);
    Error::new(ErrorKind::ConditionFailed, message)
}

/// A unique index on records that have equal values.
pub(crate) fn not_unique(index: &str) -> Error {
    let message = format!("unique index {index} cannot be made: records have equal values");
    Error::new(ErrorKind::AlreadyExists, message)
}
