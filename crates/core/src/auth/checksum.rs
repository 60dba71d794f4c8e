//! The checksum that lets a signature cover a body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;

use super::signature::Signature;
use crate::{Error, Result};

/// The checksum of a body as signatures carry it: base64 of its SHA1.
///
/// SHA1 is given by the protocol. It is covered by the HMAC, so that whoever makes two bodies with one
/// checksum must know the secret already.
pub fn body_checksum(body: &[u8]) -> String {
    STANDARD.encode(Sha1::digest(body))
}

/// Checks a body against the checksum of a signature that has been verified; a signature without a
/// checksum lets any body pass, which [`Signature::checksum`] tells.
///
/// # Errors
/// `Invalid` when the body is another one.
pub fn verify_body(signature: &Signature, body: &[u8]) -> Result<()> {
    let checksum = signature.checksum();
    if checksum.is_empty() || bool::from(body_checksum(body).as_bytes().ct_eq(checksum.as_bytes())) {
        return Ok(());
    }
    Err(Error::invalid("the body does not match the checksum of the signature"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_checked_against_its_checksum() {
        assert_eq!(body_checksum(br#"{"a":1}"#), "n4nHQM60bXQYySSnisV5QdXpZSA=");
        let signature = Signature::parse(b"4||a|h|1|n4nHQM60bXQYySSnisV5QdXpZSA=|").unwrap();
        assert!(verify_body(&signature, br#"{"a":1}"#).is_ok());
        assert_eq!(verify_body(&signature, br#"{"a":2}"#).unwrap_err().status(), 400);
    }

    #[test]
    fn without_a_checksum_any_body_passes() {
        assert!(verify_body(&Signature::parse(b"4||a|h|1||").unwrap(), b"x").is_ok());
    }
}
