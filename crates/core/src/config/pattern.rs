use std::sync::OnceLock;

use regex::{Captures, Regex};

use super::Spec;

/// The pattern of a family's names, compiled when the first name comes near it: a process that starts compares
/// its few names with a hundred patterns.
pub(super) struct Pattern {
    source: &'static str,
    /// What every name of the family starts with.
    prefix: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern of a declaration, if it is one of a family.
    pub(super) fn of(spec: &Spec) -> Option<Self> {
        let source = spec.name;
        let fixed = source.find(['(', '[', '.', '\\', '?', '*', '+', '|']).unwrap_or(source.len());
        // A letter before a question mark may be absent.
        let optional = source[fixed..].starts_with(['?', '*']);
        let prefix = &source[..fixed - usize::from(optional)];
        spec.pattern.then(|| Self { source, prefix, regex: OnceLock::new() })
    }

    /// Whether it is a regular expression at all.
    pub(super) fn is_valid(&self) -> bool {
        self.regex().is_some()
    }

    /// The pattern without what its groups allow: two patterns of the same outline mean the same family.
    pub(super) fn outline(&self) -> String {
        let mut depth = 0_usize;
        let outside = |c: &char| {
            depth = match c {
                '(' => depth + 1,
                ')' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0
        };
        self.source.chars().filter(outside).collect()
    }

    /// What every name of the family starts with.
    pub(super) fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Whether a name belongs to the family.
    pub(super) fn is_match(&self, name: &str) -> bool {
        name.starts_with(self.prefix) && self.regex().is_some_and(|regex| regex.is_match(name))
    }

    /// The captured parts of a name of the family; empty where one is absent.
    pub(super) fn captures(&self, name: &str) -> Option<Vec<String>> {
        let captures = name.starts_with(self.prefix).then(|| self.regex()?.captures(name)).flatten()?;
        let texts = |captures: &Captures<'_>| {
            captures.iter().skip(1).map(|c| c.map_or_else(String::new, |c| c.as_str().to_owned())).collect()
        };
        Some(texts(&captures))
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&format!("^(?:{})$", self.source)).ok()).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_whole_and_their_parts_captured() {
        type Texts = std::collections::BTreeMap<String, String>;
        let pattern = Pattern::of(&Spec::family::<Texts>("q-?([a-z]+)?")).unwrap();
        assert_eq!(pattern.prefix(), "q");
        assert_eq!(pattern.captures("q"), Some(vec![String::new()]));
        assert_eq!(pattern.captures("q-a"), Some(vec!["a".to_owned()]));
        assert_eq!(pattern.captures("q-a1"), None);
        assert!(Pattern::of(&Spec::of::<String>("q")).is_none());
        let other = Pattern::of(&Spec::family::<Texts>("q-?([a-z0-9]+(x|y))?")).unwrap();
        assert_eq!(pattern.outline(), other.outline());
    }
}
