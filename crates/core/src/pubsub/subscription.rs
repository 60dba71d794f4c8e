//! What a subscriber has.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use serde::de::DeserializeOwned;

use super::inbox::Inbox;
use super::keeper::Hand;
use crate::{Error, Result};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub channel: Arc<str>,
    /// What was published.
    pub body: Bytes,
}

impl Message {
    /// The body, out of JSON.
    ///
    /// # Errors
    /// `Invalid` when it is not what was asked for.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|e| {
            Error::invalid(format!("a message of {:.40} is not what was asked for", self.channel)).source(e)
        })
    }
}

/// What a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// There may have been messages before this one that do not arrive: the connection to the product was lost and is
    /// there again.
    Missed,
}

/// A subscription to one channel; it ends when it is dropped.
///
/// Also a [`Stream`], which gives its error once and then ends.
#[derive(Debug)]
#[must_use = "dropping it ends the subscription"]
pub struct Subscription {
    pub(super) channel: Arc<str>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) hand: Hand,
    pub(super) over: bool,
}

impl Subscription {
    /// What it is subscribed to.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The next thing that arrives. Dropping the future loses nothing.
    ///
    /// # Errors
    /// `OverCapacity` when this reader was too slow and is no longer subscribed, `Unavailable` when the client was
    /// closed; what had arrived before is read first. Every further call fails in the same way.
    pub async fn recv(&mut self) -> Result<Received> {
        std::future::poll_fn(|context| self.inbox.poll(context)).await
    }
}

impl Stream for Subscription {
    type Item = Result<Received>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let polled = self.inbox.poll(context);
        self.over = matches!(polled, Poll::Ready(Err(_)));
        polled.map(Some)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.inbox.leave();
        self.hand.left(&self.channel);
    }
}
