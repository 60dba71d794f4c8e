//! Requests that another server answers.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bkjs_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{Request, Uri, Version};
use http_body_util::Limited;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::compiled;
use crate::access::{Client, PathList};
use crate::config::ApiParams;

/// How long a server may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(5);
/// How many unused connections to a server are kept, and how long.
const KEPT: usize = 32;
const KEPT_FOR: Duration = Duration::from_secs(20);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// What concerns one connection only (RFC 9110, section 7.6.1), beside what `Connection` names.
const OF_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Marks a reply of another server: it says itself which origins may read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxied;

/// A server that requests are given to.
#[derive(Clone, Debug)]
pub(crate) struct Upstream(Authority);

impl Upstream {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let authority = uri.authority().filter(|a| !a.as_str().contains('@') && !a.host().is_empty())?;
        (uri.scheme() == Some(&Scheme::HTTP) && is_bare).then(|| Self(authority.clone()))
    }
}

/// Which requests another server answers.
#[derive(Debug)]
pub(super) struct Targets {
    by_host: Vec<(Upstream, PathList)>,
    by_path: Vec<(Upstream, PathList)>,
    rest: Option<Upstream>,
}

impl Targets {
    pub(super) fn new(params: &ApiParams) -> Result<Self> {
        let parse = |name: &str, text: &str| {
            Upstream::parse(text).ok_or_else(|| {
                let message = format!("{name}: {text:.200} is no server, such as http://127.0.0.1:8080");
                Error::new(ErrorKind::Config, message)
            })
        };
        let all = |name: &str, lists| -> Result<Vec<_>> {
            compiled(lists)?.into_iter().map(|(target, list)| Ok((parse(name, &target)?, list))).collect()
        };
        let rest = Some(params.proxy_reverse.as_str()).filter(|text| !text.is_empty());
        Ok(Self {
            by_host: all("api-proxy-host", &params.proxy_host)?,
            by_path: all("api-proxy-url", &params.proxy_url)?,
            rest: rest.map(|text| parse("api-proxy-reverse", text)).transpose()?,
        })
    }

    pub(super) fn find(&self, host: &str, path: &str) -> Option<&Upstream> {
        let matching = |list: &'_ [(Upstream, PathList)], text: &str| {
            list.iter().position(|(_, list)| list.matches(text))
        };
        let by_host = matching(&self.by_host, host).map(|at| &self.by_host[at].0);
        let by_path = || matching(&self.by_path, path).map(|at| &self.by_path[at].0);
        by_host.or_else(by_path).or(self.rest.as_ref())
    }
}

/// Gives requests to other servers.
#[derive(Clone, Debug)]
pub(crate) struct Forward(HttpClient<HttpConnector, Body>);

impl Forward {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECTING));
        connector.set_nodelay(true);
        let client = HttpClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT_FOR)
            .pool_max_idle_per_host(KEPT)
            .retry_canceled_requests(false)
            .build(connector);
        Self(client)
    }

    /// The reply of another server to a request, whose body is passed on as it comes. The headers tell that server who
    /// asks: what a client says about that itself counts only when it is a proxy that is trusted.
    ///
    /// # Errors
    /// 413 for a body of more than `limit` bytes; 502 when the server cannot be reached or breaks off; 504 when it does
    /// not begin to answer within `patience`.
    pub(crate) async fn send<B>(
        &self,
        to: &Upstream,
        (parts, body): (Parts, B),
        from: Hop,
        (limit, patience): (usize, Duration),
    ) -> Result<Response>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        if body.size_hint().lower() > limit as u64 {
            let message =
                format!("cannot process the request, it is too large: the body may have {limit} bytes");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let mut request = Request::new(Body::new(Limited::new(body, limit)));
        let mut target = http::uri::Parts::default();
        target.scheme = Some(Scheme::HTTP);
        target.authority = Some(to.0.clone());
        target.path_and_query = parts.uri.path_and_query().cloned();
        *request.uri_mut() = Uri::from_parts(target)
            .map_err(|e| Error::invalid("the address cannot be passed on").source(e))?;
        *request.method_mut() = parts.method;
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = parts.headers;
        from.write(request.headers_mut());
        let failed = |status: u16, message: &'static str| {
            Error::new(ErrorKind::Unavailable, message).with_status(status)
        };
        let reply = match tokio::time::timeout(patience, self.0.request(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                return Err(failed(502, "the server behind this one does not answer").source(error));
            }
            Err(_) => return Err(failed(504, "the server behind this one takes too long")),
        };
        let mut reply = reply.map(Body::new);
        strip(reply.headers_mut());
        // It may speak another version with us than we with the client.
        *reply.version_mut() = Version::HTTP_11;
        reply.extensions_mut().insert(Proxied);
        Ok(reply)
    }
}

/// Where a request comes from, as the next server is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// The other end of the connection.
    pub(crate) peer: IpAddr,
    /// Whether that is a proxy whose word counts.
    pub(crate) trusted: bool,
    pub(crate) client: Client,
}

impl Hop {
    fn write(self, headers: &mut HeaderMap) {
        strip(headers);
        if !self.trusted {
            [
                FORWARDED_FOR,
                FORWARDED_PROTO,
                FORWARDED_HOST,
                header::FORWARDED,
                HeaderName::from_static("x-real-ip"),
            ]
            .iter()
            .for_each(|name| drop(headers.remove(name)));
        }
        if let Ok(value) = HeaderValue::from_str(&self.peer.to_string()) {
            headers.append(FORWARDED_FOR, value);
        }
        let proto = if self.client.tls { "https" } else { "http" };
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(proto));
        // HTTP/2 may have them apart.
        let cookies: Vec<_> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        if cookies.len() > 1
            && let Ok(all) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
        {
            headers.insert(header::COOKIE, all);
        }
        if let Some(host) = headers.get(header::HOST).cloned() {
            headers.entry(FORWARDED_HOST).or_insert(host);
        }
    }
}

/// Takes away what concerns one connection only.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // How long the body is and for whom it is, a client does not take back.
        .filter(|name| *name != header::CONTENT_LENGTH && *name != header::HOST)
        .collect();
    named.iter().chain(&OF_CONNECTION).for_each(|name| drop(headers.remove(name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_host_and_port_alone() {
        for text in ["http://127.0.0.1:8080", "http://a.b/", "http://[::1]:1"] {
            assert!(Upstream::parse(text).is_some(), "{text}");
        }
        for text in
            ["", "a.b", "https://a", "http://a/b", "http://a?b", "http://u:p@a", "file:///etc", "http://"]
        {
            assert!(Upstream::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_concerns_a_connection_stays_and_the_client_is_named_by_us() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "a.com"),
            ("connection", "close, X-Secret, Host"),
            ("x-secret", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "x"),
            ("x-forwarded-for", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
            ("accept", "*/*"),
        ] {
            headers.insert(name, value.parse().expect("a value"));
        }
        let peer = "1.2.3.4".parse().expect("an address");
        let hop = |trusted| Hop { peer, trusted, client: Client { ip: peer, tls: true } };
        let mut trusted = headers.clone();
        hop(false).write(&mut headers);
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);
        assert_eq!(headers[&FORWARDED_FOR], "1.2.3.4");
        assert_eq!(headers[&FORWARDED_PROTO], "https");
        hop(true).write(&mut trusted);
        let hops: Vec<_> = trusted.get_all(FORWARDED_FOR).iter().collect();
        assert_eq!(hops, ["6.6.6.6", "1.2.3.4"]);
    }
}
