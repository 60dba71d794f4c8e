//! From address and body to parameters.

use std::time::Duration;

use bkjs_core::auth::covered_query;
use bkjs_core::value::Value;
use bkjs_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Uri, header};
use percent_encoding::percent_decode_str;

use crate::body;
use crate::params::{MAX_PARAMS, RequestParams, parse_json_aside, parse_multipart, parse_urlencoded};

/// What a request brings.
pub(crate) struct Gathered {
    pub(crate) params: RequestParams,
    /// An urlencoded body.
    pub(crate) form: Option<Bytes>,
    /// The body, for handlers that read it themselves.
    pub(crate) body: Bytes,
}

/// Checks the address, and gives its path without percent-encoding when it has some.
///
/// # Errors
/// 414 when it is too long; `Invalid` for broken encoding, bytes that are no UTF-8, and NUL in the path.
pub(crate) fn check_uri(uri: &Uri, limit: usize) -> Result<Option<String>> {
    let length = uri.path_and_query().map_or(0, |p| p.as_str().len());
    if length > limit {
        let text = format!("the address is too long: {length} > {limit} bytes");
        return Err(Error::new(ErrorKind::TooLarge, text).with_status(414));
    }
    let path = uri.path();
    if !path.contains('%') {
        return Ok(None);
    }
    let decoded =
        percent_decode_str(path).decode_utf8().map_err(|_| Error::invalid("the path is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(Error::invalid("the path holds a NUL character"));
    }
    Ok(Some(decoded.into_owned()))
}

enum Kind<'a> {
    Form,
    Json,
    Multipart(&'a str),
    Other,
}

/// Whether a body of a type is none that parameters are read from.
pub(crate) fn is_raw(content_type: Option<&HeaderValue>) -> bool {
    matches!(kind(content_type), Kind::Other)
}

fn kind(content_type: Option<&HeaderValue>) -> Kind<'_> {
    let Some(text) = content_type.and_then(|t| t.to_str().ok()) else {
        return Kind::Other;
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Kind::Form
    } else if essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
    {
        Kind::Json
    } else if essence.eq_ignore_ascii_case("multipart/form-data") {
        Kind::Multipart(text)
    } else {
        Kind::Other
    }
}

/// Reads the body and the parameters.
///
/// # Errors
/// As [`body::read`] and the parsers say.
pub(crate) async fn parameters<B>(parts: &Parts, body: B, limit: usize, stall: Duration) -> Result<Gathered>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let body = body::read(body, &parts.headers, limit, stall).await?;
    let mut params = RequestParams::default();
    let mut form = None;
    if body.is_empty() {
        params.row = query(parts)?;
        return Ok(Gathered { params, form, body });
    }
    match kind(parts.headers.get(header::CONTENT_TYPE)) {
        Kind::Form => {
            let text = std::str::from_utf8(&body).map_err(|_| Error::invalid("the body is not UTF-8"))?;
            params.row = parse_urlencoded(text)?;
            form = Some(body.clone());
        }
        Kind::Json => match parse_json_aside(body.clone()).await? {
            Value::Map(row) if row.len() > MAX_PARAMS => {
                return Err(Error::invalid(format!("too many parameters, at most {MAX_PARAMS}")));
            }
            Value::Map(row) => params.row = row,
            document => params.document = Some(document),
        },
        Kind::Multipart(content_type) => {
            params.row = query(parts)?;
            params.files = parse_multipart(content_type, body.clone(), &mut params.row).await?;
        }
        Kind::Other => params.row = query(parts)?,
    }
    params.body = body.clone();
    Ok(Gathered { params, form, body })
}

fn query(parts: &Parts) -> Result<bkjs_core::value::Row> {
    let Some(query) = parts.uri.query() else { return Ok(bkjs_core::value::Row::new()) };
    // Only what a signature covers is read.
    let covered = std::str::from_utf8(covered_query(query.as_bytes()))
        .map_err(|_| Error::invalid("the query is not UTF-8"))?;
    parse_urlencoded(covered)
}
