//! The contract of caches.

mod counters;
mod limits;
mod locks;
mod maps;
mod names;
#[cfg(feature = "sqlite")]
mod rows;
mod values;

use std::sync::Arc;

use bkjs_core::cache::drivers::local::{self, LocalDriver, Store};
use bkjs_core::cache::drivers::{self, Settings};
use bkjs_core::cache::{Cache, CacheDriver, Capabilities};

use crate::check::Checked;
use crate::suite::{Backend, Family, Room};
use crate::trial::Trial;

/// The family of cache drivers.
pub(crate) struct Caches;

/// What a trial receives.
pub(crate) struct Bench {
    backend: &'static Backend<Caches>,
    room: Arc<Room>,
    /// What processes of a tree share.
    store: Arc<Store>,
}

impl Bench {
    /// The cache of the room. Every call makes an independent one, as another process would.
    pub(crate) fn open(&self) -> Checked<Cache> {
        let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::new(self.store.clone()));
        let driver = drivers::open(&(self.backend.url)(&self.room), Settings::new(), &local)?;
        Ok(Cache::new(self.backend.name, driver))
    }
}

#[cfg(feature = "sqlite")]
impl Bench {
    /// Where the trial has its own files.
    pub(crate) fn room(&self) -> &Room {
        &self.room
    }
}

impl Family for Caches {
    const NAME: &'static str = "cache";
    type Can = Capabilities;
    type Bench = Bench;

    const BACKENDS: &'static [Backend<Self>] = &[
        Backend { name: "local", server: None, can: local::CAPABILITIES, url: |_| "local://".into() },
        #[cfg(feature = "redis")]
        Backend {
            name: "redis",
            server: Some("BKJS_TEST_REDIS_URL"),
            can: drivers::redis::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_REDIS_URL", "prefix"),
        },
        #[cfg(feature = "redis")]
        Backend {
            name: "sentinel",
            server: Some("BKJS_TEST_SENTINEL_URL"),
            can: drivers::redis::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_SENTINEL_URL", "prefix"),
        },
        #[cfg(feature = "memcached")]
        Backend {
            name: "memcached",
            server: Some("BKJS_TEST_MEMCACHED_URL"),
            can: drivers::memcached::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_MEMCACHED_URL", "prefix"),
        },
    ];

    const SECTIONS: &'static [&'static [Trial<Self>]] = &[
        values::TRIALS,
        counters::TRIALS,
        maps::TRIALS,
        names::TRIALS,
        locks::TRIALS,
        limits::TRIALS,
        #[cfg(feature = "sqlite")]
        rows::TRIALS,
    ];

    fn bench(backend: &'static Backend<Self>, room: Arc<Room>) -> Checked<Bench> {
        Ok(Bench { backend, room, store: Arc::new(Store::new(10_000, 16 << 20)) })
    }

    async fn remove(_: &'static Backend<Self>, _: &Room) -> Checked {
        Ok(())
    }
}
