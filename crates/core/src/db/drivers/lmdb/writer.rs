use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::{is_native, timeout};
use super::options::LmdbOptions;
use super::scan::Deadline;
use super::store::Store;
use super::write::{Moment, transact, write};
use crate::Result;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::embedded::{Answer, Job, WriteQueue, unavailable};
use crate::db::prepare::now_seconds;
use crate::task::panic_text;

/// The thread that writes, and what waits for it.
pub(super) struct Writer {
    queue: Arc<WriteQueue<Store>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    timeout: Option<Duration>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Unavailable` when the thread cannot be had.
    pub(super) fn start(store: Arc<Store>, options: &LmdbOptions) -> Result<Self> {
        let queue = Arc::new(WriteQueue::new(options.write_queue));
        let (jobs, timeout) = (queue.clone(), options.statement_timeout());
        let thread = std::thread::Builder::new()
            .name("lmdb-write".to_owned())
            .spawn(move || work(&store, &jobs, timeout))
            .map_err(|e| unavailable("no thread for writes").source(e))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), timeout })
    }

    /// One write, answered after its commit.
    ///
    /// # Errors
    /// Those of the write; `OverCapacity` when too many wait, `Timeout` when its time has passed, after
    /// which it may still be made.
    pub(super) async fn write(&self, write: Write) -> Result<Affected> {
        self.timed(self.queue.one(write)).await
    }

    /// Each write on its own; the answers in order.
    pub(super) async fn batch(&self, writes: Vec<Write>) -> Vec<Result<Affected>> {
        let count = writes.len();
        match self.timed(async { Ok(self.queue.batch(writes).await) }).await {
            Ok(answers) => answers,
            Err(error) => (0..count).map(|_| Err(error.duplicate())).collect(),
        }
    }

    /// All writes or none.
    ///
    /// # Errors
    /// As [`Writer::write`], and `ConditionFailed`.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Vec<Affected>> {
        self.timed(self.queue.transact(writes)).await
    }

    /// Runs something on the thread that manages its transaction itself, however long it takes.
    ///
    /// # Errors
    /// Those of the work, and `OverCapacity`.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queue.run(work).await
    }

    async fn timed<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        match self.timeout {
            Some(time) => tokio::time::timeout(time, answer)
                .await
                .unwrap_or_else(|_| Err(timeout("waiting for a write, which may still be made"))),
            None => answer.await,
        }
    }

    /// Takes no more writes and waits for those that were taken.
    pub(super) fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn work(store: &Store, queue: &WriteQueue<Store>, timeout: Option<Duration>) {
    loop {
        let jobs = queue.next();
        if jobs.is_empty() {
            return;
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run_group(store, jobs, timeout))) {
            tracing::error!(error = panic_text(panic.as_ref()), "lmdb write panicked");
        }
    }
}

/// Runs jobs in one transaction and answers each of them after the commit. One that fails undoes nothing
/// of the others; an error of LMDB itself fails them all.
fn run_group(store: &Store, mut jobs: Vec<Job<Store>>, timeout: Option<Duration>) {
    if matches!(jobs[..], [Job::Alone(_)]) {
        if let Some(Job::Alone(work)) = jobs.pop() {
            work(store);
        }
        return;
    }
    jobs.retain(|job| !job.is_abandoned());
    if jobs.is_empty() {
        return;
    }
    let done = store.commit(|txn| {
        let mut answers = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let end = timeout.map(|timeout| Instant::now() + timeout);
            let now = Moment { seconds: now_seconds(), deadline: Deadline(end) };
            answers.push(match job {
                Job::One { write: one, .. } => Answer::One(survive(write(store, txn, one, now))?),
                Job::Group { writes, .. } => Answer::Group(survive(transact(store, txn, writes, now))?),
                Job::Alone(_) => Answer::Group(Ok(Vec::new())),
            });
        }
        Ok(answers)
    });
    match done {
        Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answer)| job.answer(answer)),
        Err(error) => jobs.into_iter().for_each(|job| job.fail(&error)),
    }
}

/// The result of a job, unless the transaction cannot go on after it.
fn survive<T>(done: Result<T>) -> Result<Result<T>> {
    match done {
        Err(error) if is_native(&error) => Err(error),
        done => Ok(done),
    }
}
