//! [`Value`] and [`Row`]: the dynamic data that tables hold.
//!
//! A [`Row`] is what every database operation takes and gives when no type of the application's own
//! is named. Conversions: [`Value::from_json`] and [`Value::to_json`] for JSON (integers stay exact),
//! [`FromRow`] and [`IntoRow`] for types with serde.

mod convert;
mod date;
mod row;
mod typed;

pub use date::date_of;
pub use row::{Name, Row};
pub use typed::{FromRow, IntoRow, Typed};

/// One dynamic value.
///
/// Equality is strict: `Int(1)` is not `Real(1.0)`. A `Set` keeps its elements unique and sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A 64-bit integer; nothing is ever rounded to fit.
    Int(i64),
    /// A finite double.
    Real(f64),
    /// Unicode text.
    Text(String),
    /// Bytes; base64 in JSON.
    Bytes(Vec<u8>),
    /// An ordered list.
    List(Vec<Value>),
    /// A list whose elements are unique.
    Set(Vec<Value>),
    /// Names and values, in order.
    Map(Row),
}

impl Value {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is null, an empty text, list, set or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(s) => s.is_empty(),
            Self::Bytes(b) => b.is_empty(),
            Self::List(l) | Self::Set(l) => l.is_empty(),
            Self::Map(m) => m.is_empty(),
            _ => false,
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }

    /// The integer, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The elements, if this is a list or a set.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(l) | Self::Set(l) => Some(l),
            _ => None,
        }
    }

    /// The name of the variant, for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
        }
    }
}
