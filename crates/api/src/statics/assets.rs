//! Files that are built into the program.

use std::borrow::Cow;
use std::marker::PhantomData;

use rust_embed::RustEmbed;

/// One file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The bytes.
    pub data: Cow<'static, [u8]>,
    /// The value of `ETag`, with its quotes.
    pub etag: String,
    /// The value of `Last-Modified`.
    pub last_modified: Option<String>,
}

/// A set of files by path, such as `js/bkjs.js`.
pub trait Assets: Send + Sync + 'static {
    /// The file at a path; the path is clean.
    fn find(&self, path: &str) -> Option<Asset>;
}

/// The files of a `#[derive(RustEmbed)]` type as [`Assets`].
pub struct Embedded<T>(PhantomData<fn() -> T>);

impl<T> Embedded<T> {
    /// The files of the type.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Embedded<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: RustEmbed + 'static> Assets for Embedded<T> {
    fn find(&self, path: &str) -> Option<Asset> {
        let file = T::get(path)?;
        let hash = file.metadata.sha256_hash();
        let mut etag = String::with_capacity(34);
        etag.push('"');
        for byte in &hash[..16] {
            etag.push_str(&format!("{byte:02x}"));
        }
        etag.push('"');
        Some(Asset {
            data: file.data,
            etag,
            last_modified: file.metadata.last_modified().and_then(http_date),
        })
    }
}

/// Seconds since 1970 as HTTP writes a date.
pub(super) fn http_date(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date(784_111_777).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }
}
