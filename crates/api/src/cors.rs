//! Which other origins' scripts may read replies.

use http::header::{HeaderMap, HeaderValue, ORIGIN, VARY};
use http::{Method, Response, StatusCode, header};

use crate::config::ApiParams;

const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, HEAD, GET, POST, PUT, DELETE");
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Whether the page that has caused a request is of the host that it goes to.
pub(crate) fn is_own_origin(headers: &HeaderMap) -> bool {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    text(ORIGIN).split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// The origins, worked out.
#[derive(Debug)]
pub(crate) struct Cors {
    any: bool,
    origins: Vec<String>,
    request_headers: HeaderValue,
}

impl Cors {
    pub(crate) fn new(params: &ApiParams) -> Self {
        let origins: Vec<String> = params
            .cors_origin
            .split(',')
            .map(|origin| origin.trim().to_owned())
            .filter(|origin| !origin.is_empty())
            .collect();
        let own = [
            &params.signature_name,
            &params.access_token_name,
            &params.app_name,
            &params.version_name,
            &params.tz_name,
            &params.lang_name,
        ];
        let names =
            own.iter().fold("content-type, authorization".to_owned(), |all, name| format!("{all}, {name}"));
        Self {
            any: origins.iter().any(|origin| origin == "*"),
            origins: origins.into_iter().filter(|origin| origin != "*").collect(),
            request_headers: HeaderValue::from_str(&names)
                .unwrap_or(HeaderValue::from_static("content-type")),
        }
    }

    /// The origin to allow, as the reply says it: a listed one by name and with credentials, else any
    /// without them.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<(HeaderValue, bool)> {
        if !self.origins.is_empty()
            && let Some(origin) = headers.get(ORIGIN)
            && self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
        {
            return Some((origin.clone(), true));
        }
        self.any.then_some((ANY, false))
    }

    /// Adds the headers of every reply.
    pub(crate) fn apply(&self, allowed: Option<(HeaderValue, bool)>, headers: &mut HeaderMap) {
        if !self.origins.is_empty() {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        let Some((origin, credentials)) = allowed else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// The reply to a preflight request; none for any other.
    pub(crate) fn preflight(
        &self,
        method: &Method,
        headers: &HeaderMap,
    ) -> Option<Response<axum::body::Body>> {
        if *method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let reply = response.headers_mut();
        if self.allowed(headers).is_some() {
            reply.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            reply.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, self.request_headers.clone());
            reply.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        Some(response)
    }
}
