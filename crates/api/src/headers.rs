//! Headers that every reply carries.

use http::header;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::state::ApiOptions;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const VERSION: HeaderName = HeaderName::from_static("version");
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
     base-uri 'self'; frame-ancestors 'none'; form-action 'self'",
);

/// The headers whose values never change while the program runs.
#[derive(Debug)]
pub(crate) struct StaticHeaders {
    server: HeaderValue,
    version: HeaderValue,
}

impl StaticHeaders {
    pub(crate) fn new(options: &ApiOptions) -> Self {
        let own = env!("CARGO_PKG_VERSION");
        let version = if options.version.is_empty() { own } else { &options.version };
        let server = match options.name.as_str() {
            "" | "bkjs" => format!("bkjs/{own}"),
            name => format!("bkjs/{own} {name}/{version}"),
        };
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("bkjs"));
        Self { server: value(&server), version: value(version) }
    }

    /// Adds them; what a handler has set for itself stays.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, request_id: &str) {
        headers.insert(header::SERVER, self.server.clone());
        headers.insert(VERSION, self.version.clone());
        if let Ok(value) = HeaderValue::from_str(request_id) {
            headers.insert(REQUEST_ID, value);
        }
        let mut default = |name: HeaderName, value: HeaderValue| {
            headers.entry(name).or_insert(value);
        };
        default(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        default(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        default(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        let is_page =
            headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
        if is_page {
            headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(PAGE_POLICY);
        }
    }
}
