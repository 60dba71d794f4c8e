//! Text patterns: SQL `LIKE`, regular expressions and prefixes.

use regex::{Regex, RegexBuilder};

use crate::{Error, Result};

/// The most memory a compiled expression may take, in bytes; larger ones are refused.
const REGEX_SIZE: usize = 256 * 1024;

/// Compiles a regular expression of a caller, bounded in size.
///
/// # Errors
/// `Invalid` when it is malformed or too large.
pub(crate) fn compile_regex(pattern: &str, ignore_case: bool) -> Result<Regex> {
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(REGEX_SIZE)
        .dfa_size_limit(REGEX_SIZE)
        .build()
        .map_err(|e| {
            let reason = match e {
                regex::Error::CompiledTooBig(_) => "is too large",
                _ => "is malformed",
            };
            Error::invalid(format!("regular expression {pattern:.60} {reason}"))
        })
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    One,
    Any,
}

/// A pattern of `LIKE`, taken apart: `%` is any text, `_` one character, a backslash makes the next
/// character itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LikePattern(Vec<Part>);

impl LikePattern {
    /// Takes a pattern apart.
    pub(crate) fn parse(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            let wildcard = match c {
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => {
                    text.push(chars.next().unwrap_or('\\'));
                    continue;
                }
                c => {
                    text.push(c);
                    continue;
                }
            };
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(wildcard);
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Self(parts)
    }

    /// The pattern of all texts with this start.
    pub(crate) fn prefixed(prefix: &str) -> Self {
        Self(vec![Part::Text(prefix.to_owned()), Part::Any])
    }

    /// The text that every match starts with; empty when there is none.
    pub(crate) fn prefix(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The regular expression that matches the same texts.
    pub(crate) fn to_regex(&self) -> String {
        let mut regex = String::from(r"(?s)\A");
        for part in &self.0 {
            match part {
                Part::Text(text) => regex.push_str(&regex::escape(text)),
                Part::One => regex.push('.'),
                Part::Any => regex.push_str(".*"),
            }
        }
        regex.push_str(r"\z");
        regex
    }
}

/// The least text that is greater than every text with this prefix; none when there is no such text.
///
/// By bytes, which for UTF-8 is the order of characters.
pub(crate) fn text_successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The surrogates between U+D7FF and U+E000 are no characters.
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            c => char::from_u32(c as u32 + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        compile_regex(&LikePattern::parse(pattern).to_regex(), false).expect("compiles").is_match(text)
    }

    #[test]
    fn like_takes_wildcards_and_escapes() {
        assert!(like("a%", "abc\n"));
        assert!(!like("a%", "ba"));
        assert!(like("a_c", "a€c"));
        assert!(!like("a_c", "ac"));
        assert!(like(r"50\%", "50%"));
        assert!(!like(r"50\%", "50x"));
        assert!(like("a.b", "a.b"));
        assert!(!like("a.b", "axb"));
        assert!(like(r"end\", r"end\"));
        assert_eq!(LikePattern::parse(r"a\_b%c").prefix(), "a_b");
    }

    #[test]
    fn the_successor_of_a_prefix_follows_all_its_texts() {
        assert_eq!(text_successor("ab").as_deref(), Some("ac"));
        assert_eq!(text_successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(text_successor("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(text_successor("\u{10FFFF}"), None);
        assert_eq!(text_successor(""), None);
    }

    #[test]
    fn a_huge_or_broken_expression_is_refused() {
        assert!(compile_regex("(", false).is_err());
        assert!(compile_regex("(a{1000}){1000}", false).is_err());
    }
}
