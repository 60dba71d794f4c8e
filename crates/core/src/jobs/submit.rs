use super::Job;
use crate::db::{Operation, Written};
use crate::queue::{Cancelled, Queue, Queues, Stored};
use crate::{Error, ErrorKind, Result};

/// Puts jobs into the queues of an application. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Jobs {
    queues: Queues,
}

impl Jobs {
    /// Jobs in these queues.
    pub fn new(queues: Queues) -> Self {
        Self { queues }
    }

    /// All queues.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// A queue by name, to look at its jobs; empty is the default one.
    ///
    /// # Errors
    /// `NotFound` for one that is not configured.
    pub fn queue(&self, name: &str) -> Result<&Queue> {
        self.queues.get(name)
    }

    /// Submits a job; gives its id, or nothing for one that is disabled, or dropped because of its unique key.
    ///
    /// # Errors
    /// `AlreadyExists` for a unique key that is taken, `NotFound` for an unknown queue, `Invalid` for what is no job;
    /// those of [`Queue::put`].
    pub async fn submit(&self, job: Job) -> Result<Option<String>> {
        if job.disabled {
            return Ok(None);
        }
        let drops = job.drop_duplicate;
        let key = job.unique.as_ref().map(|unique| unique.key.clone()).unwrap_or_default();
        let (queue, message) = job.into_message()?;
        match self.queue(&queue)?.put(message).await? {
            Stored::New(id) => Ok(Some(id)),
            Stored::Duplicate if drops => Ok(None),
            Stored::Duplicate => {
                let text = format!("there is a job with the unique key {key:.60}");
                Err(Error::new(ErrorKind::AlreadyExists, text))
            }
        }
    }

    /// Submits jobs in one transaction with other writes of the pool that their queue is in; gives the answers to
    /// those. All jobs must be for one queue.
    ///
    /// # Errors
    /// `Unsupported` for a queue that is in no database; those of [`submit`](Self::submit) and of
    /// [`Db::transact`](crate::db::Db::transact): nothing is stored then.
    pub async fn submit_with(&self, operations: Vec<Operation>, jobs: Vec<Job>) -> Result<Vec<Written>> {
        let mut name: Option<String> = None;
        let mut messages = Vec::with_capacity(jobs.len());
        for job in jobs.into_iter().filter(|job| !job.disabled) {
            let (queue, message) = job.into_message()?;
            if name.as_ref().is_some_and(|name| *name != queue) {
                return Err(Error::new(ErrorKind::Unsupported, "a transaction cannot span several queues"));
            }
            name = Some(queue);
            messages.push(message);
        }
        self.queue(&name.unwrap_or_default())?.put_with(operations, messages).await
    }

    /// Cancels a job: at once if it waits; one that runs is told within seconds, and dropped if it does not end.
    ///
    /// # Errors
    /// `NotFound` for an unknown queue, `Unsupported` where the product cannot find a job.
    pub async fn cancel(&self, queue: &str, id: &str) -> Result<Cancelled> {
        self.queue(queue)?.cancel(id).await
    }

    /// Closes the queues.
    pub async fn close(&self) {
        self.queues.close().await;
    }
}
