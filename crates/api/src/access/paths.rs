//! Lists of path patterns, compiled so that the usual path costs no regular expression.

use std::borrow::Cow;

use bkjs_core::{Error, ErrorKind, Result};
use regex::RegexSet;

/// A list of patterns that paths are matched against.
///
/// Patterns are regular expressions, searched anywhere in the path. Most are written as `^/exact$`,
/// `^/prefix` or `\.ext$`; those compare texts, only the others run an expression.
///
/// ```
/// use bkjs_api::PathList;
/// let list = PathList::new(["^/ping$", "^/public/", r"\.css$", "^/a/[0-9]+$"])?;
/// assert!(list.matches("/ping") && list.matches("/x/y.css") && list.matches("/a/7"));
/// assert!(!list.matches("/pings"));
/// # Ok::<(), bkjs_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PathList {
    exact: Vec<String>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    others: Option<RegexSet>,
}

impl PathList {
    /// Compiles patterns; empty ones are skipped.
    ///
    /// # Errors
    /// `Config` for one that is no regular expression.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self> {
        let mut list = Self::default();
        let mut others = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            if !pattern.is_empty() {
                list.add(pattern, &mut others);
            }
        }
        if !others.is_empty() {
            list.others = Some(
                RegexSet::new(&others)
                    .map_err(|e| Error::new(ErrorKind::Config, "broken path pattern").source(e))?,
            );
        }
        Ok(list)
    }

    fn add(&mut self, pattern: &str, others: &mut Vec<String>) {
        let (start, rest) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
        let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
        match (start, end, literal(rest)) {
            (true, true, Some(text)) => self.exact.push(text.into_owned()),
            (true, false, Some(text)) => self.prefixes.push(text.into_owned()),
            (false, true, Some(text)) => self.suffixes.push(text.into_owned()),
            _ => others.push(pattern.to_owned()),
        }
    }

    /// Whether any pattern matches.
    pub fn matches(&self, path: &str) -> bool {
        self.exact.iter().any(|p| p == path)
            || self.prefixes.iter().any(|p| path.starts_with(p.as_str()))
            || self.suffixes.iter().any(|p| path.ends_with(p.as_str()))
            || self.others.as_ref().is_some_and(|set| set.is_match(path))
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty() && self.others.is_none()
    }
}

/// The text that a pattern stands for, when it is nothing but text with escaped marks.
fn literal(pattern: &str) -> Option<Cow<'_, str>> {
    if !pattern.contains(['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$']) {
        return Some(Cow::Borrowed(pattern));
    }
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                escaped if escaped.is_ascii_punctuation() => text.push(escaped),
                _ => return None,
            },
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            c => text.push(c),
        }
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    #[test]
    fn an_alternative_or_an_escaped_end_is_no_text() {
        let list = PathList::new(["^/(data|system)", r"^/cost\$", r"\.html$"]).expect("compiles");
        assert!(list.matches("/system/x") && list.matches("/cost$") && list.matches("/a.html"));
        assert!(!list.matches("/cost") && !list.matches("/ahtml"));
    }

    #[test]
    fn a_broken_pattern_is_refused() {
        assert_eq!(PathList::new(["^/("]).expect_err("broken").kind(), ErrorKind::Config);
    }

    proptest! {
        #[test]
        fn a_list_matches_what_its_expressions_match(pattern in r"\^?/?[a-c.\\/]{0,4}\$?", path in "/[a-c.]{0,4}") {
            if let Ok(regex) = Regex::new(&pattern) {
                let list = PathList::new([&pattern]).expect("compiles");
                prop_assert_eq!(list.matches(&path), !pattern.is_empty() && regex.is_match(&path), "{}", pattern);
            }
        }
    }
}
