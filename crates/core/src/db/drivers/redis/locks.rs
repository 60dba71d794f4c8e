//! Lets the writers of one record of this process take turns.
//!
//! Writes are right without it, as the server compares versions; but writers that take turns need no second
//! attempts, and fifty of them on one record are served in the order in which they came.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::{Mutex, MutexGuard};

use super::keys::Base;

const STRIPES: usize = 256;

/// Locks for records; some records share one.
pub(super) struct Locks(Vec<Mutex<()>>);

impl Default for Locks {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(())).collect())
    }
}

impl Locks {
    /// The place of the lock of a record.
    pub(super) fn place(base: &Base, key: &[u8]) -> usize {
        let mut hasher = DefaultHasher::new();
        (base, key).hash(&mut hasher);
        (hasher.finish() % STRIPES as u64) as usize
    }

    /// Holds the locks of these places, taken in an order that is the same for all.
    pub(super) async fn hold(&self, mut places: Vec<usize>) -> Vec<MutexGuard<'_, ()>> {
        places.sort_unstable();
        places.dedup();
        let mut held = Vec::with_capacity(places.len());
        for lock in places.into_iter().filter_map(|place| self.0.get(place)) {
            held.push(lock.lock().await);
        }
        held
    }
}
