//! Level one: rows in the memory of this process.

use std::mem::size_of;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;

use super::stamps::Stamp;
use crate::value::{Row, Value};

/// The most rows of this process, and about how many bytes they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheBounds {
    /// Rows, those that are known to be absent included.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self { rows: 10_000, bytes: 32 << 20 }
    }
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The whole record; none when there is no such record.
    pub(super) row: Option<Arc<Row>>,
    /// What stood at the key's place before the record was read.
    pub(super) stamp: Stamp,
    /// For how long it is kept at most.
    pub(super) ttl: Duration,
}

/// The rows of all tables, by table and key. What is asked for least goes first.
#[derive(Debug)]
pub(super) struct Near(Cache<String, Kept>);

impl Near {
    pub(super) fn new(bounds: CacheBounds) -> Self {
        // A row weighs at least its share, so that one bound holds both.
        let share = u32::try_from(bounds.bytes / bounds.rows.max(1)).unwrap_or(u32::MAX).max(1);
        let weigh = move |name: &String, kept: &Kept| {
            let row = kept.row.as_ref().map_or(0, |row| row_size(row));
            u32::try_from(name.len() + size_of::<Kept>() + row).unwrap_or(u32::MAX).max(share)
        };
        let capacity = if bounds.rows == 0 { 0 } else { bounds.bytes };
        Self(Cache::builder().max_capacity(capacity).weigher(weigh).expire_after(OwnTime).build())
    }

    /// What is known under a name, if that is as new as the stamp.
    pub(super) fn get(&self, name: &str, stamp: Stamp) -> Option<Kept> {
        self.0.get(name).filter(|kept| kept.stamp == stamp)
    }

    pub(super) fn insert(&self, name: String, kept: Kept) {
        self.0.insert(name, kept);
    }
}

/// Every row has its own time.
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

/// About how many bytes a row takes; names are shared by all rows of a table.
fn row_size(row: &Row) -> usize {
    let columns = row.iter().map(|(name, value)| size_of_val(name) + size_of::<Value>() + beyond(value));
    size_of::<Row>() + columns.sum::<usize>()
}

/// Bytes of a value outside of itself.
fn beyond(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Real(_) => 0,
        Value::Text(text) => text.capacity(),
        Value::Bytes(bytes) => bytes.capacity(),
        Value::List(list) | Value::Set(list) => {
            list.iter().map(|value| size_of::<Value>() + beyond(value)).sum()
        }
        Value::Map(row) => row_size(row),
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamps::{Region, Stamps};
    use super::*;

    fn kept(row: Option<Row>) -> Kept {
        let stamp = Stamps::in_memory().read(Region::of("t").place("k")).expect("a stamp");
        Kept { row: row.map(Arc::new), stamp, ttl: Duration::from_secs(3600) }
    }

    fn count(near: &Near) -> u64 {
        near.0.run_pending_tasks();
        near.0.entry_count()
    }

    #[test]
    fn a_row_is_given_for_its_own_stamp_only() {
        let near = Near::new(CacheBounds::default());
        let (old, new) = (kept(None), kept(None));
        near.insert("k".into(), old.clone());
        assert!(near.get("k", old.stamp).is_some());
        assert!(near.get("k", new.stamp).is_none());
    }

    #[test]
    fn rows_and_bytes_are_bounded() {
        let few = Near::new(CacheBounds { rows: 10, bytes: 1 << 20 });
        let small = Near::new(CacheBounds { rows: 1000, bytes: 100_000 });
        let none = Near::new(CacheBounds { rows: 0, bytes: 1 << 20 });
        let large = Row::new().with("t", Value::List(vec!["x".repeat(9_000).into()]));
        for n in 0..100 {
            few.insert(n.to_string(), kept(None));
            none.insert(n.to_string(), kept(None));
            small.insert(n.to_string(), kept(Some(large.clone())));
        }
        assert!((1..=10).contains(&count(&few)), "{}", count(&few));
        assert!((1..=11).contains(&count(&small)), "{}", count(&small));
        assert_eq!(count(&none), 0);
    }
}
