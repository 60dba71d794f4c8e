//! Values as JSON text, the form of lists, sets and objects in SQL columns, and of records in files.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::value::{Row, Value};
use crate::{Error, Result};

/// The compact JSON of a value; names keep their order.
pub(crate) fn to_json_text(value: &Value) -> String {
    // A value has text keys and finite numbers only, and writing to memory does not fail.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// The value of a JSON text; names keep their order, integers of 64 bits are exact.
///
/// # Errors
/// `Internal` for a text that is not JSON: only the framework writes these columns.
pub(crate) fn from_json_text(text: &[u8]) -> Result<Value> {
    serde_json::from_slice::<Decoded<Rounded>>(text)
        .map(|decoded| decoded.0)
        .map_err(|e| Error::internal("a stored JSON value is malformed").source(e))
}

/// The value of a JSON text of others, in which an integer beyond 64 bits with sign is a mistake.
///
/// # Errors
/// What the text has that is no JSON, and where.
pub(crate) fn from_json_input(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str::<Decoded<Exact>>(text).map(|decoded| decoded.0)
}

/// What becomes of an integer that has no place in [`Value::Int`].
trait Beyond {
    fn value<E: de::Error>(integer: u64) -> Result<Value, E>;
}

/// The nearest double: what is stored must be readable.
struct Rounded;

impl Beyond for Rounded {
    fn value<E: de::Error>(integer: u64) -> Result<Value, E> {
        Ok(Value::Real(integer as f64))
    }
}

/// It is refused.
struct Exact;

impl Beyond for Exact {
    fn value<E: de::Error>(integer: u64) -> Result<Value, E> {
        Err(E::custom(format!("number {integer} is out of range")))
    }
}

struct Decoded<B>(Value, PhantomData<B>);

impl<'de, B: Beyond> Deserialize<'de> for Decoded<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Decoder::<B>(PhantomData)).map(|value| Self(value, PhantomData))
    }
}

struct Decoder<B>(PhantomData<B>);

impl<'de, B: Beyond> Visitor<'de> for Decoder<B> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
        i64::try_from(v).map_or_else(|_| B::value(v), |v| Ok(Value::Int(v)))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Real(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::Text(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(64));
        while let Some(Decoded::<B>(value, _)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut row = Row::new();
        while let Some((name, Decoded::<B>(value, _))) = map.next_entry::<String, _>()? {
            row.set(name, value);
        }
        Ok(Value::Map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_integers_and_reals_survive() {
        let value = Value::Map(
            Row::new()
                .with("b", i64::MAX)
                .with("a", vec![Value::Real(0.1 + 0.2), Value::Real(5e-324), Value::Null])
                .with("t", "a\0\"é"),
        );
        assert_eq!(from_json_text(to_json_text(&value).as_bytes()).expect("json"), value);
    }
}
