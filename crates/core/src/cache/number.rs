//! Numbers as caches hold them: decimal digits.

use crate::{Error, Result};

/// The number that a value is.
///
/// # Errors
/// `Invalid` when it is none.
pub(super) fn parse(bytes: &[u8]) -> Result<i64> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with('+'));
    text.and_then(|text| text.parse().ok()).ok_or_else(no_number)
}

/// A value and a number together.
///
/// # Errors
/// `Invalid` when the value is no number, or the sum has no room in 64 bits.
pub(super) fn add(bytes: &[u8], by: i64) -> Result<i64> {
    parse(bytes)?.checked_add(by).ok_or_else(no_room)
}

/// What is there cannot be counted with.
pub(super) fn no_number() -> Error {
    Error::invalid("what is there is no number of 64 bits")
}

/// The sum cannot be kept.
pub(super) fn no_room() -> Error {
    Error::invalid("the sum has no room in 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_digits_of_64_bits() {
        assert_eq!(parse(b"-9223372036854775808").ok(), Some(i64::MIN));
        assert_eq!(add(b"9223372036854775806", 1).ok(), Some(i64::MAX));
        for wrong in [&b""[..], b"x", b"+1", b" 1", b"1.5", b"9223372036854775808", b"\xff"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(add(b"9223372036854775807", 1).is_err());
    }
}
