//! Submits a tick, until the queue has it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

use super::clock::LOOK;
use super::entry::shown;
use super::sources::queue_of;
use super::{Entry, Missed};
use crate::config::Handle;
use crate::jobs::{Jobs, JobsParams};
use crate::queue::{Message, Queue, Stored, Unique};
use crate::{ErrorKind, Result, task};

/// How long a tick is tried again while the queue does not answer, and how long it is known to have been submitted:
/// clocks of hosts must not differ by more.
const TRIED: Duration = Duration::from_secs(300);

/// Submits a tick in the background, and tries again while the queue does not answer.
pub(super) fn submit(
    jobs: &Jobs,
    params: &Handle<JobsParams>,
    entry: Entry,
    tick: i64,
) -> JoinHandle<Option<()>> {
    let tick = Arc::new(Tick::new(jobs.clone(), params.load_full(), entry, tick));
    task::spawn("cron", async move {
        let attempt = tick.clone();
        let attempt = move || -> BoxFuture<'static, Result<bool>> {
            let tick = attempt.clone();
            Box::pin(async move { tick.submit().await })
        };
        let submitted = again(attempt).await;
        let (name, time) = (tick.entry.name.as_str(), shown(tick.time));
        match submitted {
            Ok(true) => tracing::debug!(name, tick = time, "cron tick"),
            Ok(false) => tracing::debug!(name, tick = time, "another one has submitted the cron tick"),
            Err(error) => {
                tick.give_up().await;
                tracing::error!(name, tick = time, error = error.log_text(), "a cron tick was not submitted");
            }
        }
    })
}

/// A tick that is to be submitted.
pub(super) struct Tick {
    jobs: Jobs,
    params: Arc<JobsParams>,
    entry: Entry,
    time: i64,
    /// That of its message, the same in every attempt: each has the keys that those before it took, and a product that
    /// knows messages by their ids stores it once.
    id: String,
}

impl Tick {
    pub(super) fn new(jobs: Jobs, params: Arc<JobsParams>, entry: Entry, time: i64) -> Self {
        Self { jobs, params, entry, time, id: Message::new("").id }
    }

    fn queue(&self) -> Result<&Queue> {
        self.jobs.queue(queue_of(&self.entry, &self.params))
    }

    /// By which hosts know that it was submitted.
    fn key(&self) -> String {
        format!("cron:{}:{}", self.entry.name, self.time)
    }

    /// Whether it was submitted by this call. To be called again when it is not known.
    pub(super) async fn submit(&self) -> Result<bool> {
        let entry = &self.entry;
        if entry.job.disabled {
            return Ok(false);
        }
        let kept = TRIED * 2 + made_up(entry, self.time);
        let queue = self.queue()?;
        let (_, mut message) = entry.job.clone().into_message()?;
        message.id.clone_from(&self.id);
        let own_key = message.unique.is_some();
        if own_key {
            // The message has a key already: that of the tick is taken beside it.
            if queue.take_key(&self.key(), &self.id, kept).await? != self.id {
                return Ok(false);
            }
        } else {
            message.unique = Some(Unique::within(self.key(), kept));
        }
        match queue.put(message).await? {
            Stored::New(_) => Ok(true),
            Stored::Duplicate => {
                if own_key && !entry.job.drop_duplicate {
                    let name = entry.name.as_str();
                    tracing::info!(name, "a cron job is left out: the one before it has not ended");
                }
                Ok(false)
            }
        }
    }

    /// Leaves it to whoever makes up for missed ticks.
    async fn give_up(&self) {
        let Ok(queue) = self.queue() else { return };
        if let Err(error) = queue.free_key(&self.key(), &self.id).await {
            tracing::warn!(
                error = error.log_text(),
                "the key of a cron tick stays taken until its time is over"
            );
        }
    }
}

/// For how much longer it must be known that a tick was submitted, where missed ones are made up for.
fn made_up(entry: &Entry, tick: i64) -> Duration {
    match (entry.missed, entry.next(tick)) {
        (Missed::Once, Some(next)) => {
            Duration::from_millis(u64::try_from(next - tick).unwrap_or(0)) * 2 + Duration::from_secs(86_400)
        }
        _ => Duration::ZERO,
    }
}

