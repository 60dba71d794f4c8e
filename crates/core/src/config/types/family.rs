use std::collections::BTreeMap;

use super::ParamType;

/// The field of a family of names: a map from the captured part of the name.
pub trait Family: Default {
    /// The type of each value.
    type Value: ParamType;

    /// Adds the value of one name, of which the pattern captured these parts (empty where one is absent).
    fn insert(&mut self, captures: &[String], value: Self::Value);
}

impl<K: FamilyKey, V: ParamType> Family for BTreeMap<K, V> {
    type Value = V;

    fn insert(&mut self, captures: &[String], value: V) {
        BTreeMap::insert(self, K::from_captures(captures), value);
    }
}

/// What the captured parts of a name become.
pub trait FamilyKey: Ord {
    /// The key of a name with these captured parts.
    fn from_captures(captures: &[String]) -> Self;
}

/// The first part.
impl FamilyKey for String {
    fn from_captures(captures: &[String]) -> Self {
        captures.first().cloned().unwrap_or_default()
    }
}

/// The first two parts.
impl FamilyKey for (String, String) {
    fn from_captures(captures: &[String]) -> Self {
        let part = |at: usize| captures.get(at).cloned().unwrap_or_default();
        (part(0), part(1))
    }
}
