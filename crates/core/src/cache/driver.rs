//! The contract between the facade and a product.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Capabilities, Rate};
use crate::Result;

/// A name, and the bytes under it.
pub type Item = (String, Vec<u8>);

/// How long something lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// As long as there is room.
    Endless,
    /// At most so long.
    For(Duration),
}

/// What a cache says of itself; none is what the product does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// How many values and maps are there, of everybody who uses the server.
    pub entries: Option<u64>,
    /// How many bytes they take.
    pub bytes: Option<u64>,
    /// How many bytes they may take.
    pub max_bytes: Option<u64>,
    /// Reads that found something.
    pub hits: Option<u64>,
    /// Reads that found nothing.
    pub misses: Option<u64>,
    /// Values that had to go because there was no room.
    pub evictions: Option<u64>,
}

/// A place that several processes reach, and that keeps values for a time.
///
/// Names and sizes have been checked by the facade: a key is 1 to 210 bytes of UTF-8 without white space and control
/// characters, a value at most [`MAX_VALUE`](super::MAX_VALUE) bytes, a time to live at least a millisecond; none is
/// as long as there is room. Lists are not empty.
///
/// What is said of one key happens at once: nobody sees a part of it, and calls at the same time have the effect of
/// one after the other. Calls about several keys are so for each of them. All calls may be dropped: what they were to
/// do has happened then, or not, or happens still.
///
/// A key holds a value or a map. A map is not there for the calls about values, but for `put`, `put_absent` and `del`,
/// which see that the key is taken, and `incr` and `set_max`, which refuse it; a value is refused by the calls about
/// maps. A number is a value of up to nineteen decimal digits with a minus before it if it is negative: what one call
/// counts another one gets as text.
///
/// Every call can fail with `Unavailable` or `Timeout` when the product does not answer, in which case it may have
/// happened all the same, and with `OverCapacity` when there is no room. `Invalid` is a key that holds something else.
pub trait CacheDriver: Send + Sync + fmt::Debug + 'static {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// The values under these keys, in their order; none for those that are not there.
    fn get<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>>;

    /// Puts values in place of what was there.
    fn put(&self, items: Vec<Item>, ttl: Option<Duration>) -> BoxFuture<'_, Result<()>>;

    /// Puts a value where nothing is; says whether it did. Of several callers at once, one does.
    fn put_absent(&self, item: Item, ttl: Option<Duration>) -> BoxFuture<'_, Result<bool>>;

    /// Adds to a number and gives the sum. What is not there counts as 0 and lives for `ttl` from now; what is there
    /// keeps its time.
    ///
    /// # Errors
    /// `Invalid` when it holds no number, or the sum has no room in 64 bits.
    fn incr<'a>(&'a self, key: &'a str, by: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>>;

    /// Puts a number where there is none or a lesser one, and gives the one that is there then. When it puts, `ttl`
    /// begins anew.
    ///
    /// # Errors
    /// `Invalid` when it holds no number.
    fn set_max<'a>(&'a self, key: &'a str, number: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>>;

    /// Removes values and maps; gives how many were there.
    fn del<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<u64>>;

    /// How long a value or map lives; none when it is not there.
    fn life<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Life>>>;

    /// The keys that begin with a text, each once and at most `limit`, in no order. What is put or removed meanwhile
    /// may be among them or not.
    ///
    /// # Errors
    /// `Unsupported` without the capability.
    fn keys<'a>(&'a self, prefix: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<String>>>;

    /// Removes what is under the keys that begin with a text, and gives how much it was.
    ///
    /// # Errors
    /// `Unsupported` without the capability.
    fn clear<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<u64>>;

    /// The values of these fields of a map, in their order; none for those that are not there.
    fn map_get<'a>(
        &'a self,
        key: &'a str,
        fields: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>>;

    /// All fields of a map; nothing when it is not there.
    fn map_all<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<BTreeMap<String, Vec<u8>>>>;

    /// Puts fields into a map, all at once. With a `ttl` the whole map lives so long from now; without, it keeps its
    /// time.
    ///
    /// # Errors
    /// `TooLarge` when the map has no room for them.
    fn map_put<'a>(
        &'a self,
        key: &'a str,
        fields: Vec<Item>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>>;

    /// Adds to the number in a field, as [`incr`](Self::incr); the time is the map's, and begins when this makes it.
    ///
    /// # Errors
    /// `Invalid` when the field holds no number, or the sum has no room in 64 bits.
    fn map_incr<'a>(
        &'a self,
        key: &'a str,
        field: &'a str,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64>>;

    /// Removes fields from a map, and the map with its last field; gives how many were there.
    fn map_del<'a>(&'a self, key: &'a str, fields: &'a [String]) -> BoxFuture<'a, Result<u64>>;

    /// Gives a lock that nobody has, or that this owner has already, for `ttl` from now; none when another one has it.
    ///
    /// The number is greater than that of every owner before, of any lock of this cache; it stays the same while the
    /// owner is the same.
    fn lock<'a>(&'a self, name: &'a str, owner: &'a str, ttl: Duration)
    -> BoxFuture<'a, Result<Option<u64>>>;

    /// Lets the owner of a lock have it for `ttl` from now; false when it is no longer the owner.
    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool>>;

    /// Takes a lock from its owner; false when that is no longer the owner, and nothing has happened.
    fn unlock<'a>(&'a self, name: &'a str, owner: &'a str) -> BoxFuture<'a, Result<bool>>;

    /// Takes tokens out of a bucket, all or none: nothing to wait when they were taken, else the time after which
    /// there will be enough of them if nobody else takes any. A bucket that nobody knows is full.
    fn take<'a>(&'a self, name: &'a str, rate: Rate, tokens: u32) -> BoxFuture<'a, Result<Duration>>;

    /// What the product says of itself.
    fn stats(&self) -> BoxFuture<'_, Result<Stats>>;

    /// Closes the connections. Further calls fail or connect again.
    fn close(&self);
}
