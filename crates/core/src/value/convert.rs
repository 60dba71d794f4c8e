//! Conversions between [`Value`], plain Rust values and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Row, Value};
use crate::{Error, Result};

impl Value {
    /// The value of a JSON document.
    ///
    /// # Errors
    /// `Invalid` for an integer beyond 64 bits with sign, which would be rounded.
    pub fn from_json(json: serde_json::Value) -> Result<Self> {
        use serde_json::Value as Json;
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(b),
            Json::Number(n) => match (n.as_i64(), n.is_u64(), n.as_f64()) {
                (Some(i), ..) => Self::Int(i),
                (None, false, Some(r)) => Self::Real(r),
                _ => return Err(Error::invalid(format!("number {n} is out of range"))),
            },
            Json::String(s) => Self::Text(s),
            Json::Array(a) => Self::List(a.into_iter().map(Self::from_json).collect::<Result<_>>()?),
            Json::Object(o) => Self::Map(Row::from_json_object(o)?),
        })
    }

    /// The JSON of this value. Bytes become base64, a set an array.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Int(i) => Json::from(*i),
            Self::Real(r) => Json::from(*r),
            Self::Text(s) => Json::String(s.clone()),
            Self::Bytes(b) => Json::String(STANDARD.encode(b)),
            Self::List(l) | Self::Set(l) => Json::Array(l.iter().map(Self::to_json).collect()),
            Self::Map(m) => m.to_json(),
        }
    }
}

impl Row {
    /// The row of a JSON object.
    ///
    /// # Errors
    /// As [`Value::from_json`].
    pub fn from_json_object(object: serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        let mut row = Self::with_capacity(object.len());
        for (name, value) in object {
            row.set(name, Value::from_json(value)?);
        }
        Ok(row)
    }

    /// The JSON object of this row.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Object(self.iter().map(|(n, v)| (n.to_string(), v.to_json())).collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Int(i) => s.serialize_i64(*i),
            Self::Real(r) => s.serialize_f64(*r),
            Self::Text(t) => s.serialize_str(t),
            Self::Bytes(b) => s.serialize_str(&STANDARD.encode(b)),
            Self::List(l) | Self::Set(l) => s.collect_seq(l),
            Self::Map(m) => m.serialize(s),
        }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(&**name, value)?;
        }
        map.end()
    }
}

macro_rules! from {
    ($($type:ty => |$v:ident| $value:expr),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from($v: $type) -> Self {
                $value
            }
        })*
    };
}

from! {
    bool => |v| Self::Bool(v),
    i32 => |v| Self::Int(v.into()),
    u32 => |v| Self::Int(v.into()),
    i64 => |v| Self::Int(v),
    f64 => |v| if v.is_finite() { Self::Real(v) } else { Self::Null },
    &str => |v| Self::Text(v.to_owned()),
    String => |v| Self::Text(v),
    Vec<Value> => |v| Self::List(v),
    Vec<&str> => |v| Self::List(v.into_iter().map(Into::into).collect()),
    Vec<String> => |v| Self::List(v.into_iter().map(Into::into).collect()),
    Row => |v| Self::Map(v),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_integers_stay_exact_or_are_refused() {
        let exact = serde_json::from_str("[9223372036854775807,-9223372036854775808]").expect("json");
        assert_eq!(
            Value::from_json(exact).expect("fits"),
            Value::List(vec![i64::MAX.into(), i64::MIN.into()])
        );
        assert!(Value::from_json(serde_json::from_str("9223372036854775808").expect("json")).is_err());
    }

    #[test]
    fn a_row_serializes_in_order() {
        let row = Row::new().with("b", 1).with("a", Value::Null);
        assert_eq!(serde_json::to_string(&row).expect("json"), r#"{"b":1,"a":null}"#);
    }
}
