//! Whether a connection is busy, and since when not.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long a connection must be idle before draining closes it.
pub(super) const IDLE: Duration = Duration::from_millis(500);

/// What a connection does at the moment.
#[derive(Debug)]
pub(super) struct Activity {
    busy: AtomicBool,
    idle_since: Mutex<Instant>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self { busy: AtomicBool::new(false), idle_since: Mutex::new(Instant::now()) }
    }

    /// A request is being answered until the guard is dropped. Requests of a connection follow each other.
    pub(super) fn begin(&self) -> Busy<'_> {
        self.busy.store(true, Ordering::Relaxed);
        Busy(self)
    }

    /// How long to wait until the connection may count as idle; none when it does. A connection is
    /// not idle before `since` has passed for as long.
    pub(super) fn wait(&self, since: Instant) -> Option<Duration> {
        if self.busy.load(Ordering::Relaxed) {
            return Some(IDLE);
        }
        let idle_since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        let left = IDLE.saturating_sub(idle_since.max(since).elapsed());
        (!left.is_zero()).then_some(left)
    }
}

/// A request in progress.
pub(super) struct Busy<'a>(&'a Activity);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.busy.store(false, Ordering::Relaxed);
    }
}
