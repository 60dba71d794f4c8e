//! What every driver refuses in the same words.

use super::driver::Write;
use crate::schema::Table;
use crate::{Error, ErrorKind};

/// What the operator may do; callers can do nothing.
const MAKE_IT: &str = "run with -db-create-tables, or bkjs db apply";

/// A table that was not created. The log learns what to do; the error must not get another detail.
pub(crate) fn no_table(name: &str) -> Error {
    let message = format!("table {name:.60} is not in the database yet");
    Error::new(ErrorKind::NotPrepared, message).detail(MAKE_IT)
}

/// A column that was not created, as [`no_table`].
#[cfg(any(feature = "sqlite", feature = "pooled"))]
pub(crate) fn no_column() -> Error {
    let message = "a column of the table is not in the database yet";
    Error::new(ErrorKind::NotPrepared, message).detail(MAKE_IT)
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
