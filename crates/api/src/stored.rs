//! Answering with what a storage holds.
//!
//! What people have uploaded is served from the origin of the application, so nothing of it may run there: its type is
//! what the server says and is not guessed from the bytes, documents have no rights, and what is not on a short list of
//! harmless types is offered to be saved.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bkjs_core::Error;
use bkjs_core::storage::StoredObject;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::conditional::{Wanted, wanted};
use crate::reply::{ApiError, error_response};

/// Should a browser take it for a document all the same: no scripts, no origin.
const NO_RIGHTS: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The letters of a name that stand for themselves (RFC 8187).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Types that a browser shows without running anything of them, beside audio and video.
const SHOWN: [&str; 6] =
    ["image/jpeg", "image/png", "image/gif", "image/webp", "text/plain", "text/plain; charset=utf-8"];

/// Who may keep a copy of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Anybody, for an hour.
    Public,
    /// The caller alone, who asks each time whether it has changed.
    Private,
}

impl Copies {
    const fn header(self) -> HeaderValue {
        match self {
            Self::Public => HeaderValue::from_static("public, max-age=3600"),
            Self::Private => HeaderValue::from_static("private, no-cache"),
        }
    }
}

/// How an object is served.
#[derive(Clone, Debug)]
pub struct ServeAs {
    content_type: HeaderValue,
    disposition: HeaderValue,
    copies: Copies,
}

impl ServeAs {
    /// An image of a type that the server has made itself.
    pub fn image(content_type: &'static str, copies: Copies) -> Self {
        Self {
            content_type: HeaderValue::from_static(content_type),
            disposition: HeaderValue::from_static("inline"),
            copies,
        }
    }

    /// A file by its name: shown by the browser when the ending is that of a harmless type, else to be saved, and
    /// without a type.
    pub fn file(name: &str, copies: Copies) -> Self {
        let guessed = mime_guess::from_path(name).first_raw().unwrap_or_default();
        let harmless =
            guessed.starts_with("audio/") || guessed.starts_with("video/") || SHOWN.contains(&guessed);
        let (kind, how) = match guessed {
            "text/plain" => ("text/plain; charset=utf-8", "inline"),
            _ if harmless => (guessed, "inline"),
            _ => ("application/octet-stream", "attachment"),
        };
        let named = format!("{how}; filename*=UTF-8''{}", utf8_percent_encode(name, NAME));
        Self {
            content_type: HeaderValue::from_static(kind),
            disposition: HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("attachment")),
            copies,
        }
    }
}

/// The answer with an object: whole, in part, or not at all when the client has it.
pub fn serve_object(object: Box<dyn StoredObject>, headers: &HeaderMap, how: ServeAs) -> Response {
    let stat = object.stat().clone();
    let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", stat.version)) else {
        return ApiError(Error::internal("a version is no text for a header")).into_response();
    };
    let range = match wanted(headers, &stat, &tag) {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
        Wanted::Known => {
            return described(Response::new(Body::empty()), StatusCode::NOT_MODIFIED, tag, &stat, &how);
        }
        Wanted::Another => return error_response(412, "it is another version than the one that is meant"),
        Wanted::Beyond => {
            let mut response = error_response(416, "range: there are not so many bytes");
            if let Ok(length) = HeaderValue::from_str(&format!("bytes */{}", stat.len)) {
                response.headers_mut().insert(header::CONTENT_RANGE, length);
            }
            return response;
        }
    };
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let part = range.clone().unwrap_or(0..stat.len);
    let length = part.end.saturating_sub(part.start);
    let mut response =
        described(Response::new(Body::from_stream(object.read(part))), status, tag, &stat, &how);
    let reply = response.headers_mut();
    reply.insert(header::CONTENT_LENGTH, length.into());
    reply.insert(header::CONTENT_TYPE, how.content_type);
    reply.insert(header::CONTENT_DISPOSITION, how.disposition);
    reply.insert(header::CONTENT_SECURITY_POLICY, NO_RIGHTS);
    if let Some(range) = range {
        let text = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), stat.len);
        if let Ok(text) = HeaderValue::from_str(&text) {
            reply.insert(header::CONTENT_RANGE, text);
        }
    }
    response
}

/// With what every answer about an object says.
fn described(
    mut response: Response,
    status: StatusCode,
    tag: HeaderValue,
    stat: &bkjs_core::storage::Stat,
    how: &ServeAs,
) -> Response {
    *response.status_mut() = status;
    let reply = response.headers_mut();
    reply.insert(header::ETAG, tag);
    reply.insert(header::CACHE_CONTROL, how.copies.header());
    reply.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(modified) = HeaderValue::from_str(&httpdate::fmt_http_date(stat.modified)) {
        reply.insert(header::LAST_MODIFIED, modified);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> (String, String) {
        let how = ServeAs::file(name, Copies::Private);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        (text(&how.content_type), text(&how.disposition))
    }

    #[test]
    fn only_what_is_harmless_is_shown() {
        for (name, kind) in
            [("a.png", "image/png"), ("a.mp4", "video/mp4"), ("a.txt", "text/plain; charset=utf-8")]
        {
            assert_eq!(file(name), (kind.into(), format!("inline; filename*=UTF-8''{name}")), "{name}");
        }
        for name in
            ["a.html", "a.svg", "a.js", "a.xml", "a.xhtml", "a.css", "a.pdf", "a.swf", "a", "a.png.html"]
        {
            let (kind, disposition) = file(name);
            assert_eq!(kind, "application/octet-stream", "{name}");
            assert!(disposition.starts_with("attachment; "), "{name}: {disposition}");
        }
    }

    #[test]
    fn a_name_cannot_write_headers() {
        let (_, disposition) = file("a\"; x=\r\nb é.html");
        assert_eq!(disposition, "attachment; filename*=UTF-8''a%22%3B%20x%3D%0D%0Ab%20%C3%A9.html");
    }
}
