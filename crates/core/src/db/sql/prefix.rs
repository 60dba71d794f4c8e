//! Prefixes of texts as ranges.

use super::{Operand, Sql};
use crate::Result;
use crate::schema::ColumnType;

/// Appends that a text starts with `prefix`, letter for letter.
///
/// As a range of texts: unlike LIKE it is literal, exact in case, right for NUL and always served by an index.
///
/// # Errors
/// As [`Dialect::path`](super::Dialect::path).
pub(crate) fn write_begins_with(sql: &mut Sql<'_>, operand: &Operand<'_>, prefix: &str) -> Result<()> {
    operand.write(sql)?;
    sql.push(" >= ").bind_owned(prefix, ColumnType::Text);
    if let Some(successor) = text_successor(prefix) {
        sql.push(" AND ");
        operand.write(sql)?;
        sql.push(" < ").bind_owned(successor, ColumnType::Text);
    }
    Ok(())
}

/// The least text that is greater than every text with this prefix; none when there is no such text.
///
/// By bytes, which for UTF-8 is the order of characters.
fn text_successor(prefix: &str) -> Option<String> {
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

/// The text that every match of an SQL pattern starts with.
pub(crate) fn like_prefix(pattern: &str) -> &str {
    pattern.find(['%', '_']).map_or(pattern, |end| &pattern[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix_follows_all_its_texts() {
        assert_eq!(text_successor("ab").as_deref(), Some("ac"));
        assert_eq!(text_successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(text_successor("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(text_successor("\u{10FFFF}"), None);
        assert_eq!(text_successor(""), None);
    }

    #[test]
    fn a_pattern_starts_with_the_text_before_its_first_wildcard() {
        assert_eq!(like_prefix("ab%c"), "ab");
        assert_eq!(like_prefix("_b"), "");
        assert_eq!(like_prefix(r"a\b"), r"a\b");
    }
}
