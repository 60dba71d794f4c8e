use crate::db::Sort;
use crate::db::layout::{expiry_of, selected};
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// The part of a stored record that a read returns: the columns `select`, all when it is empty, and those
/// of `sort`. A column that is not stored is null; what the table does not declare is left out.
pub(crate) fn project(table: &Table, row: &Row, select: &[Name], sort: &[Sort]) -> Row {
    let columns = selected(table, select, sort);
    let mut result = Row::with_capacity(columns.len());
    for column in columns {
        result.push(column.name.clone(), row.get(&column.name).cloned().unwrap_or_default());
    }
    result
}

/// The values of the key columns of a record.
///
/// # Errors
/// `KeyIncomplete` when one is absent or null.
pub(crate) fn key_values(table: &Table, row: &Row) -> Result<Vec<Value>> {
    let value = |name: &Name| match row.get(name) {
        Some(value) if !value.is_null() => Ok(value.clone()),
        _ => Err(Error::new(ErrorKind::KeyIncomplete, format!("{name} is missing in the key"))),
    };
    table.keys().map(|column| value(&column.name)).collect()
}

/// Whether a record has not expired at `now`, in seconds since 1970.
pub(crate) fn is_live(table: &Table, row: &Row, now: i64) -> bool {
    expiry_of(table).and_then(|column| row.int(&column.name)).is_none_or(|until| until > now)
}
