use tokio::sync::oneshot;

use super::job::{Job, Reply};
use super::queue::Queue;
use super::{refusal, unavailable};
use crate::Result;
use crate::db::driver::{Affected, Write};

/// The most writes in one commit.
const GROUP: usize = 256;

/// Writes on their way to the one thread that makes them, and their answers.
pub(in crate::db::drivers) struct WriteQueue<S> {
    queue: Queue<Job<S>>,
}

impl<S> WriteQueue<S> {
    /// An empty queue for so many writes.
    pub(in crate::db::drivers) fn new(capacity: usize) -> Self {
        Self { queue: Queue::new(capacity) }
    }

    /// One write, answered after its commit.
    ///
    /// # Errors
    /// Those of the write; `OverCapacity` when too many wait, `Unavailable` after the queue was closed.
    /// Dropping the future does not say whether the write happened.
    pub(in crate::db::drivers) async fn one(&self, write: Write) -> Result<Affected> {
        receive(self.push(|reply| Job::One { write, reply })?).await
    }

    /// Each write on its own; the answers in order.
    pub(in crate::db::drivers) async fn batch(&self, writes: Vec<Write>) -> Vec<Result<Affected>> {
        let mut answers = Vec::with_capacity(writes.len());
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            // As many as a commit takes, so that a long batch does not fill the queue.
            let asked: Vec<_> = writes
                .by_ref()
                .take(GROUP)
                .map(|write| self.push(|reply| Job::One { write, reply }))
                .collect();
            for waiting in asked {
                answers.push(match waiting {
                    Ok(answer) => receive(answer).await,
                    Err(error) => Err(error),
                });
            }
        }
        answers
    }

    /// All writes or none.
    ///
    /// # Errors
    /// As [`one`](Self::one), and `ConditionFailed`.
    pub(in crate::db::drivers) async fn transact(&self, writes: Vec<Write>) -> Result<Vec<Affected>> {
        receive(self.push(|reply| Job::Group { writes, reply })?).await
    }

    /// Runs something on the thread that manages its transaction itself.
    ///
    /// # Errors
    /// Those of the work, and as [`one`](Self::one).
    pub(in crate::db::drivers) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&S) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let alone = |reply: Reply<T>| {
            Job::Alone(Box::new(move |session: &S| {
                // Nobody waits any more: fine.
                let _ = reply.send(work(session));
            }))
        };
        receive(self.push(alone)?).await
    }

    fn push<T>(&self, job: impl FnOnce(Reply<T>) -> Job<S>) -> Result<oneshot::Receiver<Result<T>>> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(job(reply)).map_err(|refused| refusal(refused, "writes"))?;
        Ok(answer)
    }

    /// Waits for jobs, and gives those that may share a commit; none when the queue is closed and empty.
    pub(in crate::db::drivers) fn next(&self) -> Vec<Job<S>> {
        self.queue.pop_group(GROUP, Job::is_groupable)
    }

    /// Whether nothing waits.
    pub(in crate::db::drivers) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes no more writes; those that wait are still made.
    pub(in crate::db::drivers) fn close(&self) {
        self.queue.close();
    }
}

async fn receive<T>(answer: oneshot::Receiver<Result<T>>) -> Result<T> {
    answer.await.map_err(|_| unavailable("a write ended without an answer"))?
}
