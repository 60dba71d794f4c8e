use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The number of priorities: they are 0, the usual one, to 9, which comes first.
pub const PRIORITIES: u8 = 10;

/// What is put into a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// By which it is known; made by [`Message::new`], ordered by time.
    pub id: String,
    /// What it says.
    pub body: String,
    /// From 0 to 9; the greater comes first, where the product has priorities.
    pub priority: u8,
    /// Not handed out before so much time has passed.
    pub delay: Duration,
    /// Discarded instead of handed out when so much time has passed.
    pub expires: Option<Duration>,
    /// How often it is tried; none is what the queue says.
    pub attempts: Option<u32>,
    /// At most one message with this key.
    pub unique: Option<Unique>,
}

impl Message {
    /// A message of the usual priority, due at once.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            id: uuid::Uuid::now_v7().simple().to_string(),
            body: body.into(),
            priority: 0,
            delay: Duration::ZERO,
            expires: None,
            attempts: None,
            unique: None,
        }
    }

    /// With another priority.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// Not before so much time has passed.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Not after so much time has passed.
    #[must_use]
    pub fn expires(mut self, time: Duration) -> Self {
        self.expires = Some(time);
        self
    }

    /// Tried so often.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// At most one message with this key.
    #[must_use]
    pub fn unique(mut self, unique: Unique) -> Self {
        self.unique = Some(unique);
        self
    }
}

/// A key of which a queue has one message at most; further ones are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// The key.
    pub key: String,
    /// The longest time from the put for which the key is taken; none is as long as the message is in the queue.
    pub ttl: Option<Duration>,
    /// The key stays taken for `ttl` even when the message has ended before.
    pub keep: bool,
}

impl Unique {
    /// One while it is in the queue: from its put until it is completed, cancelled or discarded.
    pub fn queued(key: impl Into<String>) -> Self {
        Self { key: key.into(), ttl: None, keep: false }
    }

    /// One within this time, whatever becomes of it.
    pub fn within(key: impl Into<String>, ttl: Duration) -> Self {
        Self { key: key.into(), ttl: Some(ttl), keep: true }
    }

    /// Refuses what is no key in some product.
    ///
    /// # Errors
    /// `Invalid`, with the name that a key has in requests and crontabs.
    pub(crate) fn check(&self) -> Result<()> {
        check_key(&self.key)?;
        if self.keep && self.ttl.is_none() {
            return Err(Error::invalid("uniqueKeep needs a uniqueTtl"));
        }
        Ok(())
    }
}

/// Refuses a text that cannot be a key in some product.
pub(super) fn check_key(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > 200 {
        return Err(Error::invalid("uniqueKey, a unique key, has from 1 to 200 bytes"));
    }
    if key.chars().any(char::is_control) {
        return Err(Error::invalid("uniqueKey, a unique key, has no control characters such as line ends"));
    }
    Ok(())
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The message is in the queue, under this id.
    New(String),
    /// There is one with its unique key: it was not stored.
    Duplicate,
}

/// By what a taker shows that a message is his.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// The message.
    pub id: String,
    /// What the driver gave with it.
    pub token: String,
}

/// A message as it is handed out.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The message and the right to it.
    pub receipt: Receipt,
    /// What it says.
    pub body: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub attempts: u32,
    /// Its unique key, if somebody else than the driver keeps it.
    pub key: Option<Unique>,
    /// Whether its time was over before it was handed out.
    pub expired: bool,
    /// Whether it was cancelled while another taker had it, who then ended without a word.
    pub cancelled: bool,
}

/// What came of the handling of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, with this result.
    Done(Option<String>),
    /// It failed for this reason: it is tried again, or discarded after the last attempt.
    Failed(String),
    /// It failed for a reason that another attempt does not cure: it is discarded.
    Useless(String),
    /// It was cancelled while it ran.
    Cancelled,
    /// It was not tried, or not to its end, for a reason of the taker's: the next one takes it at once, and this was
    /// no attempt.
    Returned,
}

/// Where a message is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waiting to be taken.
    Available,
    /// Waiting for its time.
    Scheduled,
    /// Taken.
    Executing,
    /// Failed, and waiting for its next attempt.
    Retryable,
    /// Done.
    Completed,
    /// Taken back.
    Cancelled,
    /// Given up after its last attempt, or never tried in time.
    Discarded,
}

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Available,
        Self::Scheduled,
        Self::Executing,
        Self::Retryable,
        Self::Completed,
        Self::Cancelled,
        Self::Discarded,
    ];

    /// The name, as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Scheduled => "scheduled",
            Self::Executing => "executing",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing happens to the message any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Discarded)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a message. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Info {
    /// The message.
    pub id: String,
    /// Where it is in its life.
    pub state: State,
    /// What it says.
    pub body: String,
    /// How often it was handed out.
    pub attempt: u32,
    /// How often it may be.
    pub attempts: u32,
    /// Its priority.
    pub priority: u8,
    /// What the last failure said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What its handler gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When it was put.
    pub put: i64,
    /// When it is due, or is taken away from its taker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<i64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<i64>,
}

/// How many messages there are in each state; none where the product does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Waiting to be taken.
    pub available: Option<u64>,
    /// Waiting for their time.
    pub scheduled: Option<u64>,
    /// Taken.
    pub executing: Option<u64>,
    /// Failed and waiting.
    pub retryable: Option<u64>,
    /// Done, as long as they are kept.
    pub completed: Option<u64>,
    /// Taken back, as long as they are kept.
    pub cancelled: Option<u64>,
    /// Given up, as long as they are kept.
    pub discarded: Option<u64>,
}

impl Counts {
    /// The number of messages in a state.
    pub const fn get(&self, state: State) -> Option<u64> {
        match state {
            State::Available => self.available,
            State::Scheduled => self.scheduled,
            State::Executing => self.executing,
            State::Retryable => self.retryable,
            State::Completed => self.completed,
            State::Cancelled => self.cancelled,
            State::Discarded => self.discarded,
        }
    }

    /// Sets the number of messages in a state.
    pub const fn set(&mut self, state: State, count: u64) {
        let place = match state {
            State::Available => &mut self.available,
            State::Scheduled => &mut self.scheduled,
            State::Executing => &mut self.executing,
            State::Retryable => &mut self.retryable,
            State::Completed => &mut self.completed,
            State::Cancelled => &mut self.cancelled,
            State::Discarded => &mut self.discarded,
        };
        *place = Some(count);
    }
}

/// Whether a message is still its taker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is, for another while.
    Held,
    /// It is, and somebody wants it cancelled.
    Cancelling,
    /// It is not: its time was over, and it was given to somebody else or taken back.
    Lost,
}

/// What became of the wish to cancel a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It was waiting, and is cancelled.
    Now,
    /// It runs: its taker learns of the wish when he extends his time.
    Asked,
    /// It had ended before, or is not known.
    TooLate,
}
