use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::checkpoint::Signal;
use super::connection::{Purpose, Session};
use super::error::{convert, is_busy};
use super::execute::{rollback, write_alone};
use super::file::File;
use super::group::run_group;
use super::options::SqliteOptions;
use crate::Result;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::embedded::{Job, Synchronous, WriteQueue, unavailable};
use crate::task::panic_text;

/// The one connection that writes, and the thread that commits waiting writes together.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    session: Mutex<Option<Session>>,
    queue: WriteQueue<Session>,
    /// Writes that were begun and are not answered yet.
    active: AtomicUsize,
    inline: bool,
    busy_timeout: Duration,
    timeout: Option<Duration>,
}

impl Writer {
    /// Opens the connection and starts the thread. `signal` hears how long the write-ahead log is.
    ///
    /// # Errors
    /// `Unavailable` when the connection or thread cannot be had.
    pub(super) fn start(file: &Arc<File>, options: &SqliteOptions, signal: Signal) -> Result<Self> {
        let mut session = Session::open(file, options, Purpose::Write)?;
        signal.attach(&mut session.connection).map_err(convert)?;
        let shared = Arc::new(Shared {
            session: Mutex::new(Some(session)),
            queue: WriteQueue::new(options.write_queue),
            active: AtomicUsize::new(0),
            // A commit that waits for the disk has no place on the caller's thread.
            inline: options.synchronous != Synchronous::Full,
            busy_timeout: options.busy_timeout(),
            timeout: options.statement_timeout(),
        });
        let worker = shared.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-write".to_owned())
            .spawn(move || worker.work())
            .map_err(|e| unavailable("no thread for writes").source(e))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// One write, answered after its commit.
    ///
    /// A caller that is alone writes on its own thread, which takes a third of the time of handing over;
    /// as soon as there are several, they share commits on the writer's thread.
    ///
    /// # Errors
    /// Those of the write; `OverCapacity` when too many wait; `Unavailable` when other processes keep the
    /// file busy. Dropping the future does not say whether the write happened.
    pub(super) async fn write(&self, write: Write) -> Result<Affected> {
        let _active = Active::enter(&self.shared.active);
        if self.shared.inline && Job::<Session>::is_light(&write) {
            // Lets the other callers that are ready come here first, to be counted.
            tokio::task::yield_now().await;
            if self.shared.active.load(Ordering::Relaxed) == 1
                && let Some(done) = self.shared.try_inline(&write)
            {
                return done;
            }
        }
        self.shared.queue.one(write).await
    }

    /// Each write on its own; the answers in order.
    pub(super) async fn batch(&self, writes: Vec<Write>) -> Vec<Result<Affected>> {
        let _active = Active::enter(&self.shared.active);
        self.shared.queue.batch(writes).await
    }

    /// All writes or none.
    ///
    /// # Errors
    /// As [`Writer::write`], and `ConditionFailed`.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Vec<Affected>> {
        let _active = Active::enter(&self.shared.active);
        self.shared.queue.transact(writes).await
    }

    /// Runs something on the writer's thread that manages its transaction itself.
    ///
    /// # Errors
    /// Those of the work, and as [`Writer::write`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _active = Active::enter(&self.shared.active);
        self.shared.queue.run(work).await
    }

    /// Takes no more writes, waits for those that were taken, and closes the connection after `last`.
    pub(super) fn close(&self, last: impl FnOnce(&Session)) {
        self.shared.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        if let Some(session) = self.shared.lock().take() {
            last(&session);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl Shared {
    fn try_inline(&self, write: &Write) -> Option<Result<Affected>> {
        if !self.queue.is_empty() {
            return None;
        }
        let guard = match self.session.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let session = guard.as_ref()?;
        rollback(&session.connection);
        session.interrupt_at(self.deadline());
        // Another process writes: the thread can wait for it, this one must not.
        Some(write_alone(&session.connection, write)).filter(|done| !done.as_ref().is_err_and(is_busy))
    }

    fn work(&self) {
        loop {
            let jobs = self.queue.next();
            if jobs.is_empty() {
                return;
            }
            let guard = self.lock();
            let Some(session) = guard.as_ref() else { return };
            rollback(&session.connection);
            if let Err(error) = session.connection.busy_timeout(self.busy_timeout) {
                tracing::warn!(%error, "sqlite busy timeout not set");
            }
            let run = || run_group(session, jobs, || self.deadline());
            if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                tracing::error!(error = panic_text(panic.as_ref()), "sqlite write panicked");
            }
            rollback(&session.connection);
            if let Err(error) = session.connection.busy_timeout(Duration::ZERO) {
                tracing::warn!(%error, "sqlite busy timeout not set");
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.timeout.map(|t| Instant::now() + t)
    }

    // What a panic may leave open is rolled back by whoever comes next.
    fn lock(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a caller for as long as its future lives.
struct Active<'a>(&'a AtomicUsize);

impl<'a> Active<'a> {
    fn enter(active: &'a AtomicUsize) -> Self {
        active.fetch_add(1, Ordering::Relaxed);
        Self(active)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
