//! Patterns of conditions, one meaning on every driver: regular expressions and SQL patterns.

use regex::{Regex, RegexBuilder};

use crate::{Error, Result};

/// The longest pattern, in characters.
const MAX_PATTERN: usize = 1000;
/// The largest compiled pattern, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// A regular expression of bounded size; matching takes time linear in the text.
///
/// # Errors
/// `Invalid` when it does not parse or is too large.
pub fn regexp(pattern: &str, ignore_case: bool) -> Result<Regex> {
    if pattern.chars().count() > MAX_PATTERN {
        return Err(Error::invalid(format!("a pattern is longer than {MAX_PATTERN} characters")));
    }
    build(pattern, ignore_case)
}

/// The regular expression that means the same as an SQL pattern, in which `%` stands for any text and
/// `_` for any character. No character escapes another.
///
/// # Errors
/// `Invalid` when it is too large.
pub fn like(pattern: &str, ignore_case: bool) -> Result<Regex> {
    if pattern.chars().count() > MAX_PATTERN {
        return Err(Error::invalid(format!("a pattern is longer than {MAX_PATTERN} characters")));
    }
    build(&like_source(pattern), ignore_case)
}

/// The texts that start with a text; ignoring case, letter by letter as the other patterns do.
///
/// # Errors
/// `Invalid` when it is too large.
pub fn begins(prefix: &str, ignore_case: bool) -> Result<Regex> {
    if prefix.chars().count() > MAX_PATTERN {
        return Err(Error::invalid(format!("a pattern is longer than {MAX_PATTERN} characters")));
    }
    build(&begins_source(prefix), ignore_case)
}

/// The source of [`begins`].
pub(crate) fn begins_source(prefix: &str) -> String {
    format!(r"\A{}", regex::escape(prefix))
}

/// The source of [`like`].
pub(crate) fn like_source(pattern: &str) -> String {
    let mut source = String::with_capacity(pattern.len() + 16);
    source.push_str(r"(?s)\A");
    let mut letter = [0; 4];
    for c in pattern.chars() {
        match c {
            '%' => source.push_str(".*"),
            '_' => source.push('.'),
            c => source.push_str(&regex::escape(c.encode_utf8(&mut letter))),
        }
    }
    source.push_str(r"\z");
    source
}

fn build(source: &str, ignore_case: bool) -> Result<Regex> {
    RegexBuilder::new(source)
        .case_insensitive(ignore_case)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .map_err(|e| Error::invalid("the pattern is not a regular expression, or too large").source(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_patterns_know_two_wildcards_only() {
        let check = |pattern, text, expected| {
            assert_eq!(like(pattern, false).expect("compiles").is_match(text), expected, "{pattern} {text}");
        };
        check("a%c", "abbc", true);
        check("a_c", "abc", true);
        check("a_c", "abbc", false);
        check("a.c", "abc", false);
        check("%", "a\nb", true);
        check("a", "ab", false);
        assert!(like("ÄB%", true).expect("compiles").is_match("äbc"));
    }

    #[test]
    fn a_beginning_is_literal() {
        let check = |prefix, text, expected| {
            assert_eq!(begins(prefix, true).expect("compiles").is_match(text), expected, "{prefix} {text}");
        };
        check("a.", "A.b", true);
        check("a.", "ab", false);
        check("ÄB", "äbc", true);
        check("b", "ab", false);
        check("", "", true);
    }

    #[test]
    fn huge_patterns_are_refused() {
        assert!(regexp(&"a".repeat(1001), false).is_err());
        assert!(regexp(r"(\w{200}){200}", false).is_err());
        assert!(regexp("(", false).is_err());
    }
}
