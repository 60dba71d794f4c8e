//! Random secrets and identifiers from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Random bytes.
///
/// # Errors
/// `Internal` when the operating system has none to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|e| Error::internal("no randomness from the system").source(e))?;
    Ok(bytes)
}

/// A secret of 256 random bits as base64url, for `secret`, `token_secret`, `session_secret` and the
/// secrets of a server.
///
/// # Errors
/// See [`random_bytes`].
pub fn random_secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(*Zeroizing::new(random_bytes::<32>()?)))
}

/// An identifier of 128 random bits as 32 hexadecimal digits: cannot be guessed, does not repeat.
///
/// # Errors
/// See [`random_bytes`].
pub fn random_id() -> Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random_bytes()?)))
}

/// Compares two secrets in a time that depends on their lengths only.
pub fn same_secret(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>) -> bool {
    a.as_ref().ct_eq(b.as_ref()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_have_their_length_and_differ() {
        assert_eq!(random_secret().unwrap().len(), 43);
        assert_eq!(random_id().unwrap().len(), 32);
        assert_ne!(random_id().unwrap(), random_id().unwrap());
        assert_ne!(random_secret().unwrap(), random_secret().unwrap());
    }

    #[test]
    fn equal_secrets_are_the_same() {
        assert!(same_secret("a", b"a"));
        assert!(!same_secret("a", "b") && !same_secret("a", "ab"));
    }
}
