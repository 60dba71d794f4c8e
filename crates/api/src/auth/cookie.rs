//! Cookies as this layer sets and reads them.

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// A cookie to set or clear: always `HttpOnly`, `SameSite=Lax`, for the whole site.
#[derive(Clone, Debug)]
pub struct Cookie {
    name: String,
    value: String,
    max_age: Option<u64>,
    secure: bool,
}

impl Cookie {
    /// A cookie that lives until the browser ends; `secure` keeps it off plain HTTP.
    pub fn new(name: &str, value: &str, secure: bool) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), max_age: None, secure }
    }

    /// A cookie that lives for so many seconds.
    #[must_use]
    pub fn max_age(mut self, seconds: u64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// The cookie that removes another one.
    pub fn clear(name: &str, secure: bool) -> Self {
        Self::new(name, "", secure).max_age(0)
    }

    /// The value of `Set-Cookie`; none when name or value hold what no cookie may.
    pub fn header(&self) -> Option<HeaderValue> {
        let clean = |text: &str| {
            text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b',' | b';' | b'\\'))
        };
        if self.name.is_empty() || !clean(&self.name) || !clean(&self.value) || self.name.contains('=') {
            return None;
        }
        let mut text = format!("{}={}; Path=/; HttpOnly; SameSite=Lax", self.name, self.value);
        if let Some(seconds) = self.max_age {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        if self.secure {
            text.push_str("; Secure");
        }
        HeaderValue::from_str(&text).ok()
    }
}

/// The value of a cookie that the client sent.
pub fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .map(|value| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_never_open_to_scripts_or_other_sites() {
        let header = Cookie::new("a", "b", true).max_age(60).header().expect("clean");
        assert_eq!(header, "a=b; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        assert!(Cookie::new("a", "b; Domain=x", false).header().is_none());
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("xa=1; ab=2; a=3"));
        assert_eq!(read_cookie(&headers, "a"), Some("3"));
        assert_eq!(read_cookie(&headers, "b"), None);
    }
}
