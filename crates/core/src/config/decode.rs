//! The conventions that all sources share about the text of a value.

use super::Decoding;

/// A text after decoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// Take back what earlier sources said.
    Clear,
    /// This value.
    Text(String),
}

pub(super) fn decode(text: &str, decoding: Decoding) -> Decoded {
    match text {
        "~" | "<null>" => return Decoded::Clear,
        "''" => return Decoded::Text(String::new()),
        _ => {}
    }
    let as_it_stands = decoding == Decoding::Verbatim || text.contains("://");
    Decoded::Text(match decoding {
        _ if as_it_stands => text.to_owned(),
        Decoding::Full => text.replace("%20", " ").replace("\\n", "\n"),
        _ => text.replace("%20", " "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_line_feeds_are_replaced_where_no_meaning_is_lost() {
        let text = |t: &str, d| match decode(t, d) {
            Decoded::Text(t) => t,
            Decoded::Clear => panic!("cleared"),
        };
        assert_eq!(text("a%20b\\nc", Decoding::Full), "a b\nc");
        assert_eq!(text("{\"a%20b\":\"\\n\"}", Decoding::Space), "{\"a b\":\"\\n\"}");
        assert_eq!(text("a%20b", Decoding::Verbatim), "a%20b");
        assert_eq!(text("pg://u:p%20w@h", Decoding::Full), "pg://u:p%20w@h");
        assert_eq!(text("''", Decoding::Full), "");
        assert_eq!(decode("~", Decoding::Full), Decoded::Clear);
    }
}
