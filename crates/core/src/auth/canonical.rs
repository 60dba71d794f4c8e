//! The text that a signature covers: one line per part of a request, the same for client and server.
//!
//! Everything is taken as it is on the wire. Nothing is percent-decoded, so `+`, `%20` and `%2B` stay
//! three different things, and a client and a server can never disagree about how to decode.

use std::borrow::Cow;

use super::signature::{Claim, Version};

/// The name of the header, query parameter and cookie that carry a signature, unless configured.
pub const DEFAULT_NAME: &str = "bk-signature";

/// The parts of a request that a signature may cover.
///
/// ```
/// use bkjs_core::auth::Request;
/// let request = Request { method: "GET", host: "api.example.com:8000", path: "/ping", query: b"b=2&a=1", ..Request::default() };
/// assert_eq!(request.canonical_query(), b"a=1&b=2");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method as sent; its letter case counts.
    pub method: &'a str,
    /// The `Host` header or the authority; a port is left out of the signature and case does not count.
    pub host: &'a str,
    /// The raw path, still percent-encoded, without the query.
    pub path: &'a str,
    /// All that follows the first `?` of the URL, raw.
    pub query: &'a [u8],
    /// An urlencoded body. When present it is signed in place of [`query`](Self::query), and the
    /// parameters of the URL must be ignored, because nothing protects them.
    pub form: Option<&'a [u8]>,
    /// The `Content-Type` header, empty when there is none; compared without letter case, parameters
    /// such as the charset included.
    pub content_type: &'a str,
    /// The parameter that carries the signature: it and all whose names start so are not signed.
    pub signature_name: &'a str,
    /// The clock of this side, milliseconds since 1970.
    pub now_ms: i64,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            method: "",
            host: "",
            path: "/",
            query: b"",
            form: None,
            content_type: "",
            signature_name: DEFAULT_NAME,
            now_ms: 0,
        }
    }
}

impl Request<'_> {
    /// The parameters in the order and selection in which they are signed: split at `&`, sorted as
    /// byte strings, without empty pieces and without the signature itself.
    pub fn canonical_query(&self) -> Vec<u8> {
        let raw = self.form.unwrap_or_else(|| covered_query(self.query));
        let name = self.signature_name.as_bytes();
        let mut pieces: Vec<&[u8]> = raw
            .split(|b| *b == b'&')
            .filter(|piece| !piece.is_empty() && (name.is_empty() || !piece.starts_with(name)))
            .collect();
        pieces.sort_unstable();
        pieces.join(&b'&')
    }

    /// The signed text for a claim of this login, version and expiry on this request.
    ///
    /// Versions 2 and 3 cover the domain only, so that one cookie or token serves many requests.
    pub fn canonical_text(&self, claim: &Claim<'_>) -> Vec<u8> {
        let bearer = matches!(claim.version, Version::Session | Version::Token);
        let host = host_name(self.host);
        let expires = claim.expires_ms.to_string();
        let version = claim.version.number().to_string();
        let content_type = self.content_type.to_lowercase();
        let query;
        let request: [&[u8]; 7] = if bearer {
            [b"*", domain_of(&host).as_bytes(), b"/", b"*", expires.as_bytes(), b"*", b"*"]
        } else {
            query = self.canonical_query();
            [
                self.method.as_bytes(),
                host.as_bytes(),
                self.path.as_bytes(),
                &query,
                expires.as_bytes(),
                content_type.as_bytes(),
                claim.checksum.as_bytes(),
            ]
        };
        let who: [&[u8]; 3] = [version.as_bytes(), claim.tag.as_bytes(), claim.login.as_bytes()];
        let who: &[&[u8]] = if claim.version == Version::Sha1 { &[] } else { &who };
        let mut text = Vec::with_capacity(160 + self.query.len());
        for line in who.iter().chain(&request) {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text
    }
}

/// The part of a URL's query that a signature covers: up to a second `?`.
///
/// Clients of the original protocol sign no more than that, so what follows can be changed on the way.
/// A server must therefore read parameters from this part only.
pub fn covered_query(query: &[u8]) -> &[u8] {
    query.split(|b| *b == b'?').next().unwrap_or_default()
}

/// The host without its port, in lower case. An IPv6 address keeps its brackets.
pub fn host_name(host: &str) -> Cow<'_, str> {
    let end = match host.strip_prefix('[').and_then(|rest| rest.find(']')) {
        Some(bracket) => bracket + 2,
        None => host.find(':').unwrap_or(host.len()),
    };
    let name = host.get(..end).unwrap_or(host);
    if name.chars().any(char::is_uppercase) { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

/// The domain that hosts share: the first label is dropped when there are more than two.
///
/// An IP address is treated the same (`127.0.0.1` becomes `0.0.1`): clients compute it so.
pub fn domain_of(host: &str) -> &str {
    match host.split_once('.') {
        Some((_, rest)) if rest.contains('.') => rest,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_drops_the_first_of_three_labels() {
        for (host, domain) in [
            ("localhost", "localhost"),
            ("example.com", "example.com"),
            ("www.example.com", "example.com"),
            ("a.b.example.com", "b.example.com"),
            ("127.0.0.1", "0.0.1"),
            ("", ""),
        ] {
            assert_eq!(domain_of(host), domain);
        }
    }

    #[test]
    fn a_host_loses_its_port_and_case() {
        assert_eq!(host_name("API.Example.COM:8000"), "api.example.com");
        assert_eq!(host_name("[::1]:8000"), "[::1]");
        assert_eq!(host_name("[::1"), "[");
    }

    #[test]
    fn the_signature_itself_is_not_signed() {
        let request = Request {
            query: b"x-sig=4||a&b=1&&x-signal=2&a=1",
            signature_name: "x-sig",
            ..Request::default()
        };
        assert_eq!(request.canonical_query(), b"a=1&b=1");
    }

    #[test]
    fn a_form_replaces_the_query_and_is_covered_whole() {
        let request = Request { query: b"u=1", form: Some(b"b=2?c&a=1"), ..Request::default() };
        assert_eq!(request.canonical_query(), b"a=1&b=2?c");
    }
}
