//! Regular expressions for products with a syntax of their own.
//!
//! What the framework's syntax means is taken apart to letters, sets of letters, repetitions and choices,
//! and written anew with nothing but these. Every product reads them alike, whatever it makes of `\d`, of
//! letter case or of a dot.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{Matching, Operand, Sql};
use crate::db::pattern;
use crate::schema::ColumnType;
use crate::{Error, ErrorKind, Result};

/// The most that a product may be asked to repeat.
const MAX_REPEAT: u32 = 255;
/// The longest expression, in bytes: sets like "any letter" have hundreds of ranges.
const MAX_LENGTH: usize = 1 << 18;

/// How a product writes letters by their number and the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// `\UXXXXXXXX` and `\Z`; no text has a NUL.
    #[cfg(feature = "postgres")]
    Upper,
    /// `\x{X}` and `\z`.
    #[cfg(feature = "mysql")]
    Braces,
}

impl Letters {
    fn letter(self, c: char) -> String {
        match self {
            #[cfg(feature = "postgres")]
            Self::Upper => format!("\\U{:08X}", u32::from(c)),
            #[cfg(feature = "mysql")]
            Self::Braces => format!("\\x{{{:X}}}", u32::from(c)),
        }
    }

    /// The least letter that a text may have.
    fn least(self) -> char {
        match self {
            #[cfg(feature = "postgres")]
            Self::Upper => '\u{1}',
            #[cfg(feature = "mysql")]
            Self::Braces => '\0',
        }
    }

    fn end(self) -> &'static str {
        match self {
            #[cfg(feature = "postgres")]
            Self::Upper => r"\Z",
            #[cfg(feature = "mysql")]
            Self::Braces => r"\z",
        }
    }
}

/// Appends that a text matches, for a product that has regular expressions of its own.
///
/// `LIKE` is used where it means the same: exact in case, and without a character that escapes. The rest goes by
/// the regular expression with exactly the meaning that the framework gives it: behind `operator`, and with
/// `director` in front.
///
/// # Errors
/// As [`portable_regexp`].
pub(crate) fn write_matching(
    sql: &mut Sql<'_>,
    operand: &Operand<'_>,
    (pattern, matching): (&str, Matching),
    letters: Letters,
    (operator, director): (&str, &str),
) -> Result<()> {
    let (source, ignore_case) = match matching {
        Matching::Like => {
            operand.write(sql)?;
            sql.push(" LIKE ").bind_owned(pattern, ColumnType::Text).push(" ESCAPE ''");
            return Ok(());
        }
        Matching::ILike => (pattern::like_source(pattern), true),
        Matching::Regexp => (pattern.to_owned(), false),
        Matching::IRegexp => (pattern.to_owned(), true),
        Matching::IBeginsWith => (pattern::begins_source(pattern), true),
    };
    let regexp = portable_regexp(&source, ignore_case, letters)?;
    operand.write(sql)?;
    sql.push(operator).bind_owned(format!("{director}{regexp}"), ColumnType::Text);
    Ok(())
}

/// The regular expression, for a product that knows `(?:)`, `[]`, `{m,n}`, `\A`, `(?=)`, `(?<=)` and
/// [`Letters`]. Whether a text matches is the same; which part of it matches may be another.
///
/// # Errors
/// `Invalid` for a pattern that does not parse, `Unsupported` for one that cannot be said so.
fn portable_regexp(pattern: &str, ignore_case: bool, letters: Letters) -> Result<String> {
    let tree = ParserBuilder::new()
        .case_insensitive(ignore_case)
        .build()
        .parse(pattern)
        .map_err(|e| Error::invalid("the pattern is not a regular expression").source(e))?;
    let mut text = String::with_capacity(pattern.len() * 4);
    write(&mut text, &tree, letters)?;
    Ok(text)
}

