//! Keeps one event on one line.

use std::fmt::{self, Write};

/// Whether a character would end the line, move the cursor or reorder what is shown.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text holds no such character; most texts are printable ASCII, which is quick to see.
fn is_clean(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~')) || !text.contains(is_hostile)
}

/// Writes a text with such characters escaped.
pub(super) fn plain(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_clean(text) {
        return out.write_str(text);
    }
    for c in text.chars() {
        if is_hostile(c) {
            write!(out, "{}", c.escape_default())?;
        } else {
            out.write_char(c)?;
        }
    }
    Ok(())
}

/// Writes the value of a field: in quotes, unless it is one plain word.
pub(super) fn value(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_word(text) {
        return plain(out, text);
    }
    out.write_char('"')?;
    plain(out, &text.replace('\\', "\\\\").replace('"', "\\\""))?;
    out.write_char('"')
}

/// Whether a value needs no quotes.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '='))
}

/// Whether a value can stand in a line as it is.
pub(super) fn is_plain_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'!'..=b'~') && !matches!(b, b'"' | b'='))
}
