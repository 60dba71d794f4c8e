use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::driver::{Capabilities, Fate, QueueDriver, Settled, Take, lacks};
use super::drivers::{self, db::DbQueue};
use super::message::check_key;
use super::{
    Cancelled, Counts, Delivery, Hold, Info, Message, Outcome, PRIORITIES, QueueOptions, Receipt, Site,
    State, Stored, Unique,
};
use crate::db::{Operation, Written};
use crate::{Error, ErrorKind, Result};

/// The longest body of a message in bytes: what every product takes.
pub const MAX_BODY: usize = 200 * 1024;

/// The most messages of one take.
const MAX_TAKE: usize = 1000;

/// The longest text of an error or result that is kept.
const MAX_TEXT: usize = 16 * 1024;

/// How long a key is kept elsewhere for a message that is in a product without keys and has no time of its own.
const KEPT_ELSEWHERE: Duration = Duration::from_secs(86_400);

/// How long a key is kept elsewhere before its message is known to be stored.
const KEPT_AT_FIRST: Duration = Duration::from_secs(60);

/// A queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    /// The name of the client, empty for the default one.
    name: String,
    driver: Arc<dyn QueueDriver>,
    /// The same driver, where it is in a database.
    db: Option<Arc<DbQueue>>,
    /// Who keeps unique keys.
    keys: Option<Arc<dyn QueueDriver>>,
    options: QueueOptions,
}

impl Queue {
    /// Opens the queue of a client with this name; connects when it is first used.
    ///
    /// # Errors
    /// `Config` for a URL or option that cannot be used.
    pub fn open(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Self> {
        let opened = drivers::open(name, options, site)?;
        Ok(Self(Arc::new(Inner {
            name: name.to_owned(),
            keys: opened.driver.capabilities().unique.then(|| opened.driver.clone()),
            driver: opened.driver,
            db: opened.db,
            options: options.clone(),
        })))
    }

    /// The queue of a driver that a test has made.
    #[cfg(test)]
    pub(crate) fn of(driver: Arc<dyn QueueDriver>) -> Self {
        let keys = driver.capabilities().unique.then(|| driver.clone());
        Self(Arc::new(Inner {
            name: String::new(),
            driver,
            db: None,
            keys,
            options: QueueOptions::default(),
        }))
    }

    /// The same queue with unique keys kept in another one, where its product has none.
    #[must_use]
    pub fn with_keys_in(self, other: &Self) -> Self {
        if self.capabilities().unique {
            return self;
        }
        let Inner { name, driver, db, options, .. } = &*self.0;
        let (name, driver, db, options) = (name.clone(), driver.clone(), db.clone(), options.clone());
        Self(Arc::new(Inner { name, driver, db, keys: other.0.keys.clone(), options }))
    }

    /// The name of the client, empty for the default one.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name of the product.
    pub fn product(&self) -> &'static str {
        self.0.driver.name()
    }

    /// What the product can do.
    pub fn capabilities(&self) -> &Capabilities {
        self.0.driver.capabilities()
    }

    /// How messages are treated.
    pub fn options(&self) -> &QueueOptions {
        &self.0.options
    }

    /// Stores a message.
    ///
    /// # Errors
    /// `Invalid` or `TooLarge` for a message that no product takes; `Unavailable` or `Timeout` when it is not known
    /// to be stored.
    pub async fn put(&self, message: Message) -> Result<Stored> {
        let mut all = self.put_all(vec![message]).await;
        all.pop().unwrap_or_else(|| Err(Error::internal("no answer for a message")))
    }