/// Tries for as long as a tick is tried.
pub(super) async fn again<T>(work: impl Fn() -> BoxFuture<'static, Result<T>>) -> Result<T> {
    let end = tokio::time::Instant::now() + TRIED;
    loop {
        match work().await {
            // Tables may be made at this moment.
            Err(error)
                if (error.kind().is_retryable() || error.kind() == ErrorKind::NotPrepared)
                    && tokio::time::Instant::now() < end =>
            {
                tokio::time::sleep(LOOK).await;
            }
            done => return done,
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::Error;
    use crate::queue::driver::{Capabilities, QueueDriver, Settled, Take};
    use crate::queue::{
        Bell, Counts, Delivery, Hold, QueueOptions, QueueParams, Queues, Receipt, Site, State,
    };

    fn site(folder: &std::path::Path) -> Site<'_> {
        Site { db: None, folder, bell: Bell::default() }
    }

    fn jobs(folder: &std::path::Path) -> Jobs {
        let mut params = QueueParams::default();
        params.queue.insert(String::new(), crate::config::Secret::new("local://"));
        Jobs::new(Queues::open(&params, &site(folder)).expect("opens"))
    }

    fn entry(json: serde_json::Value) -> Entry {
        Entry::from_json(json).expect("is an entry")
    }

    async fn waiting(jobs: &Jobs) -> usize {
        jobs.queue("").expect("is there").list(State::Available, 100).await.expect("answers").len()
    }

    #[tokio::test]
    async fn a_tick_is_submitted_once_by_however_many_hosts() {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = [jobs(folder.path()), jobs(folder.path()), jobs(folder.path())];
        let params = Arc::new(JobsParams::default());
        let plain = entry(json!({"cron": "* * * * *", "job": "a"}));
        let keyed = entry(json!({"cron": "* * * * *", "job": "b", "uniqueKey": "b", "uniqueDrop": true}));
        let mut new = 0;
        for tick in [60_000, 120_000] {
            for host in &hosts {
                for entry in [&plain, &keyed] {
                    let tick = Tick::new(host.clone(), params.clone(), entry.clone(), tick);
                    new += usize::from(tick.submit().await.expect("answers"));
                }
            }
        }
        // The second tick of the one with a key of its own finds the first one still waiting.
        assert_eq!((new, waiting(&hosts[0]).await), (3, 3));
        for host in hosts {
            host.close().await;
        }
    }

    /// A product without unique keys, as a broker that is away for the first puts.
    #[derive(Debug)]
    struct Away {
        refused: AtomicUsize,
        stored: Mutex<Vec<String>>,
    }

    impl QueueDriver for Away {
        fn name(&self) -> &'static str {
            "away"
        }

        fn capabilities(&self) -> &Capabilities {
            const CAPABILITIES: Capabilities = Capabilities { unique: false, ..Capabilities::ALL };
            &CAPABILITIES
        }

        fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
            let take = |left: usize| left.checked_sub(1);
            let is_away = self.refused.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
            let put = |message: Message| {
                if is_away {
                    return Err(Error::new(ErrorKind::Unavailable, "the queue is away"));
                }
                self.stored.lock().expect("is whole").push(message.id.clone());
                Ok(Stored::New(message.id))
            };
            Box::pin(std::future::ready(messages.into_iter().map(put).collect()))
        }

        fn take(&self, _: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }

        fn settle(&self, _: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
            Box::pin(std::future::ready(Vec::new()))
        }

        fn extend(&self, _: Vec<Receipt>, _: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
            Box::pin(std::future::ready(Ok(Vec::new())))
        }

        fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
            Box::pin(std::future::ready(Ok(Counts::default())))
        }

        fn purge(&self) -> BoxFuture<'_, Result<()>> {
            Box::pin(std::future::ready(Ok(())))
        }

        fn close(&self) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    /// Jobs in a queue that refuses so many puts, whose keys are in a file.
    fn away(folder: &std::path::Path, refused: usize) -> (Arc<Away>, Jobs) {
        let broker = Arc::new(Away { refused: refused.into(), stored: Mutex::default() });
        let options = QueueOptions::at("local://").expect("fits");
        let keys = Queue::open("", &options, &site(folder)).expect("opens");
        let queue = Queue::of(broker.clone()).with_keys_in(&keys);
        (broker, Jobs::new(Queues::of(queue)))
    }

    #[tokio::test]
    async fn a_tick_whose_queue_was_away_is_submitted_when_it_is_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (broker, jobs) = away(folder.path(), 0);
        let params = Handle::fixed(JobsParams::default());
        let plain = entry(json!({"cron": "* * * * *", "job": "a"}));
        let keyed = entry(json!({"cron": "* * * * *", "job": "b", "uniqueKey": "b", "uniqueDrop": true}));
        for entry in [plain, keyed] {
            broker.refused.store(1, Ordering::Relaxed);
            broker.stored.lock().expect("is whole").clear();
            let submitted = submit(&jobs, &params, entry.clone(), 60_000);
            submitted.await.expect("joins").expect("ends");
            assert_eq!(broker.stored.lock().expect("is whole").len(), 1, "{entry:?}");
            // And by nobody else.
            let other = Tick::new(jobs.clone(), params.load_full(), entry, 60_000);
            assert!(!other.submit().await.expect("answers"));
        }
    }

    #[tokio::test]
    async fn a_tick_that_was_given_up_is_left_to_who_makes_up_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (broker, jobs) = away(folder.path(), 1);
        let params = Arc::new(JobsParams::default());
        let keyed = entry(json!({"cron": "* * * * *", "job": "b", "uniqueKey": "b"}));
        let tick = || Tick::new(jobs.clone(), params.clone(), keyed.clone(), 60_000);
        let first = tick();
        assert!(first.submit().await.is_err());
        assert!(!tick().submit().await.expect("answers"), "the first one tries again");
        first.give_up().await;
        assert!(tick().submit().await.expect("answers"));
        assert_eq!(broker.stored.lock().expect("is whole").len(), 1);
    }
}
