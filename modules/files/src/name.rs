//! What files are called.

use bkjs_api::params::check_identifier;
use bkjs_core::{Error, Result};

/// The longest prefix, in characters.
pub(crate) const MAX_PREFIX: usize = 64;
/// The longest name, in characters.
pub(crate) const MAX_NAME: usize = 200;

/// What a file of an account is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) prefix: String,
    pub(crate) name: String,
}

impl FileName {
    /// A prefix and a name.
    ///
    /// # Errors
    /// `Invalid` for a prefix that is no identifier, and for a name that is empty, too long, begins with a dot, or holds a
    /// slash, a backslash or a control character.
    pub(crate) fn new(prefix: String, name: String) -> Result<Self> {
        check_identifier("prefix", &prefix, "", MAX_PREFIX)?;
        let length = name.chars().count();
        let bad = |c: char| c.is_control() || matches!(c, '/' | '\\');
        if length == 0 || length > MAX_NAME || name.starts_with('.') || name.contains(bad) {
            return Err(Error::invalid(format!(
                "name must be 1 to {MAX_NAME} characters without slashes, and not begin with a dot"
            )));
        }
        Ok(Self { prefix, name })
    }
}

/// A name with another ending, and with a time before its ending.
pub(crate) fn renamed(name: &str, ext: Option<&str>, stamp: Option<i64>) -> String {
    let (stem, own) = match name.rsplit_once('.') {
        Some((stem, own)) if !stem.is_empty() => (stem, Some(own)),
        _ => (name, None),
    };
    let stamp = stamp.map(|stamp| format!("-{stamp}")).unwrap_or_default();
    let ext = ext.map(|ext| ext.trim_start_matches('.')).or(own);
    let ext = ext.map(|ext| format!(".{ext}")).unwrap_or_default();
    format!("{stem}{stamp}{ext}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        let new = |name: &str| FileName::new("p".into(), name.into());
        for name in ["a", "a b.txt", "Üb.tar.gz", "a%2f..", "a..b"] {
            assert!(new(name).is_ok(), "{name}");
        }
        let long = "x".repeat(201);
        for name in ["", ".", "..", ".env", "../a", "a/b", "/etc/passwd", "a\\b", "a\0b", "a\nb", &long] {
            assert!(new(name).expect_err(name).message().starts_with("name must be"), "{name:?}");
        }
        assert!(FileName::new("../p".into(), "a".into()).is_err());
    }

    #[test]
    fn endings_and_times_are_put_where_they_belong() {
        assert_eq!(renamed("a.txt", None, None), "a.txt");
        assert_eq!(renamed("a.txt", Some("pdf"), None), "a.pdf");
        assert_eq!(renamed("a", Some(".pdf"), None), "a.pdf");
        assert_eq!(renamed("a.tar.gz", None, Some(7)), "a.tar-7.gz");
        assert_eq!(renamed("a", None, Some(7)), "a-7");
        assert_eq!(renamed(".x", None, Some(7)), ".x-7");
    }
}
