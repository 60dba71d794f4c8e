//! The contract between the facade and a product.

use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::Capabilities;
use crate::Result;

/// A product that carries messages from publishers to all who listen at that time.
///
/// Names and sizes have been checked by the facade: a channel is 1 to [`MAX_CHANNEL`](super::MAX_CHANNEL) bytes of UTF-8
/// without white space and control characters, every other character means itself; a message is at most
/// [`MAX_MESSAGE`](super::MAX_MESSAGE) bytes and may be empty. Channels that differ in one byte are different channels.
///
/// The facade limits how long it waits for any call. All futures may be dropped: what they were to do has happened
/// then, or not, or happens still.
pub trait PubsubDriver: Send + Sync + fmt::Debug + 'static {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Hands a message to the product, which gives it to everybody who listens. It is not sent twice.
    ///
    /// Messages to a channel arrive in the order in which these calls were answered.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the product does not take it; it may arrive all the same.
    fn publish<'a>(&'a self, channel: &'a str, body: Bytes) -> BoxFuture<'a, Result<()>>;

    /// Begins to listen, to no channel yet.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the product is not there.
    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn Listener>>>;

    /// Closes what [`publish`](Self::publish) uses. Further calls fail or connect again.
    fn close(&self);
}

/// One connection that listens. It ends with its drop; it is not made again by itself.
///
/// What waits in it to be fetched is bounded: what has no room is thrown away, and the next thing heard is
/// [`Heard::Missed`].
pub trait Listener: Send {
    /// Listens to these channels as well, which are new to it. What is published after the answer is heard.
    ///
    /// # Errors
    /// Any, after which this listener is of no use.
    fn subscribe<'a>(&'a mut self, channels: &'a [String]) -> BoxFuture<'a, Result<()>>;

    /// No longer listens to this channel; some of it may still be heard.
    ///
    /// # Errors
    /// Any, after which this listener is of no use.
    fn unsubscribe<'a>(&'a mut self, channel: &'a str) -> BoxFuture<'a, Result<()>>;

    /// The next thing. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Any, after which this listener is of no use. A product that is gone without a word is found out in half a minute.
    fn next(&mut self) -> BoxFuture<'_, Result<Heard>>;
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message {
        /// Where it was published.
        channel: String,
        /// What was published.
        body: Bytes,
    },
    /// There may have been messages that are not heard, of any channel.
    Missed,
}
