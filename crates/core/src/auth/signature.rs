//! The signature value: `version|tag|login|hmac|expires|checksum|`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::canonical::Request;
use super::credentials::Credentials;
use crate::{Error, ErrorKind, Result};

/// The longest signature value that is looked at, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// How long a signature lives when its maker names no expiry, milliseconds.
pub const DEFAULT_LIFE_MS: i64 = 30_000;

/// The largest expiry: beyond it the clients' numbers are no longer exact.
const MAX_EXPIRES_MS: i64 = 1 << 53;

/// The kinds of signature; the module's table says which is taken where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 1: HMAC-SHA1 over the request only, obsolete.
    Sha1,
    /// 2: a session, carried by a cookie, for every request to one domain.
    Session,
    /// 3: an access token, for every request to one domain.
    Token,
    /// 4: HMAC-SHA256 over one request; the default.
    Sha256,
    /// 5: the password in clear in place of the HMAC.
    Clear,
    /// Any other number: never accepted.
    Unknown,
}

impl Version {
    /// The number on the wire; 0 for an unknown one.
    pub const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Sha1 => 1,
            Self::Session => 2,
            Self::Token => 3,
            Self::Sha256 => 4,
            Self::Clear => 5,
        }
    }

    /// The version with this number.
    pub const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Sha1,
            2 => Self::Session,
            3 => Self::Token,
            4 => Self::Sha256,
            5 => Self::Clear,
            _ => Self::Unknown,
        }
    }
}

/// What a signature states, before or without its proof.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// How it is signed.
    pub version: Version,
    /// Opaque data of the application, covered by the signature from version 2 on.
    pub tag: &'a str,
    /// The login of the account.
    pub login: &'a str,
    /// The last moment at which it is valid, milliseconds since 1970.
    pub expires_ms: i64,
    /// [`body_checksum`](super::body_checksum) of the body, or empty.
    pub checksum: &'a str,
}

/// A signature as received or made. Debug output hides the proof, which may be a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    version: Version,
    tag: String,
    login: String,
    proof: Zeroizing<String>,
    expires_ms: i64,
    checksum: String,
}

impl Signature {
    /// Reads a signature value; text after the seventh field is ignored.
    ///
    /// Bytes that are not UTF-8 are read as Latin-1, which is what HTTP headers carry from some clients.
    ///
    /// # Errors
    /// `NoLogin` when there are fewer than seven fields, version, login, proof or expiry is empty, a field
    /// holds a control character, or the value is longer than [`MAX_LENGTH`]. An expiry or version that
    /// is no number reads as 0, which is expired and unknown.
    pub fn parse(value: &[u8]) -> Result<Self> {
        if value.len() > MAX_LENGTH {
            return Err(no_login().detail("signature longer than the limit"));
        }
        let text = match std::str::from_utf8(value) {
            Ok(text) => Zeroizing::new(text.to_owned()),
            Err(_) => Zeroizing::new(value.iter().map(|b| char::from(*b)).collect()),
        };
        let fields: Vec<&str> = text.split('|').collect();
        // The value need not start with the version: the first seven fields that fit are taken.
        let fits = |f: &&[&str]| [0, 2, 3, 4].iter().all(|i| !f[*i].is_empty());
        let Some(&[version, tag, login, proof, expires, checksum, _]) = fields.windows(7).find(fits) else {
            return Err(no_login());
        };
        let login = login.trim();
        if login.is_empty() || [tag, login, proof, checksum].iter().any(|f| f.contains(char::is_control)) {
            return Err(no_login());
        }
        Ok(Self {
            version: Version::from_number(number(version)),
            tag: tag.to_owned(),
            login: login.to_owned(),
            proof: Zeroizing::new(proof.to_owned()),
            expires_ms: number(expires),
            checksum: checksum.to_owned(),
        })
    }

    /// Signs a request with the secrets of an account.
    ///
    /// # Errors
    /// See [`create_with_key`](Self::create_with_key).
    pub fn create(claim: &Claim<'_>, request: &Request<'_>, credentials: &Credentials<'_>) -> Result<Self> {
        Self::create_with_key(claim, request, &credentials.key(claim.version))
    }

    /// Signs a request with a key that the caller has put together (see [`Credentials::key`]).
    ///
    /// # Errors
    /// `Invalid` for an unknown version, an empty key, and a tag, login, checksum or clear password that
    /// the format cannot carry (a bar, a control character, an empty login).
    pub fn create_with_key(claim: &Claim<'_>, request: &Request<'_>, key: &[u8]) -> Result<Self> {
        check_field("tag", claim.tag)?;
        check_field("login", claim.login)?;
        check_field("checksum", claim.checksum)?;
        if claim.login.trim().is_empty() || key.is_empty() {
            return Err(Error::invalid("login and secret: must not be empty"));
        }
        let proof = match claim.version {
            Version::Unknown => return Err(Error::invalid("version: must be 1 to 5")),
            Version::Clear => {
                let password = std::str::from_utf8(key).unwrap_or("\0");
                check_field("password", password)?;
                Zeroizing::new(password.to_owned())
            }
            version => prove(version, key, &request.canonical_text(claim)),
        };
        Ok(Self {
            version: claim.version,
            tag: claim.tag.to_owned(),
            login: claim.login.to_owned(),
            proof,
            expires_ms: claim.expires_ms,
            checksum: claim.checksum.to_owned(),
        })
    }

