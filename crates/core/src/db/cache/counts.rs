//! How often what was kept was of use.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the reads and writes of a cached table in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Reads answered with what this process kept.
    pub near_hits: u64,
    /// Reads answered with what another process had put into the shared cache.
    pub shared_hits: u64,
    /// Reads that the database answered.
    pub misses: u64,
    /// Reads that waited for the same read of another caller.
    pub joined: u64,
    /// Reads that went past the cache because nothing could be told of it.
    pub bypassed: u64,
    /// Times that records, or the whole table, were made out of date.
    pub invalidations: u64,
    /// Calls of the shared cache that failed or took too long.
    pub shared_failures: u64,
}

/// The counters behind [`CacheStats`].
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) near_hits: Counter,
    pub(super) shared_hits: Counter,
    pub(super) misses: Counter,
    pub(super) joined: Counter,
    pub(super) bypassed: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
