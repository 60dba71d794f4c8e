//! Rows as types of the application's own, through serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Row, Value};
use crate::{Error, Result};

/// A type that can be made from a row: [`Row`] itself, or anything that serde deserializes.
pub trait FromRow: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// `Internal` when a column does not fit the type: the table and the type disagree.
    fn from_row(row: Row) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: Row) -> Result<Self> {
        Ok(row)
    }
}

// Row does not implement Deserialize, so this and the implementation above never meet.
impl<T: DeserializeOwned> FromRow for T {
    fn from_row(row: Row) -> Result<Self> {
        serde_json::from_value(row.to_json()).map_err(|e| {
            Error::internal(format!("a row does not fit {}", std::any::type_name::<T>())).source(e)
        })
    }
}

/// A type that can become a row: [`Row`] itself, or anything that serde serializes to a map.
pub trait IntoRow {
    /// Makes the row.
    ///
    /// # Errors
    /// `Invalid` when the value does not serialize to a map.
    fn into_row(self) -> Result<Row>;
}

impl IntoRow for Row {
    fn into_row(self) -> Result<Row> {
        Ok(self)
    }
}

impl IntoRow for &Row {
    fn into_row(self) -> Result<Row> {
        Ok(self.clone())
    }
}

/// A typed record, by reference.
impl<T: Serialize + Typed> IntoRow for &T {
    fn into_row(self) -> Result<Row> {
        let json = serde_json::to_value(self)
            .map_err(|e| Error::invalid("the record does not serialize").source(e))?;
        match Value::from_json(json)? {
            Value::Map(row) => Ok(row),
            other => Err(Error::invalid(format!("a record must be a map, not {}", other.kind()))),
        }
    }
}

/// Marks the types that `#[derive(Table)]` describes.
pub trait Typed {
    /// The table that holds records of this type.
    fn table() -> crate::schema::Table;
}
