//! The kept rows of one table.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::counts::{CacheStats, Counts};
use super::flight::Flights;
use super::key_text;
use super::marks::TableMarks;
use super::near::{Kept, Near};
use super::shared::{Found, Lease, Shared};
use super::stamps::{Place, Stamp};
use crate::db::row_codec::{decode_row, encode_row_with_nulls};
use crate::schema::Table;
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Rows with more bytes than this are not put where other processes find them.
const SHAREABLE: usize = 256 << 10;

/// The rows of one table that are kept.
#[derive(Debug)]
pub(in crate::db) struct TableCache {
    table: Arc<Table>,
    ttl: Duration,
    near: Arc<Near>,
    flights: Flights,
    pub(super) marks: Arc<TableMarks>,
    counts: Counts,
}

/// A key on its way through the levels.
struct Asked {
    key: String,
    /// In level one, where all tables are together.
    name: String,
    place: Place,
    /// What stood there before anything was read.
    stamp: Stamp,
}

impl TableCache {
    pub(super) fn new(table: Arc<Table>, ttl: Duration, near: Arc<Near>, marks: Arc<TableMarks>) -> Self {
        Self { table, ttl, near, flights: Flights::default(), marks, counts: Counts::default() }
    }

    /// The record of a key: from this process, from those that share, or by `load`, which gives the whole record.
    ///
    /// # Errors
    /// Those of `load`. What keeps rows adds none.
    pub(in crate::db) async fn get<R>(
        self: &Arc<Self>,
        key: &[Value],
        load: impl FnOnce() -> R,
    ) -> Result<Option<Arc<Row>>>
    where
        R: Future<Output = Result<Option<Row>>> + Send + 'static,
    {
        self.find(key_text(key), load).await
    }

    /// As [`get`](Self::get), of what is kept by a text that is the key of no record.
    ///
    /// # Errors
    /// Those of `load`.
    pub(in crate::db) async fn find<R>(
        self: &Arc<Self>,
        key: String,
        load: impl FnOnce() -> R,
    ) -> Result<Option<Arc<Row>>>
    where
        R: Future<Output = Result<Option<Row>>> + Send + 'static,
    {
        if let Some(shared) = self.marks.far() {
            return self.find_far(shared, key, load).await;
        }
        let place = self.marks.place(&key);
        let Some(stamp) = self.marks.stamp(place) else {
            self.counts.bypassed.count();
            return Ok(load().await?.map(Arc::new));
        };
        let name = format!("{} {key}", self.marks.scope.id);
        if let Some(kept) = self.near.get(&name, stamp) {
            self.counts.near_hits.count();
            return Ok(kept.row);
        }
        let wanted = (key.clone(), stamp);
        let asked = Asked { key, name, place, stamp };
        let (row, first) = self.flights.join(wanted, || self.clone().fetch(asked, load())).await;
        if !first {
            self.counts.joined.count();
        }
        row
    }

    /// As [`find`](Self::find), of a table that several hosts share: what is up to date is asked of the cache each time,
    /// together with the row.
    async fn find_far<R>(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        key: String,
        load: impl FnOnce() -> R,
    ) -> Result<Option<Arc<Row>>>
    where
        R: Future<Output = Result<Option<Row>>> + Send + 'static,
    {
        // What this process has written may not be told yet.
        let found = if self.marks.is_owing() { None } else { shared.get(&self.marks.scope, &key).await };
        let Some(Found { bytes, lease }) = found else {
            self.counts.bypassed.count();
            return Ok(load().await?.map(Arc::new));
        };
        if let Some((row, _)) = bytes.and_then(|bytes| self.unpack(&bytes)) {
            self.counts.shared_hits.count();
            return Ok(row.map(Arc::new));
        }
        let wanted = (key.clone(), Stamp::of(lease));
        let start = || self.clone().fetch_far(key, lease, load());
        let (row, first) = self.flights.join(wanted, start).await;
        if !first {
            self.counts.joined.count();
        }
        row
    }

    async fn fetch_far(
        self: Arc<Self>,
        key: String,
        lease: Lease,
        load: impl Future<Output = Result<Option<Row>>>,
    ) -> Result<Option<Arc<Row>>> {
        self.counts.misses.count();
        let row = load.await?.map(Arc::new);
        self.share(key, lease, row.as_deref());
        Ok(row)
    }

    /// What became of reads and writes so far.
    pub(in crate::db) fn stats(&self) -> CacheStats {
        let Counts { near_hits, shared_hits, misses, joined, bypassed } = &self.counts;
        CacheStats {
            near_hits: near_hits.get(),
            shared_hits: shared_hits.get(),
            misses: misses.get(),
            joined: joined.get(),
            bypassed: bypassed.get(),
            invalidations: self.marks.invalidations.get(),
            shared_failures: self.marks.shared.as_ref().map_or(0, |shared| shared.patience.failures()),
        }
    }

    async fn fetch(
        self: Arc<Self>,
        asked: Asked,
        load: impl Future<Output = Result<Option<Row>>>,
    ) -> Result<Option<Arc<Row>>> {
        let found = match &self.marks.shared {
            Some(shared) => shared.get(&self.marks.scope, &asked.key).await,
            None => None,
        };
        let lease = found.as_ref().map(|found| found.lease);
        if let Some(bytes) = found.and_then(|found| found.bytes)
            && let Some((row, left)) = self.unpack(&bytes)
        {
            self.counts.shared_hits.count();
            let row = row.map(Arc::new);
            self.keep(asked, row.clone(), left.min(self.ttl));
            return Ok(row);
        }
        self.counts.misses.count();
        let row = load.await?.map(Arc::new);
        if let Some(lease) = lease {
            self.share(asked.key.clone(), lease, row.as_deref());
        }
        self.keep(asked, row.clone(), self.ttl);
        Ok(row)
    }

    /// Keeps a row in this process, unless a write has made it out of date meanwhile.
    fn keep(&self, asked: Asked, row: Option<Arc<Row>>, ttl: Duration) {
        let Asked { name, place, stamp, .. } = asked;
        if self.marks.stamp(place) == Some(stamp) {
            self.near.insert(name, Kept { row, stamp, ttl });
        }
    }

    fn share(&self, key: String, lease: Lease, row: Option<&Row>) {
        if let (Some(shared), Ok(bytes)) = (&self.marks.shared, pack(row, self.ttl))
            && bytes.len() <= SHAREABLE
        {
            shared.put(&self.marks.scope, key, lease, bytes, self.ttl);
        }
    }

    /// A row that another process has put, and for how long it is good; nothing when it is not, or is no row.
    fn unpack(&self, bytes: &[u8]) -> Option<(Option<Row>, Duration)> {
        let (until, row) = bytes.split_first_chunk()?;
        let left = Duration::from_millis(u64::from_be_bytes(*until)).checked_sub(now())?;
        let row = match row {
            [] => None,
            row => Some(decode_row(&self.table, row).ok()?),
        };
        Some((row, left))
    }
}

/// Until when, in milliseconds since 1970, and the row; nothing for a record that is absent.
fn pack(row: Option<&Row>, ttl: Duration) -> Result<Vec<u8>> {
    let until = u64::try_from((now() + ttl).as_millis()).map_err(|e| Error::internal("a time").source(e))?;
    let row = row.map(encode_row_with_nulls).transpose()?.unwrap_or_default();
    Ok([&until.to_be_bytes()[..], &row].concat())
}

/// The time since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
