//! The contract between [`Queue`](super::Queue) and a product.
//!
//! A driver keeps messages and hands them out; it decides nothing about failures: the facade says for how long a
//! message rests after one, and when it is given up.
//!
//! - **put** is answered when the messages would survive the death of this process, and of the product's as far as
//!   the product can promise it. Each message is stored or not, whatever becomes of the others.
//! - **take** hands a message to one taker only, counts the attempt, and hides the message for the time asked for;
//!   counted by the clock of the product where it has one. It hands out as many as there are, up to the number
//!   asked for, at once; only when there is none does it wait, and it ends waiting as soon as there is one.
//! - **settle** and **extend** act for the taker only whose token is the message's; for anybody else they change
//!   nothing and say so. Settling twice is no error.
//! - A message whose taker's time is over is due again: nobody has to look after it.
//! - **cancel** of a message that somebody has is noted with it: whoever takes it next is told so, and `Retry` and
//!   `Return` end it as cancelled.
//! - Every call may be dropped: what it was to do has happened then, or not, and is made up for by time.

pub use super::capability::Capabilities;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{Cancelled, Counts, Delivery, Hold, Info, Message, Receipt, State, Stored};
use crate::Result;

/// What a taker asks for.
#[derive(Clone, Debug)]
pub struct Take {
    /// The most messages, at least 1.
    pub max: usize,
    /// For how long they are his.
    pub visibility: Duration,
    /// How long to wait when there is none.
    pub wait: Duration,
    /// Ends the waiting.
    pub stop: CancellationToken,
}

/// What is to become of a message, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Completed, with this result.
    Complete(Option<String>),
    /// Retryable, after a pause, for this reason.
    Retry(Duration, String),
    /// Discarded, for this reason.
    Discard(String),
    /// Cancelled.
    Cancel,
    /// Available at once; the attempt does not count.
    Return,
}

/// A message of a taker's and its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which, and by what right.
    pub receipt: Receipt,
    /// What becomes of it.
    pub fate: Fate,
}

/// A queue in a product. Calls that need a capability are refused unless a driver serves them.
pub trait QueueDriver: Send + Sync + fmt::Debug + 'static {
    /// The name of the product.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Stores messages; what became of each, in order.
    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>>;

    /// Hands out messages.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the product does not answer.
    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>>;

    /// Ends or puts back what was taken; for each in order whether it was still the taker's.
    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>>;

    /// Gives takers another `visibility` from now on; for each in order whether the message is still theirs.
    ///
    /// # Errors
    /// As [`take`](Self::take): nobody knows then.
    fn extend(&self, receipts: Vec<Receipt>, visibility: Duration) -> BoxFuture<'_, Result<Vec<Hold>>>;

    /// Cancels a message.
    ///
    /// # Errors
    /// `Unsupported` without the capability `inspect`.
    fn cancel(&self, id: String) -> BoxFuture<'_, Result<Cancelled>> {
        let _ = id;
        refused(self.name(), "find a message")
    }

    /// What is known of a message.
    ///
    /// # Errors
    /// `Unsupported` without the capability `inspect`.
    fn find(&self, id: String) -> BoxFuture<'_, Result<Option<Info>>> {
        let _ = id;
        refused(self.name(), "find a message")
    }

    /// Messages in a state, the latest first, at most `count`.
    ///
    /// # Errors
    /// `Unsupported` without the capability `inspect`.
    fn list(&self, state: State, count: usize) -> BoxFuture<'_, Result<Vec<Info>>> {
        let _ = (state, count);
        refused(self.name(), "list messages")
    }

    /// How many there are.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    fn counts(&self) -> BoxFuture<'_, Result<Counts>>;

    /// Takes a key for a message, for a time, unless another message has it; says who has it now.
    ///
    /// # Errors
    /// `Unsupported` without the capability `unique`.
    fn take_key(&self, key: String, owner: String, ttl: Duration) -> BoxFuture<'_, Result<String>> {
        let _ = (key, owner, ttl);
        refused(self.name(), "keep unique keys")
    }

    /// Frees a key that this owner has.
    ///
    /// # Errors
    /// As [`take_key`](Self::take_key).
    fn free_key(&self, key: String, owner: String) -> BoxFuture<'_, Result<()>> {
        let _ = (key, owner);
        refused(self.name(), "keep unique keys")
    }

    /// Removes all messages of the queue, in whatever state.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    fn purge(&self) -> BoxFuture<'_, Result<()>>;

    /// Ends what runs in the background, and connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The answer to a call that a product cannot serve.
fn refused<T: Send + 'static>(product: &str, what: &str) -> BoxFuture<'static, Result<T>> {
    Box::pin(std::future::ready(Err(lacks(product, what))))
}

/// The error of a call that a product cannot serve.
pub(crate) fn lacks(product: &str, what: &str) -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::Unsupported,
        format!("the queue is in {product}, which cannot {what}"),
    )
}
