//! What may be the name of something in a cache, and how large it may be: the same for every product.

use sha2::{Digest as _, Sha256};

use crate::{Error, ErrorKind, Result};

/// The most bytes of a key.
pub const MAX_KEY: usize = 200;
/// The most bytes of a value.
pub const MAX_VALUE: usize = 512 << 10;

/// Checks a name; `what` says what it names.
///
/// # Errors
/// `Invalid`, saying what is wrong.
pub(crate) fn check(what: &str, name: &str) -> Result<()> {
    let wrong = |why: &str| Err(Error::invalid(format!("{what} {name:.40?} {why}")));
    match name {
        "" => Err(Error::invalid(format!("{what} is empty: give it a name"))),
        name if name.len() > MAX_KEY => {
            wrong(&format!("has {} bytes: no more than {MAX_KEY} are possible", name.len()))
        }
        name if name.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            wrong("has white space or control characters: use others")
        }
        _ => Ok(()),
    }
}

/// Checks the size of a value.
///
/// # Errors
/// `TooLarge`, naming the key.
pub(super) fn check_size(key: &str, value: &[u8]) -> Result<()> {
    if value.len() <= MAX_VALUE {
        return Ok(());
    }
    let (size, most) = (value.len(), MAX_VALUE);
    Err(Error::new(
        ErrorKind::TooLarge,
        format!("the value of {key:.40} has {size} bytes: a cache takes no more than {most}"),
    ))
}

/// A name of 40 letters and digits for texts that cannot be names themselves; no two lists have the same.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_visible_and_short() {
        for good in ["a", "a:b/c?d=e", "größe", &"x".repeat(MAX_KEY)] {
            assert!(check("key", good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\n", "\0", "a\u{a0}b", &"x".repeat(MAX_KEY + 1)] {
            let error = check("key", bad).expect_err("is refused");
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.message().starts_with("key "), "{error}");
        }
    }

    #[test]
    fn no_two_lists_have_the_same_digest() {
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        assert_eq!(digest(["a", "b"]).len(), 40);
        assert!(check("key", &digest([" "])).is_ok());
    }
}
