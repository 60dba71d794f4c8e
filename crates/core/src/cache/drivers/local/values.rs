//! Values and maps in memory, bounded.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::cache::MAX_VALUE;
use crate::cache::driver::{Life, Stats};
use crate::cache::number::{add, parse};
use crate::{Error, ErrorKind, Result};

/// Bytes of one value, which readers share.
type Shared = Arc<[u8]>;
/// The fields of a map.
type Fields = BTreeMap<String, Shared>;

/// What is under the keys; what is asked for least goes first when there is no room.
pub(super) struct Values {
    kept: Cache<String, Kept>,
    max_bytes: u64,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Kept {
    held: Held,
    until: Option<Instant>,
}

#[derive(Clone)]
enum Held {
    Value(Shared),
    Map(Arc<Fields>),
}

impl Kept {
    fn new(held: Held, ttl: Option<Duration>) -> Self {
        Self { held, until: ttl.and_then(|ttl| Instant::now().checked_add(ttl)) }
    }

    fn value(bytes: &[u8], ttl: Option<Duration>) -> Self {
        Self::new(Held::Value(bytes.into()), ttl)
    }

    fn size(&self) -> usize {
        match &self.held {
            Held::Value(bytes) => bytes.len(),
            Held::Map(fields) => map_size(fields),
        }
    }

    /// The time that is left when a new one takes its place.
    fn keeping(&self, held: Held) -> Self {
        Self { held, until: self.until }
    }
}

impl Values {
    pub(super) fn new(entries: u64, bytes: u64) -> Self {
        // An entry weighs at least its share, so that one bound holds both.
        let share = u32::try_from(bytes / entries.max(1)).unwrap_or(u32::MAX).max(1);
        let weigh = move |name: &String, kept: &Kept| {
            u32::try_from(name.len() + kept.size()).unwrap_or(u32::MAX).max(share)
        };
        let evictions = Arc::new(AtomicU64::new(0));
        let seen = evictions.clone();
        let max_bytes = if entries == 0 { 0 } else { bytes };
        let kept = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(weigh)
            .expire_after(OwnTime)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { kept, max_bytes, hits: AtomicU64::new(0), misses: AtomicU64::new(0), evictions }
    }

    fn find(&self, key: &str) -> Option<Kept> {
        let live = |kept: &Kept| kept.until.is_none_or(|until| Instant::now() < until);
        let found = self.kept.get(key).filter(live);
        let count = if found.is_some() { &self.hits } else { &self.misses };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.find(key)?.held {
            Held::Value(bytes) => Some(bytes.to_vec()),
            Held::Map(_) => None,
        }
    }

    pub(super) fn put(&self, key: String, bytes: &[u8], ttl: Option<Duration>) {
        self.kept.insert(key, Kept::value(bytes, ttl));
    }

    pub(super) fn put_absent(&self, key: String, bytes: &[u8], ttl: Option<Duration>) -> bool {
        self.change(key, |before| match before {
            Some(_) => Ok((None, false)),
            None => Ok((Some(Kept::value(bytes, ttl)), true)),
        })
        .unwrap_or(false)
    }

    pub(super) fn incr(&self, key: String, by: i64, ttl: Option<Duration>) -> Result<i64> {
        self.change(key, |before| {
            let Some(kept) = before else {
                return Ok((Some(Kept::value(by.to_string().as_bytes(), ttl)), by));
            };
            let Held::Value(bytes) = &kept.held else { return Err(holds_other("map")) };
            let sum = add(bytes, by)?;
            Ok((Some(kept.keeping(Held::Value(sum.to_string().as_bytes().into()))), sum))
        })
    }

    pub(super) fn set_max(&self, key: String, number: i64, ttl: Option<Duration>) -> Result<i64> {
        self.change(key, |before| {
            let there = match before.map(|kept| &kept.held) {
                None => None,
                Some(Held::Value(bytes)) => Some(parse(bytes)?),
                Some(Held::Map(_)) => return Err(holds_other("map")),
            };
            match there.filter(|there| *there >= number) {
                Some(there) => Ok((None, there)),
                None => Ok((Some(Kept::value(number.to_string().as_bytes(), ttl)), number)),
            }
        })
    }

    pub(super) fn del(&self, key: &str) -> bool {
        let live = |kept: Kept| kept.until.is_none_or(|until| Instant::now() < until);
        self.kept.remove(key).is_some_and(live)
    }

    pub(super) fn life(&self, key: &str) -> Option<Life> {
        let left = |until: Instant| Life::For(until.saturating_duration_since(Instant::now()));
        Some(self.find(key)?.until.map_or(Life::Endless, left))
    }

    pub(super) fn keys(&self, prefix: &str, limit: usize) -> Vec<String> {
        let live = |kept: &Kept| kept.until.is_none_or(|until| Instant::now() < until);
        let found = self.kept.iter().filter(|(key, kept)| key.starts_with(prefix) && live(kept));
        found.take(limit).map(|(key, _)| (*key).clone()).collect()
    }

    pub(super) fn map_get(&self, key: &str, fields: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let map = self.map(key)?;
        Ok(fields.iter().map(|field| Some(map.as_ref()?.get(field)?.to_vec())).collect())
    }

    pub(super) fn map_all(&self, key: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let map = self.map(key)?;
        let all = map.iter().flat_map(|map| map.iter());
        Ok(all.map(|(field, bytes)| (field.clone(), bytes.to_vec())).collect())
    }

