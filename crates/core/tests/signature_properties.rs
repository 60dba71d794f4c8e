//! What holds for signatures of any content.

use bkjs_core::auth::{Claim, Credentials, Place, Request, Sealer, Signature, Verifier, Version};
use proptest::prelude::*;

const NOW: i64 = 1_500_000_000_000;
const RULES: Verifier = Verifier { age_ms: 0, max_life_ms: 0, allow_version_1: true, allow_clear: true };

fn status(value: &[u8], request: &Request<'_>, place: Place, account: &Credentials<'_>) -> u16 {
    let verified = Signature::parse(value).and_then(|signature| {
        RULES.check(&signature, request, place)?;
        RULES.verify(&signature, request, account)
    });
    verified.map_or_else(|e| e.status(), |()| 200)
}

/// Text without a bar or control characters, which a field can carry.
fn field() -> impl Strategy<Value = String> {
    "[^|\\p{Cc}]{0,20}"
}

fn login() -> impl Strategy<Value = String> {
    "[^|\\p{Cc}\\s]([^|\\p{Cc}]{0,20}[^|\\p{Cc}\\s])?"
}

fn version() -> impl Strategy<Value = (Version, Place)> {
    prop_oneof![
        Just((Version::Sha1, Place::Request)),
        Just((Version::Sha256, Place::Request)),
        Just((Version::Session, Place::Session)),
        Just((Version::Token, Place::Token)),
    ]
}

prop_compose! {
    fn secrets()(secret in ".{1,20}", auth in ".{0,20}", token in ".{0,20}") -> (String, String, String) {
        (secret, auth, token)
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(value in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Signature::parse(&value);
    }

    #[test]
    fn nothing_that_looks_like_a_signature_breaks_anything(
        fields in proptest::collection::vec("[0-9a-zé .+-]{0,25}", 0..9),
        path in ".*",
        query in proptest::collection::vec(any::<u8>(), 0..60),
        host in ".*",
    ) {
        let value = fields.join("|");
        let request = Request { method: "GET", host: &host, path: &path, query: &query, now_ms: NOW, ..Request::default() };
        let account = Credentials { secret: "s", ..Credentials::default() };
        prop_assert_ne!(status(value.as_bytes(), &request, Place::Request, &account), 200);
    }

    #[test]
    fn what_is_created_verifies(
        (version, place) in version(),
        (secret, auth_secret, token_secret) in secrets(),
        (session_secret, id) in ("[a-z]{0,4}", "[0-9a-f]{0,4}"),
        login in login(),
        tag in field(),
        checksum in field(),
        life in 0..1_000_000_i64,
        method in "[A-Z]{1,7}",
        host in ".{1,30}",
        path in ".{0,30}",
        query in proptest::collection::vec(any::<u8>(), 0..60),
        form in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        content_type in ".{0,30}",
    ) {
        let account = Credentials {
            secret: &secret, auth_secret: &auth_secret, token_secret: &token_secret,
            session_secret: &session_secret, id: &id,
        };
        let request = Request {
            method: &method, host: &host, path: &path, query: &query, form: form.as_deref(),
            content_type: &content_type, now_ms: NOW, ..Request::default()
        };
        let claim = Claim { version, tag: &tag, login: &login, expires_ms: NOW + life, checksum: &checksum };
        let value = Signature::create(&claim, &request, &account).unwrap().to_value();
        prop_assert_eq!(status(value.as_bytes(), &request, place, &account), 200);
        let read = Signature::parse(value.as_bytes()).unwrap();
        prop_assert_eq!(read.to_value(), value);
    }

    #[test]
    fn any_changed_byte_is_refused(
        login in login(),
        tag in field(),
        checksum in field(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let account = Credentials { secret: "sec1", ..Credentials::default() };
        let request = Request { method: "GET", host: "localhost", path: "/a", query: b"b=1", now_ms: NOW, ..Request::default() };
        let claim = Claim { version: Version::Sha256, tag: &tag, login: &login, expires_ms: NOW, checksum: &checksum };
        let mut value = Signature::create(&claim, &request, &account).unwrap().to_value().into_bytes();
        let at = at.index(value.len());
        prop_assume!(value[at] != byte);
        value[at] = byte;
        prop_assert_ne!(status(&value, &request, Place::Request, &account), 200);
    }

    #[test]
    fn any_change_of_the_request_is_refused(
        method in "[A-Z]{1,7}",
        host in "[a-z.]{1,20}",
        path in "/[a-z/%?&]{0,20}",
        query in "[a-c=&]{0,8}",
        content_type in "[a-z/]{0,8}",
    ) {
        let account = Credentials { secret: "sec1", ..Credentials::default() };
        let signed = Request { method: "GET", host: "localhost", path: "/a", query: b"a=1", now_ms: NOW, ..Request::default() };
        let claim = Claim { version: Version::Sha256, tag: "", login: "u", expires_ms: NOW, checksum: "" };
        let value = Signature::create(&claim, &signed, &account).unwrap().to_value();
        for changed in [
            Request { method: &method, ..signed },
            Request { host: &host, ..signed },
            Request { path: &path, ..signed },
            Request { query: query.as_bytes(), ..signed },
            Request { content_type: &content_type, ..signed },
        ] {
            let same = changed.canonical_text(&claim) == signed.canonical_text(&claim);
            let expected = if same { 200 } else { 401 };
            prop_assert_eq!(status(value.as_bytes(), &changed, Place::Request, &account), expected);
        }
    }

    #[test]
    fn no_text_opens_a_seal(value in "[A-Za-z0-9_-]{0,200}") {
        prop_assert!(Sealer::new("token", b"secret").unwrap().open(&value).is_err());
    }
}
