//! Shared rows of one machine.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::shared::{Found, Lease, Scope, SharedRows};
use super::stamps::{Region, Stamp, Stamps};
use crate::cache::{CacheDriver, digest};
use crate::{Error, ErrorKind, Result};

/// Rows in a cache that the processes on one home share, each with the stamp from before it was read.
///
/// Writes need not tell the cache: they have renewed the stamp. So it makes no difference who writes, whether the
/// cache is reached at that moment, and in which order messages come.
#[derive(Debug)]
pub(super) struct HostRows {
    pub(super) cache: Arc<dyn CacheDriver>,
    pub(super) stamps: Arc<Stamps>,
}

impl HostRows {
    fn stamp(&self, scope: &Scope, key: &str) -> Result<Stamp> {
        let stamp = self.stamps.read(Region::of(&scope.table).place(key));
        stamp.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "what other processes have written cannot be told")
        })
    }
}

/// Keys are what records have: any text of any length.
pub(super) fn name(scope: &Scope, key: &str) -> String {
    format!("row:{}", digest([&*scope.id, key]))
}

impl SharedRows for HostRows {
    fn get<'a>(&'a self, scope: &'a Scope, key: &'a str) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let stamp = self.stamp(scope, key)?.to_bytes();
            let found = self.cache.get(&[name(scope, key)]).await?.pop().flatten();
            let bytes = found.and_then(|mut bytes| {
                let fresh = bytes.starts_with(&stamp);
                fresh.then(|| bytes.split_off(stamp.len()))
            });
            Ok(Found { bytes, lease: Lease(u64::from_ne_bytes(stamp)) })
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
        Box::pin(async move {
            let stamp = lease.0.to_ne_bytes();
            // It would never be given: another process should not have to find that out.
            if self.stamp(scope, key)?.to_bytes() != stamp {
                return Ok(());
            }
            let item = (name(scope, key), [&stamp[..], &bytes].concat());
            self.cache.put(vec![item], Some(ttl)).await
        })
    }

    fn forget<'a>(&'a self, scope: &'a Scope, keys: Option<&'a [String]>) -> BoxFuture<'a, Result<()>> {
        self.stamps.renew(Region::of(&scope.table), keys);
        Box::pin(std::future::ready(Ok(())))
    }
}