    fn map(&self, key: &str) -> Result<Option<Arc<Fields>>> {
        match self.find(key).map(|kept| kept.held) {
            None => Ok(None),
            Some(Held::Map(fields)) => Ok(Some(fields)),
            Some(Held::Value(_)) => Err(holds_other("value")),
        }
    }

    pub(super) fn map_put(
        &self,
        key: String,
        fields: Vec<(String, Vec<u8>)>,
        ttl: Option<Duration>,
    ) -> Result<()> {
        self.change_map(key, |map, until| {
            map.extend(fields.into_iter().map(|(field, value)| (field, value.into())));
            Ok((ttl.map_or(until, |ttl| Instant::now().checked_add(ttl)), ()))
        })
    }

    pub(super) fn map_incr(&self, key: String, field: String, by: i64, ttl: Option<Duration>) -> Result<i64> {
        self.change_map(key, |map, until| {
            let until =
                if map.is_empty() { ttl.and_then(|ttl| Instant::now().checked_add(ttl)) } else { until };
            let sum = map.get(&field).map_or(Ok(by), |bytes| add(bytes, by))?;
            map.insert(field, sum.to_string().as_bytes().into());
            Ok((until, sum))
        })
    }

    pub(super) fn map_del(&self, key: String, fields: &[String]) -> Result<u64> {
        self.change_map(key, |map, until| {
            let count = fields.iter().filter(|field| map.remove(*field).is_some()).count();
            Ok((until, count as u64))
        })
    }

    /// Changes a map, which is gone when nothing is left in it.
    fn change_map<T>(
        &self,
        key: String,
        change: impl FnOnce(&mut Fields, Option<Instant>) -> Result<(Option<Instant>, T)>,
    ) -> Result<T> {
        let mut emptied = false;
        let name = key.clone();
        let answer = self.change(key, |before| {
            let (mut map, until) = match before.map(|kept| (&kept.held, kept.until)) {
                None => (Fields::new(), None),
                Some((Held::Map(map), until)) => ((**map).clone(), until),
                Some((Held::Value(_), _)) => return Err(holds_other("value")),
            };
            let (until, answer) = change(&mut map, until)?;
            let size = map_size(&map);
            if size > MAX_VALUE {
                return Err(too_large(size));
            }
            emptied = map.is_empty();
            Ok((Some(Kept { held: Held::Map(Arc::new(map)), until }), answer))
        })?;
        if emptied {
            let is_empty = |kept: &Kept| matches!(&kept.held, Held::Map(map) if map.is_empty());
            self.kept.entry(name).and_compute_with(|entry| match entry {
                Some(entry) if is_empty(entry.value()) => Op::Remove,
                _ => Op::Nop,
            });
        }
        Ok(answer)
    }

    /// Looks at what is there and puts something else in its place, while nobody else does.
    fn change<T>(
        &self,
        key: String,
        change: impl FnOnce(Option<&Kept>) -> Result<(Option<Kept>, T)>,
    ) -> Result<T> {
        let mut answer = Err(Error::internal("nothing was asked of a cache"));
        self.kept.entry(key).and_compute_with(|entry| {
            let before = entry.as_ref().map(|entry| entry.value());
            let live = before.filter(|kept| kept.until.is_none_or(|until| Instant::now() < until));
            match change(live) {
                Ok((Some(after), done)) => {
                    answer = Ok(done);
                    Op::Put(after)
                }
                Ok((None, done)) => {
                    answer = Ok(done);
                    Op::Nop
                }
                Err(error) => {
                    answer = Err(error);
                    Op::Nop
                }
            }
        });
        answer
    }

    pub(super) fn stats(&self) -> Stats {
        self.kept.run_pending_tasks();
        Stats {
            entries: Some(self.kept.entry_count()),
            bytes: Some(self.kept.weighted_size()),
            max_bytes: Some(self.max_bytes),
            hits: Some(self.hits.load(Ordering::Relaxed)),
            misses: Some(self.misses.load(Ordering::Relaxed)),
            evictions: Some(self.evictions.load(Ordering::Relaxed)),
        }
    }
}

fn map_size(fields: &Fields) -> usize {
    fields.iter().map(|(field, value)| field.len() + value.len()).sum()
}

fn holds_other(what: &str) -> Error {
    Error::invalid(format!("the key holds a {what}"))
}

fn too_large(size: usize) -> Error {
    let text = format!("the map would have {size} bytes: this cache takes no more than {MAX_VALUE}");
    Error::new(ErrorKind::TooLarge, text)
}

/// Shows no value: they may be secret.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("entries", &self.kept.entry_count()).finish_non_exhaustive()
    }
}

/// Everything has its own time.
struct OwnTime;

impl Expiry<String, Kept> for OwnTime {
    fn expire_after_create(&self, _: &String, kept: &Kept, now: Instant) -> Option<Duration> {
        kept.until.map(|until| until.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        _: &String,
        kept: &Kept,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        kept.until.map(|until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_no_more_entries_and_no_more_bytes_than_it_may() {
        let few = Values::new(10, 1000);
        let small = Values::new(1000, 1000);
        for n in 0..100 {
            few.put(format!("{n}"), &[0], None);
            small.put(format!("{n:02}"), &[0; 98], None);
        }
        let count = |values: &Values| values.stats().entries.unwrap_or_default();
        assert!((1..=10).contains(&count(&few)), "{few:?}");
        assert!((1..=10).contains(&count(&small)), "{small:?}");
        assert!(few.stats().evictions.unwrap_or_default() >= 90);
        let none = Values::new(0, 1000);
        none.put("a".into(), &[0], None);
        assert_eq!(count(&none), 0);
    }
}