    /// Stores messages, each on its own; what became of each, in order.
    pub async fn put_all(&self, messages: Vec<Message>) -> Vec<Result<Stored>> {
        let mut answers: Vec<Option<Result<Stored>>> = Vec::with_capacity(messages.len());
        let mut ready = Vec::with_capacity(messages.len());
        for message in messages {
            let message = match check(message) {
                Ok(message) => self.keyed(message).await,
                Err(refused) => Err(refused),
            };
            match message {
                Ok(Some(message)) => {
                    ready.push(message);
                    answers.push(None);
                }
                Ok(None) => answers.push(Some(Ok(Stored::Duplicate))),
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let keyed: Vec<_> = ready.iter().map(|m| (m.id.clone(), m.unique.clone())).collect();
        let stored = match ready.is_empty() {
            true => Vec::new(),
            false => self.0.driver.put(ready.into_iter().map(|m| self.complete(m)).collect()).await,
        };
        let mut done = Vec::with_capacity(stored.len());
        for ((id, unique), stored) in keyed.into_iter().zip(stored) {
            done.push(self.confirm(id, unique, stored).await);
        }
        let mut done = done.into_iter();
        let missing = || Err(Error::internal("no answer for a message"));
        answers.into_iter().map(|answer| answer.or_else(|| done.next()).unwrap_or_else(missing)).collect()
    }

    /// Stores messages in one transaction with other writes of the pool that the queue is in: all or none.
    ///
    /// The answers are those of the operations. A message with a unique key of which there is one makes the whole
    /// fail.
    ///
    /// # Errors
    /// `Unsupported` for a queue that is in no database; `AlreadyExists` for a unique key that is taken; those of
    /// [`Db::transact`](crate::db::Db::transact).
    pub async fn put_with(&self, operations: Vec<Operation>, messages: Vec<Message>) -> Result<Vec<Written>> {
        let Some(db) = &self.0.db else {
            return Err(lacks(self.product(), "take part in a transaction of a database"));
        };
        let messages = messages.into_iter().map(|m| check(m).map(|m| self.complete(m)));
        db.put_with(operations, messages.collect::<Result<_>>()?).await
    }

    /// Takes up to `max` messages, at most 1000; waits up to `wait` when there is none.
    ///
    /// Messages that were tried too often or whose time is over are discarded, and those that were cancelled when
    /// another taker had them are ended, not given: fewer, or none, may come.
    /// Dropping the future may leave messages taken; they come again when their time is over.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the product does not answer.
    pub async fn take(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>> {
        self.take_until(max, wait, CancellationToken::new()).await
    }

    /// As [`take`](Self::take); `stop` ends the waiting.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub async fn take_until(
        &self,
        max: usize,
        wait: Duration,
        stop: CancellationToken,
    ) -> Result<Vec<Delivery>> {
        let take = Take { max: max.clamp(1, MAX_TAKE), visibility: self.0.options.visibility, wait, stop };
        let taken = self.0.driver.take(take).await?;
        let (good, spent): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|d| !d.cancelled && !d.expired && d.attempt <= d.attempts);
        let spent: Vec<_> = spent
            .into_iter()
            .map(|d| {
                let outcome = if d.cancelled {
                    Outcome::Cancelled
                } else if d.expired {
                    Outcome::Useless("not begun in time".to_owned())
                } else {
                    Outcome::Useless(format!("begun {} times and never ended", d.attempt - 1))
                };
                (d, outcome)
            })
            .collect();
        if !spent.is_empty() {
            // What fails here comes again.
            self.settle(spent).await;
        }
        Ok(good)
    }

    /// Says what came of messages; for each in order whether it was still the taker's.
    pub async fn settle(&self, outcomes: Vec<(Delivery, Outcome)>) -> Vec<Result<bool>> {
        let backoff = self.0.options.backoff();
        let mut ended = Vec::new();
        let mut settled = Vec::with_capacity(outcomes.len());
        for (delivery, outcome) in outcomes {
            let Delivery { receipt, attempt, attempts, key, .. } = delivery;
            let fate = match outcome {
                Outcome::Done(result) => Fate::Complete(result.map(short)),
                Outcome::Failed(error) if attempt < attempts => {
                    Fate::Retry(backoff.after(attempt), short(error))
                }
                Outcome::Failed(error) | Outcome::Useless(error) => Fate::Discard(short(error)),
                Outcome::Cancelled => Fate::Cancel,
                Outcome::Returned => Fate::Return,
            };
            let lives = matches!(fate, Fate::Retry(..) | Fate::Return);
            ended.extend(key.filter(|key| !lives && !key.keep).map(|key| (key.key, receipt.id.clone())));
            settled.push(Settled { receipt, fate });
        }
        let done = match settled.is_empty() {
            true => Vec::new(),
            false => self.0.driver.settle(settled).await,
        };
        if let Some(keys) = &self.0.keys {
            for (key, owner) in ended {
                if let Err(error) = keys.free_key(key, owner).await {
                    tracing::warn!(
                        error = error.log_text(),
                        "a unique key stays taken until its time is over"
                    );
                }
            }
        }
        done
    }

    /// Gives the takers of messages their time anew; for each in order whether it is still his.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: nobody knows then.
    pub async fn extend(&self, receipts: Vec<Receipt>) -> Result<Vec<Hold>> {
        match receipts.is_empty() {
            true => Ok(Vec::new()),
            false => self.0.driver.extend(receipts, self.0.options.visibility).await,
        }
    }

    /// Cancels a message: at once if it waits, else its taker is asked to stop. When he ends without a word, fails or
    /// gives it back, it is cancelled all the same and handed to nobody else.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot find a message.
    pub async fn cancel(&self, id: &str) -> Result<Cancelled> {
        self.0.driver.cancel(id.to_owned()).await
    }

    /// What is known of a message; nothing after it has ended and is kept no longer.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot find a message.
    pub async fn find(&self, id: &str) -> Result<Option<Info>> {
        self.0.driver.find(id.to_owned()).await
    }

    /// Messages in a state, the latest first.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot list messages.
    pub async fn list(&self, state: State, count: usize) -> Result<Vec<Info>> {
        self.0.driver.list(state, count.clamp(1, 1000)).await
    }

    /// How many messages there are.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`.
    pub async fn counts(&self) -> Result<Counts> {
        self.0.driver.counts().await
    }

    /// Takes a key for an owner unless it is taken; says who has it now. For agreements beside messages, as those
    /// of several hosts on who fires.
    ///
    /// # Errors
    /// `Invalid` for what is no key, `Unsupported` when nobody keeps keys; `Unavailable`, `Timeout`.
    pub async fn take_key(&self, key: &str, owner: &str, ttl: Duration) -> Result<String> {
        check_key(key)?;
        match &self.0.keys {
            Some(keys) => keys.take_key(key.to_owned(), owner.to_owned(), ttl).await,
            None => Err(lacks(self.product(), "keep unique keys")),
        }
    }

    /// Frees a key that this owner took, before its time is over.
    ///
    /// # Errors
    /// As [`take_key`](Self::take_key): it stays taken until its time is over then.
    pub async fn free_key(&self, key: &str, owner: &str) -> Result<()> {
        match &self.0.keys {
            Some(keys) => keys.free_key(key.to_owned(), owner.to_owned()).await,
            None => Err(lacks(self.product(), "keep unique keys")),
        }
    }

    /// Removes all messages.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`.
    pub async fn purge(&self) -> Result<()> {
        self.0.driver.purge().await
    }

    /// Ends what runs in the background, and connections.
    pub async fn close(&self) {
        self.0.driver.close().await;
    }

    fn complete(&self, mut message: Message) -> Message {
        message.attempts.get_or_insert(self.0.options.attempts);
        message
    }

    /// The message once its key is taken, where the product keeps none; none when somebody else has it.
    async fn keyed(&self, message: Message) -> Result<Option<Message>> {
        let Some(unique) = &message.unique else { return Ok(Some(message)) };
        if self.capabilities().unique {
            return Ok(Some(message));
        }
        let Some(keys) = &self.0.keys else {
            return Err(lacks(self.product(), "keep unique keys"));
        };
        let owner = keys.take_key(unique.key.clone(), message.id.clone(), KEPT_AT_FIRST).await?;
        Ok((owner == message.id).then_some(message))
    }

    /// Keeps the key of a message that is stored, and frees that of one that is not.
    async fn confirm(&self, id: String, unique: Option<Unique>, stored: Result<Stored>) -> Result<Stored> {
        let (Some(unique), false, Some(keys)) = (unique, self.capabilities().unique, &self.0.keys) else {
            return stored;
        };
        let kept = match &stored {
            Ok(_) => {
                let ttl = unique.ttl.unwrap_or(KEPT_ELSEWHERE);
                keys.take_key(unique.key, id, ttl).await.map(drop)
            }
            // Also when it is not known whether it was stored: whoever was refused tries again, and a job that runs
            // twice does less harm than one that never runs.
            Err(_) => keys.free_key(unique.key, id).await,
        };
        if let Err(error) = kept {
            tracing::warn!(error = error.log_text(), "a unique key is kept for a minute only");
        }
        stored
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("name", &self.0.name).field("product", &self.product()).finish()
    }
}

fn check(message: Message) -> Result<Message> {
    if message.body.len() > MAX_BODY {
        let text = format!("a message of {} bytes is over the limit of {MAX_BODY}", message.body.len());
        return Err(Error::new(ErrorKind::TooLarge, text));
    }
    let id_is_plain = !message.id.is_empty()
        && message.id.len() <= 64
        && message.id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !id_is_plain {
        return Err(Error::invalid(
            "the id of a message is up to 64 letters, digits, dashes and underscores",
        ));
    }
    if message.priority >= PRIORITIES {
        return Err(Error::invalid(format!("a priority is from 0 to {}", PRIORITIES - 1)));
    }
    if message.attempts == Some(0) {
        return Err(Error::invalid("a message is tried once at least: attempts must not be 0"));
    }
    if message.delay > Duration::from_secs(366 * 86_400) {
        return Err(Error::invalid("a message is delayed by a year at most"));
    }
    message.unique.as_ref().map(Unique::check).transpose()?;
    Ok(message)
}

/// As much of a text as is kept.
fn short(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
    }
    text
}
