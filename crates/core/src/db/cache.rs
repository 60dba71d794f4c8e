//! Rows kept in this process.
//!
//! A row is kept with the version that its key had when the row began to be read. Every local write
//! raises the version of its keys after the database has answered, so a row that was read before a write
//! is never returned to a call that began after it, even when the read ends late. Keys share versions by
//! hash: that a write makes some unrelated row be read again is cheaper than a counter for every key.
//!
//! Absent records are not kept. Concurrent reads of one key ask the database once.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;

use crate::value::{Row, Value};
use crate::{Error, Result};

/// Rows kept for each table.
const CAPACITY: u64 = 10_000;
const VERSIONS: usize = 1024;
/// Reads that a busy writer may make stale before a reader goes past the cache.
const TRIES: usize = 3;

/// The rows of one table that are kept in this process.
pub(super) struct RowCache {
    rows: Cache<String, Kept>,
    hasher: RandomState,
    versions: Box<[AtomicU64]>,
    table_version: AtomicU64,
}

#[derive(Clone)]
struct Kept {
    row: Arc<Row>,
    version: u64,
}

/// Why there is no row to keep.
enum Missing {
    Absent { version: u64 },
    Failed(Error),
}

impl RowCache {
    /// A cache whose rows live for `ttl`.
    pub(super) fn new(ttl: Duration) -> Self {
        Self {
            rows: Cache::builder().max_capacity(CAPACITY).time_to_live(ttl).build(),
            hasher: RandomState::new(),
            versions: (0..VERSIONS).map(|_| AtomicU64::new(0)).collect(),
            table_version: AtomicU64::new(0),
        }
    }

    /// The row of a key, from here or by `load`.
    pub(super) async fn get<F, R>(&self, key: &[Value], load: F) -> Result<Option<Arc<Row>>>
    where
        F: Fn() -> R + Send + Sync,
        R: Future<Output = Result<Option<Row>>> + Send,
    {
        let text = key_text(key);
        let stripe = self.stripe(&text);
        for _ in 0..TRIES {
            let wanted = self.version(stripe);
            let read = async {
                let version = self.version(stripe);
                match load().await {
                    Ok(Some(row)) => Ok(Kept { row: Arc::new(row), version }),
                    Ok(None) => Err(Missing::Absent { version }),
                    Err(e) => Err(Missing::Failed(e)),
                }
            };
            match self.rows.try_get_with_by_ref(text.as_str(), read).await {
                Ok(kept) if kept.version >= wanted => return Ok(Some(kept.row)),
                Ok(_) => self.rows.invalidate(text.as_str()).await,
                Err(missing) => match &*missing {
                    // Else that read began before a write that this caller may have waited for.
                    Missing::Absent { version } if *version >= wanted => return Ok(None),
                    Missing::Absent { .. } => {}
                    Missing::Failed(e) => return Err(e.duplicate()),
                },
            }
        }
        Ok(load().await?.map(Arc::new))
    }

    /// Makes the row of a key stale when the guard is dropped: hold it while the database writes.
    pub(super) fn writes(&self, key: &[Value]) -> Stale<'_> {
        Stale(&self.versions[self.stripe(&key_text(key))])
    }

    /// Makes all rows stale when the guard is dropped.
    pub(super) fn writes_all(&self) -> Stale<'_> {
        Stale(&self.table_version)
    }

    fn stripe(&self, key: &str) -> usize {
        (self.hasher.hash_one(key) % VERSIONS as u64) as usize
    }

    /// Both counters only rise, so their sum does.
    fn version(&self, stripe: usize) -> u64 {
        self.versions[stripe].load(Ordering::SeqCst) + self.table_version.load(Ordering::SeqCst)
    }
}

/// Raises a version when dropped, also when the write failed or its caller went away.
pub(super) struct Stale<'a>(&'a AtomicU64);

impl Drop for Stale<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A text that no other key of the same table has.
pub(super) fn key_text(key: &[Value]) -> String {
    match key {
        [Value::Text(only)] => only.clone(),
        _ => serde_json::Value::Array(key.iter().map(Value::to_json).collect()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn cache() -> RowCache {
        RowCache::new(Duration::from_secs(60))
    }

    fn row(n: usize) -> Row {
        Row::new().with("n", n as i64)
    }

    #[tokio::test]
    async fn a_stampede_asks_the_database_once() {
        let (cache, reads) = (cache(), AtomicUsize::new(0));
        let key = [Value::from("a")];
        let load = || async {
            tokio::task::yield_now().await;
            Ok(Some(row(reads.fetch_add(1, Ordering::SeqCst))))
        };
        let all = futures_util::future::join_all((0..50).map(|_| cache.get(&key, load))).await;
        assert!(all.into_iter().all(|r| *r.expect("reads").expect("is there") == row(0)));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_read_that_began_before_a_write_is_not_kept_for_those_after_it() {
        let cache = cache();
        let key = [Value::from("a")];
        let late = cache.get(&key, || async {
            // The write happens while this read is under way.
            drop(cache.writes(&key));
            Ok(Some(row(1)))
        });
        late.await.expect("reads");
        let after = cache.get(&key, || async { Ok(Some(row(2))) }).await.expect("reads");
        assert_eq!(after.as_deref(), Some(&row(2)));
    }

    #[tokio::test]
    async fn absent_records_are_not_kept() {
        let cache = cache();
        let key = [Value::from("a")];
        assert_eq!(cache.get(&key, || async { Ok(None) }).await.expect("reads"), None);
        let found = cache.get(&key, || async { Ok(Some(row(1))) }).await.expect("reads");
        assert_eq!(found.as_deref(), Some(&row(1)));
    }

    #[tokio::test]
    async fn writing_the_whole_table_makes_every_row_stale() {
        let cache = cache();
        for name in ["a", "b"] {
            cache.get(&[name.into()], || async { Ok(Some(row(1))) }).await.expect("reads");
        }
        drop(cache.writes_all());
        for name in ["a", "b"] {
            let found = cache.get(&[name.into()], || async { Ok(Some(row(2))) }).await.expect("reads");
            assert_eq!(found.as_deref(), Some(&row(2)));
        }
    }
}
