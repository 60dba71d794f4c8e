//! Shared rows of several hosts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::shared::{Found, Lease, Scope, SharedRows};
use crate::cache::{CacheDriver, digest};
use crate::{Error, ErrorKind, Result};

/// How long a stamp is kept: what is put with it later is not found, and put again.
const STAMPS: Duration = Duration::from_secs(86_400);
/// How often a stamp that somebody else removes is made anew.
const TRIES: usize = 3;
/// Bytes of a stamp.
const WIDTH: usize = 8;

/// Rows in a cache that hosts share, each with the stamps of its table and its key from before it was read.
///
/// A stamp is a random number that a write removes, so that the next reader makes another one, unlike any before.
/// Stamps and row are read in one round trip, and a row is good while its own stamps are still those. Losing a stamp
/// makes a row be read again, no more: so it makes no difference what the cache forgets, and when a row comes that was
/// read before the write.
#[derive(Debug)]
pub(super) struct FarRows(pub(super) Arc<dyn CacheDriver>);

impl FarRows {
    /// The stamp that was found, or a new one.
    async fn stamp(&self, name: &str, found: Option<Vec<u8>>) -> Result<u64> {
        let mut found = found;
        for _ in 0..TRIES {
            if let Some(stamp) = found.as_deref().and_then(|bytes| bytes.try_into().ok()) {
                return Ok(u64::from_be_bytes(stamp));
            }
            let stamp: u64 = rand::random();
            if self.0.put_absent((name.to_owned(), stamp.to_be_bytes().to_vec()), Some(STAMPS)).await? {
                return Ok(stamp);
            }
            // Another reader was faster.
            found = self.0.get(&[name.to_owned()]).await?.pop().flatten();
        }
        Err(Error::new(ErrorKind::Unavailable, "what other hosts have written cannot be told"))
    }
}

/// What tells of writes to any record of a table, also of stores and columns that this process does not know.
fn table_stamp(scope: &Scope) -> String {
    format!("stamp:{}", digest([&*scope.table]))
}

/// What tells of writes to a record.
fn key_stamp(scope: &Scope, key: &str) -> String {
    format!("stamp:{}", digest([&*scope.table, key]))
}

fn row(scope: &Scope, key: &str) -> String {
    format!("row:{}", digest([&*scope.id, key]))
}

impl SharedRows for FarRows {
    fn get<'a>(&'a self, scope: &'a Scope, key: &'a str) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let names = [table_stamp(scope), key_stamp(scope, key), row(scope, key)];
            let mut found = self.0.get(&names).await?.into_iter();
            let mut next = || found.next().flatten();
            let (of_table, of_key, row) = (next(), next(), next());
            let is_complete = of_table.is_some() && of_key.is_some();
            let [table_name, key_name, _] = &names;
            let table = self.stamp(table_name, of_table).await?;
            let key = self.stamp(key_name, of_key).await?;
            // Both are random, and so is what differs between them.
            let lease = table ^ key;
            let bytes = row.filter(|_| is_complete).and_then(|mut row| {
                let is_good = row.starts_with(&lease.to_be_bytes());
                is_good.then(|| row.split_off(WIDTH))
            });
            Ok(Found { bytes, lease: Lease(lease) })
        })
    }

    fn put<'a>(
        &'a self,
        scope: &'a Scope,
        key: &'a str,
        lease: Lease,
        bytes: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        let item = (row(scope, key), [&lease.0.to_be_bytes()[..], &bytes].concat());
        self.0.put(vec![item], Some(ttl.max(Duration::from_millis(1))))
    }

    fn forget<'a>(&'a self, scope: &'a Scope, keys: Option<&'a [String]>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let names: Vec<String> = match keys {
                Some(keys) => keys.iter().map(|key| key_stamp(scope, key)).collect(),
                None => vec![table_stamp(scope)],
            };
            if names.is_empty() { Ok(()) } else { self.0.del(&names).await.map(drop) }
        })
    }
}
