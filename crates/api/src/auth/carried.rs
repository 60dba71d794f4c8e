//! The credentials that a request carries, in whichever place.

use bkjs_core::auth::covered_query;
use bkjs_core::value::Value;
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, Method, Uri};

use super::read_cookie;
use crate::config::ApiParams;
use crate::cors::is_own_origin;
use crate::params::{RequestParams, raw_value};

/// The credentials of a request, not verified. Taken out of the parameters, so that they reach neither a
/// table nor the log.
#[derive(Clone, Default)]
pub(crate) struct Carried {
    /// A signature of the query or the header.
    pub(crate) signature: Option<Vec<u8>>,
    /// An access token of the query, its header, or `Authorization: Bearer`.
    pub(crate) token: Option<String>,
    /// The value of the session cookie.
    pub(crate) session: Option<String>,
    /// Whether another site caused this request.
    pub(crate) cross_site: bool,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}

impl Carried {
    /// Finds the credentials and takes them out of the parameters.
    pub(crate) fn take(
        config: &ApiParams,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        params: &mut RequestParams,
    ) -> Self {
        let name = config.signature_name.as_str();
        let token_name = config.access_token_name.as_str();
        let mut from_query = |name: &str| take_param(params, uri, name);
        let header = |name: &str| headers.get(name).filter(|value| !value.is_empty());
        let signature = from_query(name)
            .map(String::into_bytes)
            .or_else(|| header(name).map(|value| value.as_bytes().to_vec()));
        let token = from_query(token_name).or_else(|| {
            let bearer = || {
                let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
                let (scheme, token) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
            };
            header(token_name).and_then(|value| value.to_str().ok()).map(str::to_owned).or_else(bearer)
        });
        let session = if config.no_session { None } else { read_cookie(headers, name).map(str::to_owned) };
        let cross_site = session.is_some() && is_cross_site(config, method, uri, headers);
        Self { signature, token, session, cross_site }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.signature.is_none() && self.token.is_none() && self.session.is_none()
    }
}

/// Takes a parameter that says something about the request itself out of those for the handler.
pub(crate) fn take_param(params: &mut RequestParams, uri: &Uri, name: &str) -> Option<String> {
    let taken = match params.row.remove(name) {
        Some(Value::Int(number)) => Some(number.to_string()),
        Some(value) => value.as_str().map(str::to_owned),
        // Of a request without a body, these are all.
        None if params.body.is_empty() => None,
        // A JSON body is in place of the query, but what concerns the request may still be there.
        None => query_value(uri, name),
    };
    taken.filter(|value| !value.is_empty())
}

/// A value in the query, as far as a signature covers it.
pub(crate) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let covered = std::str::from_utf8(covered_query(uri.query()?.as_bytes())).ok()?;
    raw_value(covered, name).map(|value| value.into_owned())
}

/// Whether another site made the browser send this request.
///
/// Every method reaches every route, so a link that is merely followed could change something: a
/// navigation from another site counts only for pages. Clients that are no browsers send none of these
/// headers and are not affected.
fn is_cross_site(config: &ApiParams, method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    if let Some(origin) = origin
        && config.cors_origin.split(',').any(|allowed| allowed.trim() != "*" && allowed.trim() == origin)
    {
        return false;
    }
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => {
            let safe = matches!(*method, Method::GET | Method::HEAD);
            let page = uri.path().ends_with('/') || uri.path().ends_with(".html");
            !(safe && page && text("sec-fetch-mode") == Some("navigate"))
        }
        None => origin.is_some() && !is_own_origin(headers),
    }
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn cross_site(method: &Method, path: &str, pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "a.com".parse().expect("host"));
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("value"));
        }
        is_cross_site(&ApiParams::default(), method, &path.parse().expect("path"), &headers)
    }

    #[test]
    fn a_request_that_another_site_caused_is_told_from_our_own() {
        let get = Method::GET;
        let post = Method::POST;
        assert!(!cross_site(&post, "/x", &[]));
        assert!(!cross_site(&post, "/x", &[("sec-fetch-site", "same-origin")]));
        assert!(!cross_site(&post, "/x", &[("origin", "https://a.com")]));
        assert!(cross_site(&post, "/x", &[("origin", "https://b.com")]));
        assert!(cross_site(&post, "/x", &[("origin", "null")]));
        assert!(cross_site(&post, "/x", &[("sec-fetch-site", "same-site")]));
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        assert!(!cross_site(&get, "/app/", &link));
        assert!(cross_site(&get, "/account/del", &link));
    }
}
