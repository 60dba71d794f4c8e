//! The side of the framework.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bkjs_core::cache::drivers::local::LocalDriver;
use bkjs_core::cache::drivers::{self, Settings};
use bkjs_core::cache::{Cache, CacheDriver};

use super::{Side, TTL, VALUE, key};
use crate::place::Place;

/// A cache.
pub(crate) struct Ours {
    cache: Cache,
    room: String,
}

impl Ours {
    /// The cache of a place; without an address it is in this process.
    ///
    /// # Errors
    /// For an address that is none.
    pub(crate) fn open(place: &Place) -> Result<Self> {
        let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(100_000, 64 << 20));
        let url = if place.url.is_empty() { "local://" } else { &place.url };
        let driver = drivers::open(url, Settings::new(), &local)?;
        Ok(Self { cache: Cache::new("bench", driver), room: format!("{}_ours", place.room) })
    }
}

impl Side for Ours {
    async fn get(&self, number: u64) -> Result<()> {
        let found = self.cache.get(&key(&self.room, number)).await?;
        ensure!(found.context("no value")?.len() == VALUE.len(), "another value");
        Ok(())
    }

    async fn put(&self, number: u64) -> Result<()> {
        Ok(self.cache.put(&key(&self.room, number), VALUE.to_vec(), TTL).await?)
    }
}
