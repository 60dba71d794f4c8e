//! Names that people give to their things, which are parts of addresses and of paths.

use bkjs_core::{Error, Result};

/// Refuses what is no identifier: 1 to `max` letters, digits, dots, dashes, underscores and those of `also`, not
/// beginning with a dot.
///
/// # Errors
/// `Invalid`, naming the parameter.
pub fn check_identifier(name: &str, text: &str, also: &str, max: usize) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || also.contains(c);
    let fits = !text.is_empty() && text.len() <= max && !text.starts_with('.') && text.chars().all(plain);
    if fits {
        return Ok(());
    }
    let more: String = also.chars().map(|c| format!(", {c}")).collect();
    Err(Error::invalid(format!(
        "{name} must be 1 to {max} letters, digits, dots, dashes or underscores{more}, and not begin with a dot"
    )))
}

#[cfg(test)]
mod tests {
    use super::check_identifier;

    #[test]
    fn an_identifier_is_part_of_no_other_path() {
        for text in ["a", "Album-1.b_c", "0", "a..b"] {
            assert!(check_identifier("prefix", text, "", 20).is_ok(), "{text}");
        }
        for text in
            ["", ".", "..", "../a", "a/b", "a\\b", "a\0", "ä", "a b", "a:b", "%2e", "aaaaaaaaaaaaaaaaaaaaa"]
        {
            let error = check_identifier("prefix", text, "", 20).expect_err(text);
            assert!(error.message().starts_with("prefix must be 1 to 20 letters"), "{error}");
        }
        assert!(check_identifier("type", "a:b", ":", 20).is_ok());
    }
}
