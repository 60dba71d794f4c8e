//! JSON bodies, read straight into values.

use std::collections::HashMap;
use std::fmt;

use bkjs_core::value::{Name, Row, Value};
use bkjs_core::{Error, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::check_name;

/// Objects with more names than this find repeated ones by hashing.
const SCAN_LIMIT: usize = 32;

/// Reads a JSON document. Nesting is bounded by the parser (127 levels), so depth costs no stack.
///
/// # Errors
/// `Invalid` for what is no JSON, nests too deep, holds integers beyond 64 bits, or names that no
/// column can have.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Value> {
    match serde_json::from_slice::<Document>(bytes) {
        Ok(Document(value)) => Ok(value),
        // The position is of use to the caller, the text of the error quotes nothing of the body.
        Err(e) => Err(Error::invalid(format!("invalid JSON: {e}"))),
    }
}

struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
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
        while let Some(Document(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut columns: Vec<(Name, Value)> = Vec::new();
        let mut places: HashMap<Name, usize> = HashMap::new();
        while let Some((name, Document(value))) = map.next_entry::<String, Document>()? {
            check_name(&name).map_err(serde::de::Error::custom)?;
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
