//! Paths of objects, which never leave the root.

use std::fmt;

use crate::{Error, Result};

/// The longest name between two slashes, in bytes: what file systems take.
const MAX_NAME: usize = 255;
/// The most names of a path.
const MAX_NAMES: usize = 16;

/// The path of an object below the root of its storage: names joined by slashes.
///
/// A name is not empty, does not begin with a dot, and holds no slash, backslash or control character; so no path means
/// anything above the root, whatever a caller gives.
///
/// ```
/// use bkjs_core::storage::ObjectPath;
/// assert_eq!(ObjectPath::new(["album", "a.jpg"])?.as_str(), "album/a.jpg");
/// assert!(ObjectPath::new(["album", "../secret"]).is_err());
/// assert!(ObjectPath::parse("album/../secret").is_err());
/// # Ok::<(), bkjs_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectPath(String);

impl ObjectPath {
    /// A path of names.
    ///
    /// # Errors
    /// `Invalid` for what is no name, and for more than 16 of them.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self> {
        let mut path = String::new();
        for (at, name) in names.into_iter().enumerate() {
            let name = name.as_ref();
            if at >= MAX_NAMES {
                return Err(Error::invalid(format!("a path has at most {MAX_NAMES} names")));
            }
            check(name)?;
            if at > 0 {
                path.push('/');
            }
            path.push_str(name);
        }
        if path.is_empty() { Err(Error::invalid("a path needs a name")) } else { Ok(Self(path)) }
    }

    /// A path as [`as_str`](Self::as_str) gives it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn parse(text: &str) -> Result<Self> {
        Self::new(text.split('/'))
    }

    /// The path of something of an account: `prefix/AB/CD/name`, where AB are the last two digits in the id of the
    /// account and CD the two before them, so that no folder grows without end.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_account(prefix: &str, id: &str, name: &str) -> Result<Self> {
        let mut digits = id.chars().rev().filter(char::is_ascii_digit);
        let mut pair = || {
            let (last, first) = (digits.next().unwrap_or('0'), digits.next().unwrap_or('0'));
            format!("{first}{last}")
        };
        let (last, before) = (pair(), pair());
        Self::new([prefix, &last, &before, name])
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders, and the name of the object in the last one.
    pub(super) fn split(&self) -> (impl Iterator<Item = &str>, &str) {
        let (folders, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (folders.split('/').filter(|name| !name.is_empty()), name)
    }
}

fn check(name: &str) -> Result<()> {
    let problem = match name {
        "" => "is empty",
        _ if name.starts_with('.') => "begins with a dot",
        _ if name.len() > MAX_NAME => "is too long",
        _ if name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\')) => {
            "holds a slash, a backslash or a control character"
        }
        _ => return Ok(()),
    };
    Err(Error::invalid(format!("a name of a stored object {problem}")))
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_path_leaves_the_root() {
        for text in [
            "..",
            ".",
            "../a",
            "a/..",
            "a/../b",
            "a/../../b",
            "/etc/passwd",
            "a//b",
            "a/",
            "",
            "/",
            "a\0b",
            "a\\b",
            "..\\a",
            ".hidden",
            "a/.hidden",
            "a\nb",
        ] {
            assert_eq!(ObjectPath::parse(text).expect_err(text).status(), 400, "{text:?}");
        }
        // Nothing decodes a name: this one has a percent sign in it.
        assert_eq!(ObjectPath::parse("%2e%2e%2fa").unwrap().as_str(), "%2e%2e%2fa");
        assert!(ObjectPath::new(["a".repeat(256)]).is_err());
        assert!(ObjectPath::new(["a"; 17]).is_err());
        assert!(ObjectPath::new(["a/b"]).is_err());
    }

    #[test]
    fn what_belongs_to_an_account_is_spread_over_folders_by_its_id() {
        let path = |id| ObjectPath::of_account("album", id, "x.jpg").unwrap().0;
        assert_eq!(path("12345"), "album/45/23/x.jpg");
        assert_eq!(path("a1b2c3"), "album/23/01/x.jpg");
        assert_eq!(path("none"), "album/00/00/x.jpg");
        assert!(ObjectPath::of_account("..", "1", "x").is_err());
    }

    proptest! {
        #[test]
        fn a_path_joins_to_something_below_the_root(text in "[a./%\\\\\0-]{0,20}") {
            if let Ok(path) = ObjectPath::parse(&text) {
                let joined = Path::new("/root").join(path.as_str());
                prop_assert!(joined.starts_with("/root"));
                let plain = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(Path::new(path.as_str()).components().all(plain));
            }
        }
    }
}
