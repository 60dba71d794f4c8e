//! Access tokens: a version 3 signature, sealed.
//!
//! A token stands in for a signature until it expires. Its signature is keyed by `secret:token_secret:id` of
//! the account, so that changing either secret revokes all tokens of the account at once, and the seal keeps
//! anyone who reads it from learning the login or an HMAC to attack offline. Whoever changes the `secret` makes a new
//! `token_secret`, which never repeats: no token counts again when an old `secret` does.
//!
//! The original protocol encrypts tokens with AES-192-CBC under a key made by MD5, without authentication.
//! Tokens are opaque to clients, so nothing is lost by sealing them properly; the version 3 signature
//! inside is unchanged.

use super::canonical::Request;
use super::credentials::Credentials;
use super::sealed::Sealer;
use super::signature::{Claim, Signature, Version};
use crate::{Error, ErrorKind, Result};

/// Makes and opens access tokens.
#[derive(Debug)]
pub struct Tokens {
    sealer: Sealer,
    life_ms: i64,
}

/// A new access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The value: only letters, digits, `-` and `_`.
    pub value: String,
    /// When it expires, milliseconds since 1970.
    pub expires_ms: i64,
    /// How long it lives, milliseconds.
    pub age_ms: i64,
}

impl Tokens {
    /// Tokens sealed with the server's token secret, each good for `life_ms` milliseconds. All processes
    /// of a server need the same secret.
    ///
    /// # Errors
    /// `Config` when the secret is empty.
    pub fn new(secret: &[u8], life_ms: i64) -> Result<Self> {
        Ok(Self { sealer: Sealer::new("access token", secret)?, life_ms })
    }

    /// A new token of an account on the domain of this request.
    ///
    /// # Errors
    /// See [`Signature::create`] and [`Sealer::seal`].
    pub fn issue(
        &self,
        login: &str,
        account: &Credentials<'_>,
        request: &Request<'_>,
    ) -> Result<AccessToken> {
        let expires_ms = request.now_ms.saturating_add(self.life_ms);
        let claim = Claim { version: Version::Token, tag: "", login, expires_ms, checksum: "" };
        let signature = Signature::create(&claim, request, account)?;
        let value = self.sealer.seal(signature.to_value().as_bytes())?;
        Ok(AccessToken { value, expires_ms, age_ms: self.life_ms })
    }

    /// Opens a token. Check and verify what it gives with [`Place::Token`](super::Place::Token).
    ///
    /// # Errors
    /// `NotAuthenticated` for anything that this server's secret did not seal.
    pub fn open(&self, value: impl AsRef<[u8]>) -> Result<Signature> {
        let text = self.sealer.open(value)?;
        Signature::parse(&text)
            .map_err(|e| Error::new(ErrorKind::NotAuthenticated, "the access token is not valid").source(e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Place, Sessions, Verifier};

    const ACCOUNT: Credentials<'_> =
        Credentials { secret: "sec1", auth_secret: "", token_secret: "tok", session_secret: "ses", id: "1" };

    fn request(now_ms: i64) -> Request<'static> {
        Request { method: "GET", host: "localhost", path: "/a", now_ms, ..Request::default() }
    }

    fn status(signature: &Signature, request: &Request<'_>, account: &Credentials<'_>) -> u16 {
        let rules = Verifier::default();
        rules
            .check(signature, request, Place::Token)
            .and_then(|()| rules.verify(signature, request, account))
            .map_or_else(|e| e.status(), |()| 200)
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let tokens = Tokens::new(b"server", 604_800_000).unwrap();
        let token = tokens.issue("u1", &ACCOUNT, &request(1000)).unwrap();
        assert_eq!((token.age_ms, token.expires_ms), (604_800_000, 604_801_000));
        let opened = tokens.open(&token.value).unwrap();
        assert_eq!(status(&opened, &request(604_801_000), &ACCOUNT), 200);
        assert_eq!(status(&opened, &request(604_801_001), &ACCOUNT), 406);
    }

    #[test]
    fn a_new_secret_token_secret_or_id_revokes_tokens() {
        let tokens = Tokens::new(b"server", 1000).unwrap();
        let opened = tokens.open(tokens.issue("u1", &ACCOUNT, &request(0)).unwrap().value).unwrap();
        for changed in [
            Credentials { secret: "other", ..ACCOUNT },
            Credentials { token_secret: "other", ..ACCOUNT },
            Credentials { token_secret: "", ..ACCOUNT },
            Credentials { id: "2", ..ACCOUNT },
            Credentials { id: "", ..ACCOUNT },
        ] {
            assert_eq!(status(&opened, &request(0), &changed), 401);
        }
    }

    #[test]
    fn a_session_is_no_token() {
        let session = Sessions::new(b"server", 1000).unwrap().issue("u1", &ACCOUNT, &request(0)).unwrap();
        assert_eq!(Tokens::new(b"server", 1000).unwrap().open(session.value).unwrap_err().status(), 401);
    }

    #[test]
    fn a_token_of_another_server_is_refused() {
        let token = Tokens::new(b"other", 1000).unwrap().issue("u1", &ACCOUNT, &request(0)).unwrap();
        assert_eq!(Tokens::new(b"server", 1000).unwrap().open(token.value).unwrap_err().status(), 401);
    }
}
