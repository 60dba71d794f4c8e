use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// The names and values that the expressions of one request speak of by placeholders, so that reserved
/// words, dots and quotes in them mean nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

/// A place in [`Terms`] to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize, usize);

impl Terms {
    /// The placeholder of an attribute's name.
    pub(super) fn name(&mut self, name: &str) -> String {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        format!("#n{at}")
    }

    /// The placeholder of a value.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len() - 1)
    }

    /// Where the terms are now.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.names.len(), self.values.len())
    }

    /// Forgets what came after a mark: the service refuses names and values that no expression uses.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.names.truncate(mark.0);
        self.values.truncate(mark.1);
    }

    /// The names by placeholder, none when there are none: the service takes no empty map.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let named = |(at, name): (usize, &String)| (format!("#n{at}"), name.clone());
        (!self.names.is_empty()).then(|| self.names.iter().enumerate().map(named).collect())
    }

    /// The values by placeholder, none when there are none.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let named = |(at, value): (usize, &AttributeValue)| (format!(":v{at}"), value.clone());
        (!self.values.is_empty()).then(|| self.values.iter().enumerate().map(named).collect())
    }
}

/// The parts joined by `and`; none when there are none.
pub(super) fn all_of(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_placeholder_and_every_value_its_own() {
        let mut terms = Terms::default();
        assert_eq!(
            (terms.name("a.b"), terms.name("size"), terms.name("a.b")),
            ("#n0".into(), "#n1".into(), "#n0".into())
        );
        let one = AttributeValue::N("1".into());
        assert_eq!((terms.value(one.clone()), terms.value(one)), (":v0".into(), ":v1".into()));
        assert_eq!(terms.names().map(|n| n.len()), Some(2));
    }

    #[test]
    fn what_came_after_a_mark_is_forgotten() {
        let mut terms = Terms::default();
        let mark = terms.mark();
        terms.name("a");
        terms.value(AttributeValue::Bool(true));
        terms.reset(mark);
        assert!(terms.names().is_none() && terms.values().is_none());
    }
}
