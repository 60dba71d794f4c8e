use crate::value::{Row, Value};

/// A primary key as a caller gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// The values of the key columns, in order.
    Values(Vec<Value>),
    /// Columns by name; those outside of the key restrict `get` further.
    Columns(Row),
}

/// What can stand for a primary key: a value, a tuple or list of values, a row with the key columns.
pub trait IntoKey: Send {
    /// Makes the key.
    fn into_key(self) -> Key;
}

impl IntoKey for Key {
    fn into_key(self) -> Key {
        self
    }
}

impl IntoKey for Row {
    fn into_key(self) -> Key {
        Key::Columns(self)
    }
}

impl IntoKey for &Row {
    fn into_key(self) -> Key {
        Key::Columns(self.clone())
    }
}

impl IntoKey for &str {
    fn into_key(self) -> Key {
        Key::Values(vec![self.into()])
    }
}

impl IntoKey for String {
    fn into_key(self) -> Key {
        Key::Values(vec![self.into()])
    }
}

impl IntoKey for Value {
    fn into_key(self) -> Key {
        Key::Values(vec![self])
    }
}

impl IntoKey for i64 {
    fn into_key(self) -> Key {
        Key::Values(vec![self.into()])
    }
}

impl IntoKey for (&str, &str) {
    fn into_key(self) -> Key {
        Key::Values(vec![self.0.into(), self.1.into()])
    }
}

impl IntoKey for Vec<Value> {
    fn into_key(self) -> Key {
        Key::Values(self)
    }
}
