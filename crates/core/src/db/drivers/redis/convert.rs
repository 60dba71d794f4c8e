//! Values to fields of hashes and back.
//!
//! A field is a letter for the kind and the value: `s` text, `i` integer in decimal, `r` real in the shortest
//! form that reads back the same, `b` true as `1` or false as `0`, `x` bytes, `c` a list, set or map in the
//! framework's binary form. Null is no field. The kind stands with the value, so that every value reads
//! back exactly, also when the column is described otherwise later, or not at all.

use redis::Value as Reply;

use super::keys::VERSION;
use crate::db::plain::{decode_row, encode_row};
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// A record as it is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    /// Changes with every write.
    pub(super) version: Vec<u8>,
    /// Its columns, also those that the table does not declare.
    pub(super) row: Row,
}

/// The bytes of a value; none for null.
///
/// # Errors
/// `Internal` when a list or map cannot be encoded.
pub(super) fn encode(value: &Value) -> Result<Option<Vec<u8>>> {
    let tagged = |tag: u8, bytes: &[u8]| [&[tag], bytes].concat();
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Text(text) => tagged(b's', text.as_bytes()),
        Value::Int(int) => tagged(b'i', int.to_string().as_bytes()),
        Value::Real(real) => tagged(b'r', format!("{real:?}").as_bytes()),
        Value::Bool(truth) => tagged(b'b', if *truth { b"1" } else { b"0" }),
        Value::Bytes(bytes) => tagged(b'x', bytes),
        Value::List(_) | Value::Set(_) | Value::Map(_) => {
            tagged(b'c', &encode_row(&Row::new().with("", value.clone()))?)
        }
    }))
}

/// The value of these bytes.
///
/// # Errors
/// `Internal` for bytes that [`encode`] did not make.
pub(super) fn decode(bytes: &[u8]) -> Result<Value> {
    let damaged = || Error::internal("a stored value is damaged");
    let Some((&tag, value)) = bytes.split_first() else { return Err(damaged()) };
    let text = || std::str::from_utf8(value).map_err(|e| damaged().source(e));
    Ok(match tag {
        b's' => Value::Text(text()?.to_owned()),
        b'i' => Value::Int(text()?.parse().map_err(|e| damaged().source(e))?),
        b'r' => Value::Real(text()?.parse().map_err(|e| damaged().source(e))?),
        b'b' => Value::Bool(value == b"1"),
        b'x' => Value::Bytes(value.to_vec()),
        b'c' => decode_row(&Table::new(""), value)?.remove("").ok_or_else(damaged)?,
        _ => return Err(damaged()),
    })
}

/// The record in the reply to `HGETALL`; none when there is none.
///
/// # Errors
/// `Internal` for what is no record of this driver, and errors of the server.
pub(super) fn decode_record(table: &Table, reply: Reply) -> Result<Option<Stored>> {
    let reply = reply.extract_error().map_err(crate::connect::redis::error)?;
    let fields: Vec<(Vec<u8>, Vec<u8>)> = redis::from_redis_value(reply)
        .map_err(|e| Error::internal("a stored record is not a hash").source(e))?;
    if fields.is_empty() {
        return Ok(None);
    }
    let mut stored = Stored { version: Vec::new(), row: Row::with_capacity(fields.len()) };
    for (field, bytes) in fields {
        if field.first() == Some(&0) {
            if field == VERSION {
                stored.version = bytes;
            }
            continue;
        }
        let name =
            std::str::from_utf8(&field).map_err(|e| Error::internal("a stored name is damaged").source(e))?;
        let known = table.find(name).filter(|column| *column.name == *name);
        let name = known.map_or_else(|| Name::from(name), |column| column.name.clone());
        let value = decode(&bytes)
            .map_err(|e| Error::internal(format!("column {name:.60} cannot be read")).source(e))?;
        stored.row.push(name, value);
    }
    Ok(Some(stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_exactly() {
        let values = [
            Value::from("a\0é"),
            "".into(),
            i64::MIN.into(),
            5e-324.into(),
            (-0.0).into(),
            f64::MAX.into(),
            (0.1 + 0.2).into(),
            true.into(),
            false.into(),
            Value::Bytes(vec![0, 255]),
            Value::List(vec![1.into(), Value::Null, Value::List(Vec::new())]),
            Value::Set(vec!["a,b".into()]),
            Row::new().with("z", 1.0).with("a", Value::Null).into(),
        ];
        for value in values {
            let bytes = encode(&value).expect("encodes").expect("not null");
            let read = decode(&bytes).expect("decodes");
            assert_eq!(format!("{read:?}"), format!("{value:?}"));
        }
        assert_eq!(encode(&Value::Null).expect("encodes"), None);
    }

    #[test]
    fn damaged_values_are_an_error() {
        for bytes in ["", "i", "ix", "s\u{80}", "c", "c\u{1}x", "?"] {
            let mut bytes = bytes.as_bytes().to_vec();
            if bytes.first() == Some(&b's') {
                bytes = vec![b's', 0xff];
            }
            assert!(decode(&bytes).is_err(), "{bytes:?}");
        }
    }
}