fn write(text: &mut String, tree: &Hir, letters: Letters) -> Result<()> {
    if text.len() > MAX_LENGTH {
        return Err(unsupported("it is too large"));
    }
    match tree.kind() {
        HirKind::Empty => text.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let literal = std::str::from_utf8(&literal.0).map_err(|_| unsupported("it is about bytes"))?;
            literal.chars().for_each(|c| write_set(text, [(c, c)], letters));
        }
        HirKind::Class(Class::Unicode(class)) => {
            write_set(text, class.ranges().iter().map(|r| (r.start(), r.end())), letters);
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges: Vec<_> =
                class.ranges().iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect();
            if ranges.iter().any(|(_, end)| !end.is_ascii()) {
                return Err(unsupported("it is about bytes"));
            }
            write_set(text, ranges, letters);
        }
        HirKind::Look(look) => {
            let (end, feed) = (letters.end(), letters.letter('\n'));
            match look {
                Look::Start => text.push_str(r"\A"),
                Look::End => text.push_str(end),
                Look::StartLF => text.push_str(&format!(r"(?:\A|(?<={feed}))")),
                Look::EndLF => text.push_str(&format!(r"(?:{end}|(?={feed}))")),
                _ => return Err(unsupported("it asks for the edge of a word or of a line with \\r")),
            }
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min);
            if most > MAX_REPEAT {
                return Err(unsupported("it repeats a part more than 255 times"));
            }
            text.push_str("(?:");
            write(text, &repetition.sub, letters)?;
            text.push(')');
            match (repetition.min, repetition.max) {
                (0, None) => text.push('*'),
                (min, None) => text.push_str(&format!("{{{min},}}")),
                (min, Some(max)) => text.push_str(&format!("{{{min},{max}}}")),
            }
        }
        HirKind::Capture(capture) => {
            text.push_str("(?:");
            write(text, &capture.sub, letters)?;
            text.push(')');
        }
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(text, part, letters))?,
        HirKind::Alternation(choices) => {
            text.push_str("(?:");
            for (at, choice) in choices.iter().enumerate() {
                if at > 0 {
                    text.push('|');
                }
                write(text, choice, letters)?;
            }
            text.push(')');
        }
    }
    Ok(())
}

/// One letter out of these ranges.
fn write_set(text: &mut String, ranges: impl IntoIterator<Item = (char, char)>, letters: Letters) {
    let least = letters.least();
    let mut set = String::new();
    let mut single = None;
    let mut count = 0;
    for (start, end) in ranges.into_iter().filter(|(_, end)| *end >= least) {
        let start = start.max(least);
        count += 1;
        single = (start == end && count == 1).then_some(start);
        set.push_str(&letters.letter(start));
        if start != end {
            set.push('-');
            set.push_str(&letters.letter(end));
        }
    }
    match single {
        Some(c) if c.is_ascii_alphanumeric() || c == ' ' => text.push(c),
        Some(c) => text.push_str(&letters.letter(c)),
        None if count == 0 => {
            let [least, most] = [least, char::MAX].map(|c| letters.letter(c));
            text.push_str(&format!("[^{least}-{most}]"));
        }
        None => {
            text.push('[');
            text.push_str(&set);
            text.push(']');
        }
    }
}

fn unsupported(reason: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this database cannot match the pattern: {reason}"))
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &str) {
        assert_eq!(
            portable_regexp(pattern, false, Letters::Upper).expect("can be said"),
            expected,
            "{pattern}"
        );
    }

    #[test]
    fn only_what_every_product_reads_alike_is_left() {
        check("^ab.?$", r"\Aab(?:[\U00000001-\U00000009\U0000000B-\U0010FFFF]){0,1}\Z");
        check("(a|bc)+", r"(?:(?:(?:a|bc))){1,}");
        check(r"\.", r"\U0000002E");
        check("[0-9]*", r"(?:[\U00000030-\U00000039])*");
        check("", "(?:)");
        check("(?m)^a", r"(?:\A|(?<=\U0000000A))a");
        check(r"\x00", r"[^\U00000001-\U0010FFFF]");
    }

    #[test]
    fn letter_case_becomes_part_of_the_sets() {
        assert_eq!(
            portable_regexp("a", true, Letters::Upper).expect("can be said"),
            r"[\U00000041\U00000061]"
        );
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let kind = |pattern| portable_regexp(pattern, false, Letters::Upper).expect_err("refused").kind();
        assert_eq!(kind("("), ErrorKind::Invalid);
        assert_eq!(kind(r"\bword\b"), ErrorKind::Unsupported);
        assert_eq!(kind("a{256}"), ErrorKind::Unsupported);
    }
}

#[cfg(test)]
#[cfg(feature = "mysql")]
mod braces {
    use super::{Letters, portable_regexp};

    #[test]
    fn the_end_is_the_end_of_the_text_and_nul_is_a_letter() {
        let text = |pattern| portable_regexp(pattern, false, Letters::Braces).expect("can be said");
        assert_eq!(text("^a.$"), r"\Aa[\x{0}-\x{9}\x{B}-\x{10FFFF}]\z");
        assert_eq!(text(r"\x00"), r"\x{0}");
    }
}
