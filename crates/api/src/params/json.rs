//! JSON bodies, read straight into values.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use bkjs_core::value::{Name, Row, Value};
use bkjs_core::{Error, Result};
use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::check_name;

/// The most values in a document. One takes up to 70 bytes, so a small body could become a large heap.
const MAX_VALUES: usize = 200_000;
/// Documents longer than this are read on another thread: a megabyte takes about ten milliseconds.
const ASIDE: usize = 128 * 1024;

/// Objects with more names than this find repeated ones by hashing.
const SCAN_LIMIT: usize = 32;

/// As [`parse_json`]; a long document does not hold up other requests.
///
/// # Errors
/// As [`parse_json`].
pub(crate) async fn parse_json_aside(bytes: Bytes) -> Result<Value> {
    if bytes.len() <= ASIDE {
        return parse_json(&bytes);
    }
    let parsed = tokio::task::spawn_blocking(move || parse_json(&bytes)).await;
    parsed.map_err(|e| Error::internal("a JSON body was not read").source(e))?
}

/// Reads a JSON document. Nesting is bounded by the parser (127 levels), so depth costs no stack.
///
/// # Errors
/// `Invalid` for what is no JSON, nests too deep, holds integers beyond 64 bits, or names that no
/// column can have.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Value> {
    let count = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    match ValueReader(&count).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        // The position is of use to the caller, the text of the error quotes nothing of the body.
        Err(e) => Err(Error::invalid(format!("invalid JSON: {e}"))),
    }
}

/// Reads one value and counts it.
#[derive(Clone, Copy)]
struct ValueReader<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_VALUES {
            return Err(D::Error::custom(format!("too many values, at most {MAX_VALUES}")));
        }
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
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

    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Value, E> {
        i64::try_from(v).map(Value::Int).map_err(|_| E::custom("number is out of range"))
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
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut columns: Vec<(Name, Value)> = Vec::new();
        let mut places: HashMap<Name, usize> = HashMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            check_name(&name).map_err(A::Error::custom)?;
            if columns.len() == SCAN_LIMIT {
                places = columns.iter().enumerate().map(|(at, (n, _))| (n.clone(), at)).collect();
            }
            let known = if columns.len() < SCAN_LIMIT {
                columns.iter().position(|(n, _)| **n == *name)
            } else {
                places.get(name.as_str()).copied()
            };
            if let Some(at) = known {
                columns[at].1 = value;
                continue;
            }
            let name: Name = name.into();
            if columns.len() >= SCAN_LIMIT {
                places.insert(name.clone(), columns.len());
            }
            columns.push((name, value));
        }
        let mut row = Row::with_capacity(columns.len());
        for (name, value) in columns {
            row.push(name, value);
        }
        Ok(Value::Map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_number_of_values_is_bounded_and_not_the_length_of_texts() {
        let list = |n: usize| format!("[{}1]", "1,".repeat(n - 1));
        assert!(parse_json(list(MAX_VALUES - 1).as_bytes()).is_ok());
        let error = parse_json(list(MAX_VALUES).as_bytes()).expect_err("too many");
        assert!(error.message().contains("too many values"), "{error}");
        assert!(parse_json(format!("\"{}\"", ",".repeat(MAX_VALUES * 2)).as_bytes()).is_ok());
    }

    #[test]
    fn values_keep_their_types_and_the_last_of_a_name_counts() {
        let value = parse_json(br#"{"a":1,"b":[true,null,1.5],"a":"x"}"#).expect("json");
        let list = Value::List(vec![true.into(), Value::Null, 1.5.into()]);
        assert_eq!(value, Value::Map(Row::new().with("a", "x").with("b", list)));
    }

    #[test]
    fn many_names_keep_the_last_of_each() {
        let text: Vec<String> = (0..200).map(|n| format!(r#""n{}":{n}"#, n % 100)).collect();
        let Value::Map(row) = parse_json(format!("{{{}}}", text.join(",")).as_bytes()).expect("json") else {
            panic!("no map");
        };
        assert_eq!(row.len(), 100);
        assert_eq!(row.int("n7"), Some(107));
    }

    #[test]
    fn depth_is_an_error_and_no_stack_overflow() {
        for text in ["[".repeat(100_000), r#"{"a":"#.repeat(100_000)] {
            assert_eq!(parse_json(text.as_bytes()).expect_err("too deep").status(), 400);
        }
    }

    #[test]
    fn integers_beyond_64_bits_are_refused() {
        assert!(parse_json(b"9223372036854775808").is_err());
        assert_eq!(parse_json(b"-9223372036854775808").expect("fits"), Value::Int(i64::MIN));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_json(&bytes);
        }
    }
}
