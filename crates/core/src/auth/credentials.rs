//! The secrets of one account that sign requests.

use std::fmt;

use zeroize::Zeroizing;

use super::signature::Version;

/// The secrets of one account, borrowed from its record; empty where it has none. Debug hides them.
///
/// `secret` may be one that the account had before, or that a removed account of the same login had. What outlives a
/// request is therefore bound to values that never come back as well: the `id`, and a secret of the server's making.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// Signs requests and sessions. An account without it can sign nothing.
    pub secret: &'a str,
    /// A second secret, such as a device's, that is appended for requests when the account has one.
    pub auth_secret: &'a str,
    /// Appended for access tokens; a new one revokes all tokens.
    pub token_secret: &'a str,
    /// Appended for sessions; a new one ends all sessions.
    pub session_secret: &'a str,
    /// The id of the account, appended for sessions and access tokens.
    pub id: &'a str,
}

impl Credentials<'_> {
    /// The key for signatures of a version; empty, which verifies nothing, when there is no secret.
    ///
    /// An account of which nothing but the protocol's own secrets is known has the protocol's keys.
    pub fn key(&self, version: Version) -> Zeroizing<Vec<u8>> {
        let Self { secret, auth_secret, token_secret, session_secret, id } = *self;
        Zeroizing::new(match version {
            _ if secret.is_empty() => Vec::new(),
            Version::Sha256 if !auth_secret.is_empty() => [secret, ":", auth_secret].concat().into_bytes(),
            // The colon is always there, so that no token is valid as a session or the other way round.
            Version::Token if id.is_empty() => [secret, ":", token_secret].concat().into_bytes(),
            Version::Token => [secret, ":", token_secret, ":", id].concat().into_bytes(),
            Version::Session if !(session_secret.is_empty() && id.is_empty()) => {
                [secret, ":", session_secret, ":", id].concat().into_bytes()
            }
            _ => secret.as_bytes().to_vec(),
        })
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