    /// The text that goes into the header, the query parameter or, sealed, into a cookie or token.
    pub fn to_value(&self) -> String {
        let Self { tag, login, proof, expires_ms, checksum, .. } = self;
        format!("{}|{tag}|{login}|{}|{expires_ms}|{checksum}|", self.version.number(), proof.as_str())
    }

    /// What it states.
    pub fn claim(&self) -> Claim<'_> {
        Claim {
            version: self.version,
            tag: &self.tag,
            login: &self.login,
            expires_ms: self.expires_ms,
            checksum: &self.checksum,
        }
    }

    /// How it is signed.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Opaque data of the application.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The login it claims, without surrounding white space, never empty.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// The last moment at which it is valid, milliseconds since 1970.
    pub fn expires_ms(&self) -> i64 {
        self.expires_ms
    }

    /// The checksum of the body, empty when the body is not covered.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// The password of a version 5 signature; `None` for every other version.
    pub fn clear_password(&self) -> Option<&Zeroizing<String>> {
        (self.version == Version::Clear).then_some(&self.proof)
    }

    /// What a [replay guard](super::ReplayGuard) remembers it by. Not a secret.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.login.as_bytes());
        hash.update([0]);
        hash.update(self.proof.as_bytes());
        hash.finalize().into()
    }

    /// Whether the proof is the one that this key makes for this request; the time it takes does not
    /// depend on where they differ. Always false for versions 5 and unknown and for an empty key.
    pub(super) fn is_proven_by(&self, request: &Request<'_>, key: &[u8]) -> bool {
        let expected = prove(self.version, key, &request.canonical_text(&self.claim()));
        let equal: bool = expected.as_bytes().ct_eq(self.proof.as_bytes()).into();
        equal && !key.is_empty() && !matches!(self.version, Version::Clear | Version::Unknown)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("version", &self.version)
            .field("tag", &self.tag)
            .field("login", &self.login)
            .field("expires_ms", &self.expires_ms)
            .field("checksum", &self.checksum)
            .finish_non_exhaustive()
    }
}

/// The expiry that a maker of signatures means: 0 is [`DEFAULT_LIFE_MS`] from now, a number below the
/// clock is a life to be added to it, anything else is a moment.
pub fn resolve_expires(expires_ms: i64, now_ms: i64) -> i64 {
    match expires_ms {
        ..=0 => now_ms.saturating_add(DEFAULT_LIFE_MS),
        life if life < now_ms => now_ms.saturating_add(life),
        moment => moment,
    }
}

fn no_login() -> Error {
    Error::new(ErrorKind::NoLogin, "no login provided")
}

fn prove(version: Version, key: &[u8], text: &[u8]) -> Zeroizing<String> {
    // HMAC takes a key of any length, so neither constructor can fail.
    Zeroizing::new(if version == Version::Sha1 {
        let mac = Hmac::<Sha1>::new_from_slice(key).map(|m| m.chain_update(text).finalize().into_bytes());
        mac.map(|m| STANDARD.encode(m)).unwrap_or_default()
    } else {
        STANDARD.encode(hmac_sha256(key, text))
    })
}

/// HMAC-SHA256 of a text.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    // A key of any length is taken; the fallback is never reached.
    Hmac::<Sha256>::new_from_slice(key)
        .map_or([0; 32], |mac| mac.chain_update(text).finalize().into_bytes().into())
}

fn check_field(name: &str, text: &str) -> Result<()> {
    if text.contains(|c: char| c == '|' || c.is_control()) {
        return Err(Error::invalid(format!("{name}: must not contain a bar or a control character")));
    }
    Ok(())
}

/// Clients write numbers as JavaScript does: `4.0` is 4, and text after the digits is not looked at.
fn number(text: &str) -> i64 {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let fraction = rest.strip_prefix('.').unwrap_or_default();
    if fraction.starts_with(|c: char| c.is_ascii_digit() && c != '0') {
        return 0;
    }
    digits.parse().ok().filter(|n| *n <= MAX_EXPIRES_MS).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfit_value_has_no_login() {
        for value in
            ["", "4", "4||a|h|1|", "4|||h|1||", "4|| |h|1||", "4||a||1||", "4||a|h|||", "4||a\nb|h|1||"]
        {
            assert_eq!(Signature::parse(value.as_bytes()).unwrap_err().status(), 417, "{value:?}");
        }
        let long = format!("4||{}|h|1||", "a".repeat(MAX_LENGTH));
        assert_eq!(Signature::parse(long.as_bytes()).unwrap_err().status(), 417);
    }

    #[test]
    fn a_header_in_latin_1_is_read() {
        assert_eq!(Signature::parse(b"4||\xfcser|h|1||").unwrap().login(), "üser");
        assert_eq!(Signature::parse("4||üser|h|1||".as_bytes()).unwrap().login(), "üser");
    }

    #[test]
    fn numbers_read_as_clients_write_them() {
        for (text, value) in
            [("4.0", 4), (" 4", 4), ("4.5", 0), ("x", 0), ("-4", 0), ("99999999999999999999", 0)]
        {
            assert_eq!(number(text), value, "{text}");
        }
    }

    #[test]
    fn debug_output_hides_the_proof() {
        let text = format!("{:?}", Signature::parse(b"5||a|hunter2|1||").unwrap());
        assert!(text.contains("\"a\"") && !text.contains("hunter2"));
    }

    #[test]
    fn an_expiry_is_a_moment_or_a_life() {
        assert_eq!(resolve_expires(0, 1_000_000), 1_030_000);
        assert_eq!(resolve_expires(60, 1_000_000), 1_000_060);
        assert_eq!(resolve_expires(2_000_000, 1_000_000), 2_000_000);
    }
}
