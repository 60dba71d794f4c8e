use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use heed::RoTxn;
use tokio::sync::Semaphore;

use super::error::timeout;
use super::options::LmdbOptions;
use super::scan::Deadline;
use super::store::Store;
use crate::db::drivers::embedded::{Refused, refusal, unavailable};
use crate::{Error, Result};

/// Reads that may take long: so many at the same time, on threads that may block.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    timeout: Option<Duration>,
}

impl Readers {
    /// Nobody reads yet.
    pub(super) fn new(options: &LmdbOptions) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(options.readers.max(1))),
            waiting: AtomicUsize::new(0),
            queue: options.read_queue,
            timeout: options.statement_timeout(),
        }
    }

    /// Runs a read.
    ///
    /// # Errors
    /// Those of the read; `OverCapacity` when too many wait, `Timeout` when its time has passed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        store: Arc<Store>,
        read: impl FnOnce(&Store, &RoTxn<'_>, Deadline) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let end = self.timeout.map(|timeout| Instant::now() + timeout);
        let permit = {
            let _waiting = Waiting::enter(&self.waiting, self.queue)?;
            let permit = self.permits.clone().acquire_owned();
            match end {
                Some(end) => tokio::time::timeout_at(end.into(), permit)
                    .await
                    .map_err(|_| timeout("waiting for other reads"))?,
                None => permit.await,
            }
        };
        let permit = permit.map_err(|_| unavailable("the driver was closed"))?;
        let work = move || {
            let _permit = permit;
            store.read(|txn| read(&store, txn, Deadline(end)))
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => Err(Error::internal("a read of lmdb panicked").source(error)),
        }
    }
}

/// Counts a caller that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Result<Self> {
        let entered = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) > most {
            return Err(refusal(Refused::Full, "reads"));
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
