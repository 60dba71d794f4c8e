//! Text that only this server can make and read.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::secrets;
use super::signature::hmac_sha256;
use crate::{Error, ErrorKind, Result};

/// The longest sealed text that is looked at, in bytes.
pub const MAX_SEALED: usize = 8192;

const NONCE: usize = 12;

/// Seals short texts with AES-256-GCM for one use.
///
/// The key is HMAC-SHA256 of a label under the secret, and the label is authenticated with the text, so
/// a text that was sealed for one use does not open for another although both have the same secret.
/// Nonces are random: a secret should be changed before it has sealed 2^32 texts.
///
/// ```
/// # fn main() -> bkjs_core::Result<()> {
/// let sealer = bkjs_core::auth::Sealer::new("next token", b"a long secret")?;
/// assert_eq!(sealer.open(&sealer.seal(b"25")?)?, b"25");
/// # Ok(()) }
/// ```
pub struct Sealer {
    label: &'static str,
    cipher: Aes256Gcm,
}

impl Sealer {
    /// A sealer for the use that `label` names.
    ///
    /// # Errors
    /// `Config` when the secret is empty: everybody could make the key.
    pub fn new(label: &'static str, secret: &[u8]) -> Result<Self> {
        if secret.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("the secret that seals the {label} is empty: set one"),
            ));
        }
        let key = Zeroizing::new(hmac_sha256(secret, label.as_bytes()));
        Ok(Self { label, cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)) })
    }

    /// Seals a text; the same text gives another result each time. The result is base64url.
    ///
    /// # Errors
    /// `Internal` when the system has no randomness; `TooLarge` when the result would not open again.
    pub fn seal(&self, text: &[u8]) -> Result<String> {
        let nonce: [u8; NONCE] = secrets::random_bytes()?;
        let payload = Payload { msg: text, aad: self.label.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal(format!("{}: sealing failed", self.label)))?;
        let value = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        if value.len() > MAX_SEALED {
            return Err(Error::new(ErrorKind::TooLarge, format!("{}: too long to be sealed", self.label)));
        }
        Ok(value)
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// `NotAuthenticated` for anything else: damaged, cut, too long, of another secret or another use.
    pub fn open(&self, value: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        let value = value.as_ref();
        let open = || {
            let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
            let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
            let payload = Payload { msg: sealed, aad: self.label.as_bytes() };
            self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()
        };
        let opened = if value.len() <= MAX_SEALED { open() } else { None };
        opened.ok_or_else(|| {
            Error::new(ErrorKind::NotAuthenticated, format!("the {} is not valid", self.label))
        })
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("label", &self.label).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_its_own_secret_and_use_only() {
        let sealed = Sealer::new("a", b"k").unwrap().seal(b"text").unwrap();
        assert_eq!(Sealer::new("a", b"k").unwrap().open(&sealed).unwrap(), b"text");
        assert_eq!(Sealer::new("a", b"K").unwrap().open(&sealed).unwrap_err().status(), 401);
        assert_eq!(Sealer::new("b", b"k").unwrap().open(&sealed).unwrap_err().status(), 401);
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let sealer = Sealer::new("a", b"k").unwrap();
        let sealed = sealer.seal(b"text").unwrap();
        for i in 0..sealed.len() {
            assert!(sealer.open(&sealed[..i]).is_err());
            let mut changed = sealed.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            assert!(sealer.open(&changed).is_err(), "{i}");
        }
    }

    #[test]
    fn an_empty_secret_seals_nothing() {
        assert_eq!(Sealer::new("a", b"").unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let sealer = Sealer::new("a", b"k").unwrap();
        assert_ne!(sealer.seal(b"text").unwrap(), sealer.seal(b"text").unwrap());
    }

    #[test]
    fn sizes_are_bounded() {
        let sealer = Sealer::new("a", b"k").unwrap();
        assert_eq!(sealer.seal(&[0; MAX_SEALED]).unwrap_err().status(), 413);
        assert_eq!(sealer.open("A".repeat(MAX_SEALED + 4)).unwrap_err().status(), 401);
    }
}
