use std::sync::Arc;

use super::Value;

/// The name of a column: shared, so that a row of a known table allocates no names.
pub type Name = Arc<str>;

/// Rows beyond this are not looked through for a name that is there already: it would take a debug build minutes
/// to make the row of a large JSON object.
const CHECKED: usize = 1000;

/// An ordered map from column name to [`Value`].
///
/// Rows are short, so look-ups compare names one by one; that is faster than hashing up to some
/// dozens of columns.
///
/// ```
/// use bkjs_core::value::{Row, Value};
/// let row = Row::new().with("id", "a1").with("num", 1);
/// assert_eq!(row.get("num"), Some(&Value::Int(1)));
/// assert_eq!(row.text("id"), "a1");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row(Vec<(Name, Value)>);

impl Row {
    /// An empty row.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty row with room for `n` columns.
    pub fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    /// Makes room for `more` columns.
    pub fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// The same row with one more column; replaces a column of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a column, in place if it is there, else at the end. Returns the value before.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) -> Option<Value> {
        let name = name.into();
        match self.get_mut(&name) {
            Some(old) => Some(std::mem::replace(old, value.into())),
            None => {
                self.0.push((name, value.into()));
                None
            }
        }
    }

    /// Appends a column that is known not to be there yet.
    pub fn push(&mut self, name: Name, value: Value) {
        debug_assert!(self.len() > CHECKED || !self.contains(&name), "column {name} twice in a row");
        self.0.push((name, value));
    }

    /// The value of a column; none when the row does not have it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }

    /// The value of a column, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }

    /// The text of a column; empty when it is absent or something else.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The integer of a column; none when it is absent or something else.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_int)
    }

    /// Whether the column is there with a value other than null, an empty text or list.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| !v.is_empty())
    }

    /// Whether the column is there, whatever its value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Takes a column out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(n, _)| &**n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Keeps the columns for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(n, v)| keep(n, v));
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(n, v)| (n, v))
    }

    /// Names and values in order, the values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Name, &mut Value)> {
        self.0.iter_mut().map(|(n, v)| (&*n, v))
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Row {
    type Item = (Name, Value);
    type IntoIter = std::vec::IntoIter<(Name, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(Name, Value)> for Row {
    /// A later column replaces an earlier one of the same name.
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(iter: I) -> Self {
        let mut row = Self::new();
        for (name, value) in iter {
            row.set(name, value);
        }
        row
    }
}
