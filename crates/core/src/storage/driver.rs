//! The contract between the facade and a product.

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::ObjectPath;
use crate::Result;

/// Bytes that come piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// What is known of a stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// How many bytes it has.
    pub len: u64,
    /// When it was put.
    pub modified: SystemTime,
    /// Another text for every content that was ever put under the path: letters, digits and dashes.
    pub version: String,
}

/// A place that keeps objects under paths.
///
/// An object is put as a whole or not at all: nobody sees a part of it, and one that is read while another is put in its
/// place is read to its end. What `put` has acknowledged outlives the process, and every other one. A call that is
/// dropped has happened then, or not, or happens still; one that put half leaves nothing under the path.
///
/// Every call can fail with `Unavailable` when the product cannot be reached or has no room.
pub trait StorageDriver: Send + Sync + fmt::Debug + 'static {
    /// Puts an object in place of what was there.
    ///
    /// # Errors
    /// What `content` gives in place of bytes; then nothing is changed.
    fn put<'a>(&'a self, path: &'a ObjectPath, content: ByteStream) -> BoxFuture<'a, Result<Stat>>;

    /// An object, to look at and to read; none when it is not there.
    fn open<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, Result<Option<Box<dyn StoredObject>>>>;

    /// Removes an object; says whether it was there.
    fn del<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, Result<bool>>;
}

/// An object that was opened: it stays what it was then.
pub trait StoredObject: Send {
    /// What is known of it.
    fn stat(&self) -> &Stat;

    /// Its bytes within a range, which lies within its length.
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream;
}
