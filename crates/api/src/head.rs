//! What is refused by the head of a request alone, before anything is looked up for it.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, Version, header};

use crate::reply::error_response;

const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, HEAD, GET, POST, PUT, PATCH, DELETE");

/// The reply to a request that says by its head that it is for somebody else, or that two readers would
/// understand in two ways; none to every other.
///
/// - `CONNECT` asks for a tunnel and `TRACE` for an echo of what proxies on the way have added, their
///   credentials included: 405.
/// - Without one clear host (RFC 9112, section 3.2) a proxy and this server may mean different sites: 400.
pub(crate) fn refusal(parts: &Parts) -> Option<Response> {
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        let mut response = error_response(405, "this method is not served");
        response.headers_mut().insert(header::ALLOW, METHODS);
        return Some(last(response));
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let problem = match (hosts.next(), hosts.next()) {
        (Some(host), None) if names_host(host.as_bytes()) => return None,
        (None, _) if parts.version < Version::HTTP_11 => return None,
        (None, _) => "the header host is missing",
        (Some(_), None) => "the header host names no host",
        (Some(_), Some(_)) => "the header host is given more than once",
    };
    Some(last(error_response(400, problem)))
}

/// What such a client sends next may not be a request at all: nothing more is read from it.
fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether this is a host, with or without a port: a name or an address of version 4, or one of version 6 in
/// brackets.
fn names_host(text: &[u8]) -> bool {
    let (host, port) = match text.strip_prefix(b"[") {
        Some(rest) => {
            let Some(end) = rest.iter().position(|b| *b == b']') else { return false };
            let (address, after) = rest.split_at(end);
            if !std::str::from_utf8(address).is_ok_and(|a| a.parse::<std::net::Ipv6Addr>().is_ok()) {
                return false;
            }
            (&b"6"[..], after.get(1..).unwrap_or_default())
        }
        None => text.split_at(text.iter().position(|b| *b == b':').unwrap_or(text.len())),
    };
    let port = match port {
        [] | [b':'] => true,
        [b':', digits @ ..] => {
            digits.iter().all(u8::is_ascii_digit)
                && std::str::from_utf8(digits).is_ok_and(|port| port.parse::<u16>().is_ok())
        }
        _ => false,
    };
    port && host.iter().copied().all(names_hosts)
}

/// Whether a byte may stand in a name: what RFC 3986 allows, but for the comma, by which two hosts are joined into
/// one header.
const fn names_hosts(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'%')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(method: Method, version: Version, hosts: &[&'static [u8]]) -> Option<u16> {
        let mut request = Request::builder().method(method).version(version).uri("/");
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        refusal(&parts).map(|response| response.status().as_u16())
    }

    #[test]
    fn one_host_is_needed_and_before_1_1_none() {
        let get = |version, hosts: &[&'static [u8]]| check(Method::GET, version, hosts);
        let good: [&[u8]; 6] = [b"a", b"a.com:8000", b"[::1]:80", b"127.0.0.1", b"a_b.c", b""];
        for host in good {
            assert_eq!(get(Version::HTTP_11, &[host]), None, "{host:?}");
        }
        let bad: [&[u8]; 7] = [b"a b", b"a,b", b"a/b", b"u@a", b"a?b", b"\xfc.de", b"a\tb"];
        let no_address: [&[u8]; 7] = [b"[::1", b"[x]", b"::1", b"a:b", b"a:99999", b"[::1]x", b"a:+1"];
        for host in bad.into_iter().chain(no_address) {
            assert_eq!(get(Version::HTTP_11, &[host]), Some(400), "{host:?}");
        }
        assert_eq!(get(Version::HTTP_11, &[]), Some(400));
        assert_eq!(get(Version::HTTP_11, &[b"a", b"a"]), Some(400));
        assert_eq!(get(Version::HTTP_10, &[]), None);
        assert_eq!(get(Version::HTTP_10, &[b"a", b"b"]), Some(400));
    }

    #[test]
    fn tunnels_and_echoes_are_no_methods_here() {
        for (method, status) in [
            (Method::CONNECT, Some(405)),
            (Method::TRACE, Some(405)),
            (Method::PUT, None),
            (Method::from_bytes(b"BREW").expect("a token"), None),
        ] {
            assert_eq!(check(method, Version::HTTP_11, &[b"a"]), status);
        }
    }
}
