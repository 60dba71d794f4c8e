//! What applications call.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::timeout;

use super::driver::PubsubDriver;
use super::drivers::local::LocalPubsub;
use super::inbox::Inbox;
use super::keeper::Hand;
use super::{Capabilities, Reach, Subscription};
use crate::cache::check_name;
use crate::{Error, ErrorKind, Result};

/// The most bytes of the name of a channel.
pub const MAX_CHANNEL: usize = crate::cache::MAX_KEY;
/// The most bytes of a message.
pub const MAX_MESSAGE: usize = 512 << 10;
/// How long a product may take to accept a message.
const PUBLISH_LIMIT: Duration = Duration::from_secs(5);

/// How much may wait for one subscriber before it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages.
    pub messages: usize,
    /// Bytes of their bodies; one message always has room.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { messages: 1000, bytes: 8 << 20 }
    }
}

/// A client of one product: publishes, and subscribes to channels.
///
/// Cheap to clone; clones are the same, and share one connection that listens. Channels are 1 to [`MAX_CHANNEL`] bytes
/// without white space and control characters, messages at most [`MAX_MESSAGE`] bytes, whatever the product could do:
/// others are refused with `Invalid` and `TooLarge`.
#[derive(Clone)]
pub struct Pubsub {
    name: Arc<str>,
    driver: Arc<dyn PubsubDriver>,
    hand: Hand,
    limits: Limits,
    closed: Arc<AtomicBool>,
}

impl Pubsub {
    /// The client of a driver; `name` is for messages. Makes no connection.
    pub fn new(name: &str, driver: Arc<dyn PubsubDriver>, limits: Limits) -> Self {
        let hand = Hand::new(driver.clone());
        Self { name: name.into(), driver, hand, limits, closed: Arc::default() }
    }

    /// One that reaches this process only.
    pub fn in_memory() -> Self {
        Self::new("memory", Arc::new(LocalPubsub::alone()), Limits::default())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it can do.
    pub fn capabilities(&self) -> &Capabilities {
        self.driver.capabilities()
    }

    /// Whether other hosts hear what is published.
    pub fn is_everywhere(&self) -> bool {
        self.capabilities().reach == Reach::Everywhere
    }

    /// Sends a message to everybody who is subscribed now, this process included.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a channel, `TooLarge` for the message; `Unavailable` or `Timeout` when the product
    /// does not take it, in which case it may arrive all the same.
    pub async fn publish(&self, channel: &str, body: impl Into<Bytes>) -> Result<()> {
        check_name("channel", channel)?;
        let body = body.into();
        if body.len() > MAX_MESSAGE {
            let (size, most) = (body.len(), MAX_MESSAGE);
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("a message to {channel:.40} has {size} bytes: no more than {most} are possible"),
            ));
        }
        self.open()?;
        timeout(PUBLISH_LIMIT, self.driver.publish(channel, body)).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, "the pub/sub server does not answer, try again later"))
        })
    }

    /// Sends a message as JSON.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); `Invalid` when there is no JSON for it.
    pub async fn publish_json<T: Serialize + ?Sized>(&self, channel: &str, body: &T) -> Result<()> {
        let body = serde_json::to_vec(body).map_err(|e| {
            Error::invalid(format!("the message to {channel:.40} has no JSON form")).source(e)
        })?;
        self.publish(channel, body).await
    }

    /// Subscribes to a channel. What is published after the answer arrives; the subscription ends with its drop.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a channel; `Unavailable` or `Timeout` when the product is not there;
    /// `OverCapacity` when this process has a hundred thousand subscriptions.
    pub async fn subscribe(&self, channel: &str) -> Result<Subscription> {
        check_name("channel", channel)?;
        self.open()?;
        let inbox = Arc::new(Inbox::new(self.limits));
        let subscription = Subscription {
            channel: channel.into(),
            inbox: inbox.clone(),
            hand: self.hand.clone(),
            over: false,
        };
        self.hand.subscribe(subscription.channel.clone(), inbox).await?;
        Ok(subscription)
    }

    /// Ends all subscriptions and closes the connections; further calls fail.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.hand.close();
        self.driver.close();
    }

    fn open(&self) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the pub/sub client was closed"));
        }
        Ok(())
    }
}

impl fmt::Debug for Pubsub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pubsub")
            .field("name", &self.name)
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
