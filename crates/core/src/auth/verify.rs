//! Whether a signature is good, in two steps around the look-up of the account.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::canonical::Request;
use super::credentials::Credentials;
use super::signature::{Signature, Version};
use crate::{Error, ErrorKind, Result};

/// Where a signature was found; it decides which versions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A header or a query parameter.
    Request,
    /// A session cookie that [`Sessions::open`](super::Sessions::open) opened.
    Session,
    /// An access token that [`Tokens::open`](super::Tokens::open) opened.
    Token,
}

/// The rules by which signatures are accepted.
///
/// ```
/// use bkjs_core::auth::{Claim, Credentials, Place, Request, Signature, Verifier, Version};
/// # fn main() -> bkjs_core::Result<()> {
/// let request = Request { method: "GET", host: "localhost", path: "/ping", now_ms: 1_500_000_000_000, ..Request::default() };
/// let account = Credentials { secret: "sec1", ..Credentials::default() };
/// let claim = Claim { version: Version::Sha256, tag: "", login: "test1", expires_ms: 1_500_000_030_000, checksum: "" };
/// let sent = Signature::create(&claim, &request, &account)?.to_value();
///
/// let rules = Verifier::default();
/// let signature = Signature::parse(sent.as_bytes())?;
/// rules.check(&signature, &request, Place::Request)?; // then look up signature.login()
/// rules.verify(&signature, &request, &account)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Verifier {
    /// How late a signature may be, milliseconds; makes up for clocks that differ.
    pub age_ms: i64,
    /// How far ahead the expiry of a signed request may lie, milliseconds; 0 is without a limit.
    pub max_life_ms: i64,
    /// Whether version 1 (HMAC-SHA1, login not covered) is taken.
    pub allow_version_1: bool,
    /// Whether version 5 (the password in clear) is taken.
    pub allow_clear: bool,
}

impl Verifier {
    /// Checks all that can be checked without the account. Call it first: it costs nothing, so that junk
    /// never reaches the database.
    ///
    /// # Errors
    /// 415 without host or method, `Expired`, `WrongPlace` for a version that does not belong where it was
    /// found, `NotAuthenticated` for a version that is unknown or not switched on.
    pub fn check(&self, signature: &Signature, request: &Request<'_>, place: Place) -> Result<()> {
        if request.host.is_empty() || request.method.is_empty() {
            return Err(Error::invalid("the request has no host or no method").with_status(415));
        }
        self.check_time(signature, request.now_ms, place)?;
        match (place, signature.version()) {
            (Place::Session, Version::Session) | (Place::Token, Version::Token) => Ok(()),
            (Place::Request, Version::Sha256) => Ok(()),
            (Place::Request, Version::Sha1) if self.allow_version_1 => Ok(()),
            (Place::Request, Version::Clear) if self.allow_clear => Ok(()),
            (_, Version::Unknown) => Err(not_authenticated().detail("unknown signature version")),
            (Place::Request, version @ (Version::Sha1 | Version::Clear)) => Err(Error::new(
                ErrorKind::NotAuthenticated,
                format!("signature version {} is not accepted here: use version 4", version.number()),
            )),
            (_, version) => Err(Error::new(
                ErrorKind::WrongPlace,
                format!("signature version {} does not belong here", version.number()),
            )),
        }
    }

    /// Checks the proof with the secrets of the account. Versions 5 and unknown never pass: a clear
    /// password goes to a [`Hasher`](super::Hasher).
    ///
    /// # Errors
    /// `NotAuthenticated`, also for an account without a secret.
    pub fn verify(
        &self,
        signature: &Signature,
        request: &Request<'_>,
        account: &Credentials<'_>,
    ) -> Result<()> {
        let key = account.key(signature.version());
        if signature.is_proven_by(request, &key) { Ok(()) } else { Err(not_authenticated()) }
    }

    /// Does the work of [`verify`](Self::verify) for a login that nobody has, so that the time tells
    /// nothing, and gives the error to answer with (`NotFound`).
    pub fn verify_unknown(&self, signature: &Signature, request: &Request<'_>) -> Error {
        let key = Zeroizing::new([0x5a_u8; 32]);
        std::hint::black_box(signature.is_proven_by(request, &*key));
        Error::not_found("no account record found")
    }

