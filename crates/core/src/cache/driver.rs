//! The contract between those who keep something and the product that holds it.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::Result;

/// A place that several processes reach.
///
/// All calls may be dropped: what they were to do has happened then, or not.
pub trait CacheDriver: Send + Sync + fmt::Debug + 'static {
    /// What was put under a name; nothing when it was never put, has been there for its time, or was forgotten.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the product does not answer: callers go on without it.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>>;

    /// Puts bytes under a name for at most `ttl`, in place of what was there.
    ///
    /// # Errors
    /// As [`get`](Self::get); `TooLarge` for more than the product takes at once.
    fn put<'a>(&'a self, name: &'a str, bytes: Vec<u8>, ttl: Duration) -> BoxFuture<'a, Result<()>>;
}
