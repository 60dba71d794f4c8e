//! The cache in the memory of one process: what the server process of a tree keeps for the others.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use moka::Expiry;
use moka::sync::Cache;

use super::CacheDriver;
use crate::Result;

/// Bytes in memory, bounded by their number and size; those that are asked for least go first.
pub struct LocalCache(Cache<String, Kept>);

#[derive(Clone)]
struct Kept {
    bytes: Arc<[u8]>,
    ttl: Duration,
}

impl LocalCache {
    /// A cache of at most `entries` values and about `bytes` bytes, names included.
    pub fn new(entries: u64, bytes: u64) -> Self {
        // An entry weighs at least its share, so that one bound holds both.
        let share = u32::try_from(bytes / entries.max(1)).unwrap_or(u32::MAX).max(1);
        let weigh = move |name: &String, kept: &Kept| {
            u32::try_from(name.len() + kept.bytes.len()).unwrap_or(u32::MAX).max(share)
        };
        let capacity = if entries == 0 { 0 } else { bytes };
        Self(Cache::builder().max_capacity(capacity).weigher(weigh).expire_after(OwnTime).build())
    }

    /// What [`CacheDriver::get`] does, without waiting.
    pub fn get_now(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name).map(|kept| kept.bytes.to_vec())
    }

    /// What [`CacheDriver::put`] does, without waiting.
    pub fn put_now(&self, name: String, bytes: Vec<u8>, ttl: Duration) {
        self.0.insert(name, Kept { bytes: bytes.into(), ttl });
    }

    /// How many values are kept, once those that have no room are gone.
    pub fn len(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl CacheDriver for LocalCache {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        Box::pin(std::future::ready(Ok(self.get_now(name))))
    }

    fn put<'a>(&'a self, name: &'a str, bytes: Vec<u8>, ttl: Duration) -> BoxFuture<'a, Result<()>> {
        self.put_now(name.to_owned(), bytes, ttl);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Shows no value: they may be secret.
impl fmt::Debug for LocalCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCache").field("entries", &self.0.entry_count()).finish_non_exhaustive()
    }
}

/// Every value has its own time.
struct OwnTime;

impl Expiry<String, Kept> for OwnTime {
    fn expire_after_create(&self, _: &String, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        kept: &Kept,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_value_is_there_until_it_is_replaced_or_its_time_is_over() {
        let cache = LocalCache::new(10, 1000);
        assert_eq!(cache.get_now("a"), None);
        cache.put_now("a".into(), vec![1], LONG);
        cache.put_now("a".into(), vec![2], LONG);
        assert_eq!(cache.get_now("a"), Some(vec![2]));
        cache.put_now("a".into(), vec![3], Duration::ZERO);
        assert_eq!(cache.get_now("a"), None);
    }

    #[test]
    fn it_holds_no_more_entries_and_no_more_bytes_than_it_may() {
        let few = LocalCache::new(10, 1000);
        let small = LocalCache::new(1000, 1000);
        for n in 0..100 {
            few.put_now(format!("{n}"), vec![0], LONG);
            small.put_now(format!("{n:02}"), vec![0; 98], LONG);
        }
        assert!((1..=10).contains(&few.len()), "{few:?}");
        assert!((1..=10).contains(&small.len()), "{small:?}");
        let none = LocalCache::new(0, 1000);
        none.put_now("a".into(), vec![0], LONG);
        assert!(none.is_empty());
    }
}