    fn check_time(&self, signature: &Signature, now_ms: i64, place: Place) -> Result<()> {
        let expires = signature.expires_ms();
        if expires.saturating_add(self.age_ms) < now_ms {
            return Err(Error::new(
                ErrorKind::Expired,
                format!(
                    "the signature has expired: it was good until {}, the server's clock shows {}",
                    clock(expires),
                    clock(now_ms)
                ),
            ));
        }
        if place == Place::Request
            && self.max_life_ms > 0
            && expires.saturating_sub(now_ms) > self.max_life_ms
        {
            return Err(Error::new(
                ErrorKind::Expired,
                format!(
                    "the signature expires too far ahead: at {}, the server's clock shows {}, at most {} ms later is taken",
                    clock(expires),
                    clock(now_ms),
                    self.max_life_ms
                ),
            ));
        }
        Ok(())
    }
}

fn not_authenticated() -> Error {
    Error::new(ErrorKind::NotAuthenticated, "not authenticated")
}

fn clock(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|t| t.strftime("%m/%d/%Y %H:%M:%S GMT").to_string())
        .unwrap_or_else(|_| format!("{ms} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_500_000_000_000;

    fn request() -> Request<'static> {
        Request { method: "GET", host: "localhost", now_ms: NOW, ..Request::default() }
    }

    fn check(rules: &Verifier, value: &str, place: Place) -> u16 {
        let signature = Signature::parse(value.as_bytes()).unwrap();
        rules.check(&signature, &request(), place).map_or_else(|e| e.status(), |()| 200)
    }

    #[test]
    fn each_version_counts_in_its_place_only() {
        let rules = Verifier { allow_version_1: true, allow_clear: true, ..Verifier::default() };
        for version in 1..=5 {
            let value = format!("{version}||a|h|{NOW}||");
            for (place, good) in
                [(Place::Request, [1, 4, 5].as_slice()), (Place::Session, &[2]), (Place::Token, &[3])]
            {
                let expected = if good.contains(&version) { 200 } else { 416 };
                assert_eq!(check(&rules, &value, place), expected, "{version} {place:?}");
            }
        }
        assert_eq!(check(&rules, &format!("9||a|h|{NOW}||"), Place::Request), 401);
    }

    #[test]
    fn the_unsafe_versions_are_off_by_default() {
        for version in [1, 5] {
            assert_eq!(check(&Verifier::default(), &format!("{version}||a|h|{NOW}||"), Place::Request), 401);
        }
    }

    #[test]
    fn lateness_is_forgiven_up_to_the_age() {
        let rules = Verifier { age_ms: 1000, ..Verifier::default() };
        assert_eq!(check(&rules, &format!("4||a|h|{}||", NOW - 1000), Place::Request), 200);
        assert_eq!(check(&rules, &format!("4||a|h|{}||", NOW - 1001), Place::Request), 406);
    }

    #[test]
    fn an_expiry_too_far_ahead_is_refused() {
        let rules = Verifier { max_life_ms: 1000, ..Verifier::default() };
        assert_eq!(check(&rules, &format!("4||a|h|{}||", NOW + 1000), Place::Request), 200);
        assert_eq!(check(&rules, &format!("4||a|h|{}||", NOW + 1001), Place::Request), 406);
        assert_eq!(check(&rules, &format!("2||a|h|{}||", NOW + 1001), Place::Session), 200);
    }

    #[test]
    fn an_expired_signature_is_told_both_clocks() {
        let signature = Signature::parse(b"4||a|h|1499999999999||").unwrap();
        let error = Verifier::default().check(&signature, &request(), Place::Request).unwrap_err();
        assert!(error.message().contains("07/14/2017 02:39:59 GMT"), "{error}");
        assert!(error.message().contains("07/14/2017 02:40:00 GMT"), "{error}");
    }

    #[test]
    fn an_account_without_a_secret_verifies_nothing() {
        let signature = Signature::parse(b"4||a|h|1500000000000||").unwrap();
        let forged = {
            let key =
                super::super::signature::hmac_sha256(b"", &request().canonical_text(&signature.claim()));
            use base64::Engine as _;
            format!("4||a|{}|{NOW}||", base64::engine::general_purpose::STANDARD.encode(key))
        };
        let forged = Signature::parse(forged.as_bytes()).unwrap();
        for account in [Credentials::default(), Credentials { auth_secret: "x", ..Credentials::default() }] {
            assert_eq!(Verifier::default().verify(&forged, &request(), &account).unwrap_err().status(), 401);
        }
    }

    #[test]
    fn an_unknown_login_is_not_found() {
        let signature = Signature::parse(b"4||a|h|1500000000000||").unwrap();
        let error = Verifier::default().verify_unknown(&signature, &request());
        assert_eq!((error.status(), error.message()), (404, "no account record found"));
    }

    #[test]
    fn a_request_without_host_or_method_is_refused() {
        let signature = Signature::parse(b"4||a|h|1500000000000||").unwrap();
        let error = Verifier::default().check(&signature, &Request::default(), Place::Request).unwrap_err();
        assert_eq!(error.status(), 415);
    }
}
