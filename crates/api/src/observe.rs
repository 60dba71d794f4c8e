//! What is known of a request once it is answered: the access log, and hooks for metrics.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use http::{Method, StatusCode, Uri};

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The id.
    pub request_id: &'a str,
    /// The method.
    pub method: &'a Method,
    /// The address; it may hold secrets: log it through [`clean_uri`].
    pub uri: &'a Uri,
    /// The client.
    pub ip: IpAddr,
    /// The status of the reply.
    pub status: StatusCode,
    /// How long it took to have the reply ready.
    pub elapsed: Duration,
}

/// Told of every answered request, on the path of the reply: do not block.
pub trait Observer: Send + Sync + 'static {
    /// Takes note.
    fn answered(&self, request: &Answered<'_>);
}

/// Writes the line of the access log.
pub(crate) fn log(request: &Answered<'_>, signature_name: &str) {
    tracing::info!(
        target: "access",
        id = request.request_id,
        ip = %request.ip,
        method = %request.method,
        uri = %clean_uri(request.uri, signature_name),
        status = request.status.as_u16(),
        us = request.elapsed.as_micros() as u64,
        "request"
    );
}

/// The address with the values of parameters that may be secret hidden.
///
/// `signature_name` is the configured name of the parameter that carries signatures.
pub fn clean_uri<'a>(uri: &'a Uri, signature_name: &str) -> Cow<'a, str> {
    let path = uri.path();
    let mut text = String::new();
    // A path may have been meant as a query, and a semicolon as an ampersand.
    match path.contains(['=', ';', '%']) && is_secret(path, signature_name) {
        true => text.push_str("/***"),
        false if uri.query().is_none() => return Cow::Borrowed(path),
        false => text.push_str(path),
    }
    for (at, piece) in uri.query().into_iter().flat_map(|query| query.split(['&', ';'])).enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        match piece.split_once('=') {
            Some((name, _)) if is_secret(name, signature_name) => {
                text.push_str(name);
                text.push_str("=***");
            }
            // A name alone may be a value whose name was forgotten, or hold both.
            None if piece.len() > 64 || is_secret(piece, signature_name) => text.push_str("***"),
            _ => text.push_str(piece),
        }
    }
    Cow::Owned(text)
}

/// Names are looked at loosely, for encoding must not hide one.
fn is_secret(name: &str, signature_name: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    if decoded == signature_name.to_lowercase() {
        return true;
    }
    ["signature", "token", "password", "passwd", "secret", "salt", "auth", "key", "code", "otp"]
        .iter()
        .any(|word| decoded.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_reach_the_log() {
        let uri: Uri = "/login?login=a&password=p&bk-signature=4%7C&bk-access%2Dtoken=t&%73ecret=s&X-Sig=4"
            .parse()
            .expect("uri");
        assert_eq!(
            clean_uri(&uri, "x-sig"),
            "/login?login=a&password=***&bk-signature=***&bk-access%2Dtoken=***&%73ecret=***&X-Sig=***"
        );
    }

    #[test]
    fn secrets_do_not_reach_the_log_by_odd_spellings() {
        let cleaned = |text: &str| {
            let uri: Uri = text.parse().expect("uri");
            clean_uri(&uri, "bk-signature").into_owned()
        };
        assert_eq!(cleaned("/ping?a=b;secret=X"), "/ping?a=b&secret=***");
        assert_eq!(cleaned("/ping?secret%3DX"), "/ping?***");
        assert_eq!(cleaned("/login/secret=X"), "/***");
        assert_eq!(cleaned("/account/put/secret"), "/account/put/secret");
    }
}
