//! Session cookies: a version 2 signature, sealed.
//!
//! A cookie is good as long as it is young, was sealed by this server's session secret, and is signed by the account's
//! present `secret`, `session_secret` and `id`. Whoever changes the `secret` makes a new `session_secret`: every session
//! of the account ends, and none counts again when the old `secret` does, be it on a new account of the same login.

use std::borrow::Cow;

use super::canonical::{Request, domain_of, host_name};
use super::credentials::Credentials;
use super::sealed::Sealer;
use super::signature::{Claim, Signature, Version};
use crate::Result;

/// Makes and opens session cookies.
#[derive(Debug)]
pub struct Sessions {
    sealer: Sealer,
    life_ms: i64,
}

/// A new session, ready to be put into a `Set-Cookie` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// The value: only letters, digits, `-` and `_`.
    pub value: String,
    /// When the session ends, milliseconds since 1970.
    pub expires_ms: i64,
    /// How long it lasts, seconds.
    pub max_age_s: i64,
}

impl Sessions {
    /// Sessions sealed with the server's session secret, each `life_ms` milliseconds long. All processes
    /// of a server need the same secret.
    ///
    /// # Errors
    /// `Config` when the secret is empty.
    pub fn new(secret: &[u8], life_ms: i64) -> Result<Self> {
        Ok(Self { sealer: Sealer::new("session", secret)?, life_ms })
    }

    /// A new session of an account on the domain of this request.
    ///
    /// # Errors
    /// See [`Signature::create`] and [`Sealer::seal`].
    pub fn issue(
        &self,
        login: &str,
        account: &Credentials<'_>,
        request: &Request<'_>,
    ) -> Result<SessionCookie> {
        let expires_ms = request.now_ms.saturating_add(self.life_ms);
        let claim = Claim { version: Version::Session, tag: "", login, expires_ms, checksum: "" };
        let signature = Signature::create(&claim, request, account)?;
        let value = self.sealer.seal(signature.to_value().as_bytes())?;
        Ok(SessionCookie { value, expires_ms, max_age_s: self.life_ms / 1000 })
    }

    /// Opens a cookie's value. Check and verify what it gives with [`Place::Session`](super::Place::Session).
    ///
    /// `None` for anything that this server's secret did not seal: such a cookie is treated as absent, as
    /// browsers keep the cookies of former secrets and of other applications on the host.
    pub fn open(&self, value: impl AsRef<[u8]>) -> Option<Signature> {
        let text = self.sealer.open(value).ok()?;
        Signature::parse(&text).ok()
    }
}

/// The domain on which the sessions of a host are valid, as in the `Domain` attribute of a cookie.
pub fn session_domain(host: &str) -> Cow<'_, str> {
    match host_name(host) {
        Cow::Borrowed(name) => Cow::Borrowed(domain_of(name)),
        Cow::Owned(name) => Cow::Owned(domain_of(&name).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Place, Verifier};

    const ACCOUNT: Credentials<'_> =
        Credentials { secret: "sec1", auth_secret: "", token_secret: "tok", session_secret: "ses", id: "1" };

    fn request(host: &'static str, now_ms: i64) -> Request<'static> {
        Request { method: "POST", host, path: "/a", query: b"b=1", now_ms, ..Request::default() }
    }

    fn status(signature: &Signature, request: &Request<'_>, account: &Credentials<'_>) -> u16 {
        let rules = Verifier::default();
        rules
            .check(signature, request, Place::Session)
            .and_then(|()| rules.verify(signature, request, account))
            .map_or_else(|e| e.status(), |()| 200)
    }

    #[test]
    fn a_session_lives_on_its_domain_until_it_ends() {
        let sessions = Sessions::new(b"server", 60_000).unwrap();
        let cookie = sessions.issue("u1", &ACCOUNT, &request("www.example.com:80", 1000)).unwrap();
        assert_eq!((cookie.expires_ms, cookie.max_age_s), (61_000, 60));
        let opened = sessions.open(&cookie.value).unwrap();
        assert_eq!(opened.login(), "u1");
        assert_eq!(status(&opened, &request("api.example.com", 61_000), &ACCOUNT), 200);
        assert_eq!(status(&opened, &request("api.example.com", 61_001), &ACCOUNT), 406);
        assert_eq!(status(&opened, &request("api.example.org", 1000), &ACCOUNT), 401);
    }

    #[test]
    fn a_new_secret_session_secret_or_id_of_the_account_ends_its_sessions() {
        let sessions = Sessions::new(b"server", 60_000).unwrap();
        let cookie = sessions.issue("u1", &ACCOUNT, &request("localhost", 1000)).unwrap();
        let opened = sessions.open(&cookie.value).unwrap();
        for changed in [
            Credentials { secret: "sec2", ..ACCOUNT },
            Credentials { session_secret: "other", ..ACCOUNT },
            Credentials { session_secret: "", ..ACCOUNT },
            Credentials { id: "2", ..ACCOUNT },
            Credentials { id: "", ..ACCOUNT },
        ] {
            assert_eq!(status(&opened, &request("localhost", 1000), &changed), 401);
        }
        let renewed = Credentials { token_secret: "other", ..ACCOUNT };
        assert_eq!(status(&opened, &request("localhost", 1000), &renewed), 200);
    }

    #[test]
    fn a_cookie_of_another_server_is_as_none() {
        let value = Sessions::new(b"other", 60_000)
            .unwrap()
            .issue("u1", &ACCOUNT, &request("localhost", 1))
            .unwrap()
            .value;
        assert_eq!(Sessions::new(b"server", 60_000).unwrap().open(&value), None);
        assert_eq!(Sessions::new(b"server", 60_000).unwrap().open("2||u1|h|1||"), None);
    }

    #[test]
    fn the_value_tells_nothing_of_the_account() {
        let value = Sessions::new(b"server", 60_000)
            .unwrap()
            .issue("u1", &ACCOUNT, &request("localhost", 1))
            .unwrap()
            .value;
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn the_domain_has_no_port() {
        assert_eq!(session_domain("WWW.Example.com:8000"), "example.com");
    }
}
