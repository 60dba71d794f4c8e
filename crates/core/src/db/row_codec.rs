//! A record as bytes: names and values in Postcard's binary form, each value with its kind.
//!
//! It does not depend on what the table declares, so that a column added or left out later needs no
//! rewriting, and a value of a column that a process does not know survives its writes.

use serde::{Deserialize, Serialize};

use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// The first byte, for forms to come.
const FORM: u8 = 1;

// The order of the variants is part of the stored form: new ones go to the end.
#[derive(Serialize, Deserialize)]
enum Stored<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    #[serde(borrow)]
    List(Vec<Stored<'a>>),
    #[serde(borrow)]
    Set(Vec<Stored<'a>>),
    #[serde(borrow)]
    Map(Vec<(&'a str, Stored<'a>)>),
}

impl<'a> Stored<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Real(r) => Self::Real(*r),
            Value::Text(t) => Self::Text(t),
            Value::Bytes(b) => Self::Bytes(b),
            Value::List(l) => Self::List(l.iter().map(Self::of).collect()),
            Value::Set(l) => Self::Set(l.iter().map(Self::of).collect()),
            Value::Map(row) => Self::Map(pairs(row)),
        }
    }

    fn into_value(self) -> Value {
        let values = |list: Vec<Self>| list.into_iter().map(Self::into_value).collect();
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Real(r) => Value::Real(r),
            Self::Text(t) => Value::Text(t.to_owned()),
            Self::Bytes(b) => Value::Bytes(b.to_vec()),
            Self::List(l) => Value::List(values(l)),
            Self::Set(l) => Value::Set(values(l)),
            Self::Map(pairs) => {
                let mut row = Row::with_capacity(pairs.len());
                for (name, value) in pairs {
                    row.push(name.into(), value.into_value());
                }
                Value::Map(row)
            }
        }
    }
}

fn pairs(row: &Row) -> Vec<(&str, Stored<'_>)> {
    row.iter().map(|(name, value)| (&**name, Stored::of(value))).collect()
}

/// The bytes of a record; columns with null are left out, as reading gives null for what is not there.
///
/// # Errors
/// `Internal` when it cannot be written, which does not happen to values in memory.
#[cfg_attr(not(feature = "plain"), allow(dead_code))]
pub(crate) fn encode_row(row: &Row) -> Result<Vec<u8>> {
    encode(row.iter().filter(|(_, value)| !value.is_null()))
}

/// The bytes of a row as it is, columns with null included.
///
/// # Errors
/// As [`encode_row`].
pub(crate) fn encode_row_with_nulls(row: &Row) -> Result<Vec<u8>> {
    encode(row.iter())
}

fn encode<'a>(columns: impl Iterator<Item = (&'a Name, &'a Value)>) -> Result<Vec<u8>> {
    let pairs: Vec<_> = columns.map(|(name, value)| (&**name, Stored::of(value))).collect();
    postcard::to_extend(&pairs, vec![FORM])
        .map_err(|e| Error::internal("a record cannot be encoded").source(e))
}

/// The record of these bytes. Names of the table's columns are shared, not copied.
///
/// # Errors
/// `Internal` for bytes that [`encode_row`] and its like did not make.
pub(crate) fn decode_row(table: &Table, bytes: &[u8]) -> Result<Row> {
    let Some((&FORM, bytes)) = bytes.split_first() else {
        return Err(Error::internal("a stored record has an unknown form"));
    };
    let pairs: Vec<(&str, Stored<'_>)> =
        postcard::from_bytes(bytes).map_err(|e| Error::internal("a stored record is damaged").source(e))?;
    let name = |name: &str| table.find(name).map_or_else(|| Name::from(name), |c| c.name.clone());
    let mut row = Row::with_capacity(pairs.len());
    for (column, value) in pairs {
        row.push(name(column), value.into_value());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::Column;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Set),
                proptest::collection::btree_map("[a-z]", inner, 0..4)
                    .prop_map(|m| Value::Map(m.into_iter().map(|(n, v)| (n.into(), v)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_reads_back_exactly(value in value()) {
            let table = Table::new("t").column(Column::json("known"));
            let row = Row::new().with("known", value.clone()).with("unknown\0", value.clone());
            let read = decode_row(&table, &encode_row(&row).expect("encodes")).expect("decodes");
            for column in ["known", "unknown\0"] {
                prop_assert_eq!(read.get(column).unwrap_or(&Value::Null), &value);
            }
        }

        #[test]
        fn a_row_reads_back_with_its_nulls(value in value()) {
            let row = Row::new().with("known", value).with("null", Value::Null);
            let bytes = encode_row_with_nulls(&row).expect("encodes");
            prop_assert_eq!(decode_row(&Table::new("t"), &bytes).expect("decodes"), row);
        }

        #[test]
        fn damaged_bytes_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            // Anything but a panic; some bytes happen to be a record.
            let _ = decode_row(&Table::new("t"), &bytes);
        }
    }
}
