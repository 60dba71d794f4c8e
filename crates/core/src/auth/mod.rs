//! Request signatures, session and access tokens, password hashing: pure functions over bytes.
//!
//! A request is authenticated in this order, cheapest first:
//!
//! 1. [`Signature::parse`] what the request carries, or [`Tokens::open`] or [`Sessions::open`] it.
//! 2. [`Verifier::check`]: time, place, version. Nothing is looked up for a request that fails here.
//! 3. Look up the account by [`Signature::login`]; for none, [`Verifier::verify_unknown`].
//! 4. [`Verifier::verify`] with the account's [`Credentials`].
//! 5. [`ReplayGuard::admit`], where replays are refused.
//! 6. [`verify_body`], once the body is there.
//!
//! # Versions
//!
//! | version | proof | header, query | cookie | token | key |
//! |---|---|---|---|---|---|
//! | 1 | HMAC-SHA1 of the request | [`Verifier::allow_version_1`] | 416 | 416 | `secret` |
//! | 2 | HMAC-SHA256 of the domain | 416 | yes | 416 | `secret:session_secret:id` |
//! | 3 | HMAC-SHA256 of the domain | 416 | 416 | yes | `secret:token_secret:id` |
//! | 4 | HMAC-SHA256 of the request | yes | 416 | 416 | `secret`, `secret:auth_secret` if there is one |
//! | 5 | the password in clear | [`Verifier::allow_clear`] | 416 | 416 | none: [`Hasher::verify`] |
//!
//! Versions 1 and 5 are off by default and then give 401, as an unknown version does: version 1 does not
//! cover the login, and version 5 shows the password to everything on the way.
//!
//! The protocol keys version 2 by `secret` and version 3 by `secret:token_secret`, which is still so for an account
//! without an id. Neither leaves the server unsealed, so no client can tell.
//!
//! # Statuses
//!
//! | status | when |
//! |---|---|
//! | 417 | no signature, or one that cannot be read |
//! | 415 | the request has no host or no method |
//! | 406 | expired; the message tells both clocks |
//! | 416 | a version in the wrong place |
//! | 404 | nobody has this login |
//! | 401 | everything else: proof, password, token, version, replay |
//! | 400 | the body is not the one that was signed |
//!
//! # What a signature does not cover
//!
//! The format leaves gaps that a server closes by not reading what is not signed:
//!
//! - the URL's query after a second `?`: take parameters from [`covered_query`] only;
//! - the URL's query when the body is urlencoded: the body replaces it, for signing and for parameters;
//! - parameters whose names start with the signature's name: none but the signature itself is read;
//! - a JSON or multipart body without a checksum, see [`verify_body`];
//! - for versions 2 and 3 all but the domain and the expiry: they are bearer tokens.
//!
//! The format of signatures is that of existing clients, byte for byte. The seals around session cookies
//! and access tokens are not: see [`Tokens`] and [`Sealer`].

mod canonical;
mod checksum;
mod credentials;
mod hasher;
mod password;
mod replay;
mod sealed;
pub mod secrets;
mod session;
mod signature;
mod token;
mod verify;

pub use canonical::{DEFAULT_NAME, Request, covered_query, domain_of, host_name};
pub use checksum::{body_checksum, verify_body};
pub use credentials::Credentials;
pub use hasher::{Hasher, HasherOptions};
pub use password::{Cost, MAX_PASSWORD, Passwords, Stored, Verified};
pub use replay::{Admission, LocalReplayGuard, ReplayGuard};
pub use sealed::{MAX_SEALED, Sealer};
pub use session::{SessionCookie, Sessions, session_domain};
pub use signature::{Claim, DEFAULT_LIFE_MS, MAX_LENGTH, Signature, Version, resolve_expires};
pub use token::{AccessToken, Tokens};
pub use verify::{Place, Verifier};
