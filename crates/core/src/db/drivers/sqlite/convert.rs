//! Values to SQLite's storage classes and back.
//!
//! | column | storage |
//! | --- | --- |
//! | text, email, phone, decimal | TEXT |
//! | int, counter, time, ttl, bool | INTEGER |
//! | real | REAL |
//! | bytes | BLOB |
//! | json, object, array, list, set | TEXT, compact JSON |

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::db::sql::{Bind, from_json_text, to_json_text};
use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// The declared type of a column in a STRICT table.
pub(super) fn storage(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int | ColumnType::Counter | ColumnType::Bool | ColumnType::Time | ColumnType::Ttl => {
            "INTEGER"
        }
        ColumnType::Real => "REAL",
        ColumnType::Bytes => "BLOB",
        _ => "TEXT",
    }
}

impl ToSql for Bind<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = &*self.value;
        Ok(match value {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            _ if holds_json(self.kind) => ToSqlOutput::from(to_json_text(value)),
            Value::Bool(b) => ToSqlOutput::from(*b),
            Value::Int(i) => ToSqlOutput::from(*i),
            Value::Real(r) => ToSqlOutput::from(*r),
            Value::Text(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Value::Bytes(b) => ToSqlOutput::Borrowed(ValueRef::Blob(b)),
            Value::List(_) | Value::Set(_) | Value::Map(_) => ToSqlOutput::from(to_json_text(value)),
        })
    }
}

/// The record in a result row whose columns are these.
///
/// # Errors
/// `Internal` when a stored value is damaged.
pub(super) fn decode_row(row: &rusqlite::Row<'_>, columns: &[&Column]) -> Result<Row> {
    decode_columns(row, columns.len(), columns.iter().copied())
}

/// As [`decode_row`], with room for `room` columns.
///
/// # Errors
/// As [`decode_row`].
pub(super) fn decode_columns<'a>(
    row: &rusqlite::Row<'_>,
    room: usize,
    columns: impl Iterator<Item = &'a Column>,
) -> Result<Row> {
    let mut record = Row::with_capacity(room);
    for (at, column) in columns.enumerate() {
        let stored =
            row.get_ref(at).map_err(|e| Error::internal("a result has too few columns").source(e))?;
        let value = decode(stored, column.column_type())
            .map_err(|e| Error::internal(format!("column {} cannot be read", column.name)).source(e))?;
        record.push(column.name.clone(), value);
    }
    Ok(record)
}

/// One stored value as the type of its column; of another storage class, as tables that were not made by
/// this driver may have, as what it is.
fn decode(stored: ValueRef<'_>, kind: ColumnType) -> Result<Value> {
    Ok(match (stored, kind) {
        (ValueRef::Integer(i), ColumnType::Bool) => Value::Bool(i != 0),
        (ValueRef::Integer(i), ColumnType::Real) => Value::Real(i as f64),
        (ValueRef::Text(text), kind) if holds_json(kind) => match (from_json_text(text)?, kind) {
            (Value::List(list), ColumnType::Set) => Value::Set(list),
            (value, _) => value,
        },
        (stored, _) => decode_plain(stored)?,
    })
}

/// A value of no declared type.
///
/// # Errors
/// `Internal` for text that is not Unicode.
pub(super) fn decode_plain(stored: ValueRef<'_>) -> Result<Value> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(i) => Value::Int(i),
        ValueRef::Real(r) => Value::Real(r),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(e) => return Err(Error::internal("a stored text is not Unicode").source(e)),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

fn holds_json(kind: ColumnType) -> bool {
    matches!(
        kind,
        ColumnType::Json | ColumnType::Object | ColumnType::Array | ColumnType::List | ColumnType::Set
    )
}
