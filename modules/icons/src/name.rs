//! What icons are called.

use bkjs_api::now_ms;
use bkjs_api::params::check_identifier;
use bkjs_core::{Error, Result};

/// The longest prefix and the longest type.
pub(crate) const MAX_PREFIX: usize = 64;
pub(crate) const MAX_TYPE: usize = 128;

/// The prefix of the icons of accounts themselves.
pub(crate) const ACCOUNT: &str = "account";

/// The type of the icon that is meant when none is said.
const DEFAULT_TYPE: &str = "0";

/// What an icon of an account is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IconName {
    pub(crate) prefix: String,
    pub(crate) kind: String,
}

impl IconName {
    /// A prefix and a type; `0` when none is given.
    ///
    /// # Errors
    /// `Invalid` for what is none: both are letters, digits, dots, dashes and underscores, a type colons too. Among
    /// icons of accounts a type is one digit or small letter.
    pub fn new(prefix: &str, kind: Option<&str>) -> Result<Self> {
        check_identifier("prefix", prefix, "", MAX_PREFIX)?;
        let kind = kind.unwrap_or(DEFAULT_TYPE);
        if prefix == ACCOUNT {
            if !is_account_type(kind) {
                return Err(Error::invalid("type must be one digit 0-9 or one letter a-z"));
            }
        } else {
            check_identifier("type", kind, ":", MAX_TYPE)?;
        }
        Ok(Self { prefix: prefix.to_owned(), kind: kind.to_owned() })
    }

    /// As [`new`](Self::new), of a new icon: `@uuid@` and `@now@` in the type stand for something that is its alone, and
    /// for the time.
    pub(crate) fn of_new(prefix: &str, kind: Option<&str>) -> Result<Self> {
        let Some(kind) = kind.filter(|kind| kind.contains('@')) else { return Self::new(prefix, kind) };
        let kind = kind.replace("@uuid@", &uuid::Uuid::new_v4().simple().to_string());
        Self::new(prefix, Some(&kind.replace("@now@", &now_ms().to_string())))
    }
}

/// The types of icons of accounts.
pub(crate) fn account_types() -> impl Iterator<Item = char> {
    ('0'..='9').chain('a'..='z')
}

fn is_account_type(kind: &str) -> bool {
    let mut chars = kind.chars();
    matches!((chars.next(), chars.next()), (Some('0'..='9' | 'a'..='z'), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_part_of_no_other_path() {
        for (prefix, kind) in
            [("album", "me-1"), ("a.b_c", "album1:icon1"), ("account", "5"), ("account", "z")]
        {
            assert!(IconName::new(prefix, Some(kind)).is_ok(), "{prefix} {kind}");
        }
        for (prefix, kind) in [
            ("", "a"),
            ("..", "a"),
            ("a/b", "a"),
            ("a:b", "a"),
            ("a", ".."),
            ("a", "../b"),
            ("a", "b/c"),
            ("a", ""),
            ("a", "b\0"),
            ("a", "@uuid@"),
            ("account", "10"),
            ("account", "A"),
            ("account", ""),
            ("account", "me"),
        ] {
            assert_eq!(IconName::new(prefix, Some(kind)).expect_err(kind).status(), 400, "{prefix} {kind}");
        }
        assert_eq!(IconName::new("a", None).expect("a name").kind, "0");
    }

    #[test]
    fn a_new_icon_may_have_a_type_of_its_own() {
        let name = || IconName::of_new("a", Some("x-@uuid@")).expect("a name").kind;
        assert_ne!(name(), name());
        assert_eq!(name().len(), 34);
        assert!(IconName::of_new("a", Some("@now@")).expect("a name").kind.parse::<i64>().is_ok());
        assert!(IconName::of_new("a", Some("@filename@")).is_err());
    }
}
