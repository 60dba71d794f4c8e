use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::connection::{Purpose, Session};
use super::error::is_busy;
use super::execute::rollback;
use super::file::File;
use super::options::SqliteOptions;
use crate::db::drivers::embedded::{Queue, refusal, unavailable};
use crate::task::panic_text;
use crate::{Error, ErrorKind, Result};

type Job = Box<dyn FnOnce(&Session) + Send>;

/// The connections for reads: some that callers use on their own thread, when they are free, for what
/// takes microseconds, and threads for everything else.
pub(super) struct Readers {
    inline: Vec<Mutex<Option<Session>>>,
    next: AtomicUsize,
    queue: Arc<Queue<Job>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    timeout: Option<Duration>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    ///
    /// # Errors
    /// `Unavailable` when a connection or thread cannot be had.
    pub(super) fn start(file: &Arc<File>, options: &SqliteOptions) -> Result<Self> {
        let inline = (0..options.inline_readers)
            .map(|_| Session::open(file, options, Purpose::Inline).map(|s| Mutex::new(Some(s))))
            .collect::<Result<_>>()?;
        let readers = Self {
            inline,
            next: AtomicUsize::new(0),
            queue: Arc::new(Queue::new(options.read_queue)),
            threads: Mutex::new(Vec::new()),
            timeout: options.statement_timeout(),
        };
        for number in 0..options.readers.max(1) {
            let session = Session::open(file, options, Purpose::Read)?;
            let queue = readers.queue.clone();
            let thread = std::thread::Builder::new()
                .name(format!("sqlite-read-{number}"))
                .spawn(move || work(&queue, &session))
                .map_err(|e| unavailable("no thread for reads").source(e))?;
            readers.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(readers)
    }

    /// Runs a short read on this thread; none when no connection is free at once.
    pub(super) fn try_inline<T>(&self, read: impl FnOnce(&Session) -> Result<T>) -> Option<Result<T>> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for at in 0..self.inline.len() {
            let guard = match self.inline[first.wrapping_add(at) % self.inline.len()].try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            let session = guard.as_ref()?;
            session.interrupt_at(self.timeout.map(|t| Instant::now() + t));
            return Some(read(session)).filter(|done| !done.as_ref().is_err_and(is_busy));
        }
        None
    }

    /// Runs a read on one of the threads.
    ///
    /// # Errors
    /// Those of the read; `OverCapacity` when too many wait, `Timeout` when its time has passed,
    /// `Unavailable` after the driver was closed.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let deadline = self.timeout.map(|t| Instant::now() + t);
        let job = move |session: &Session| {
            if reply.is_closed() {
                return;
            }
            let done = if deadline.is_some_and(|d| d <= Instant::now()) {
                Err(Error::new(ErrorKind::Timeout, "the database took too long")
                    .detail("waiting for a thread"))
            } else {
                session.interrupt_at(deadline);
                read(session)
            };
            // Nobody waits any more: fine.
            let _ = reply.send(done);
        };
        self.queue.push(Box::new(job)).map_err(|refused| refusal(refused, "reads"))?;
        answer.await.map_err(|_| unavailable("a read ended without an answer"))?
    }

    /// Takes no more reads, and waits for those that run or wait.
    pub(super) fn close(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
        for session in &self.inline {
            session.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn work(queue: &Queue<Job>, session: &Session) {
    while let Some(job) = queue.pop() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(session))) {
            tracing::error!(error = panic_text(panic.as_ref()), "sqlite read panicked");
        }
        rollback(&session.connection);
    }
}
