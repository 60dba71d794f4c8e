//! The processes of one tree.
//!
//! A message goes to every process of the tree, over the links between parents and children, and each passes it on to
//! those of its own that listen: no process keeps what others subscribe to, so none has anything to lose when another
//! one is started again. What a link has no room for is thrown away, and the processes behind it are told.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spool::Spool;
use crate::pubsub::{Capabilities, Heard, Listener, PubsubDriver, Reach};
use crate::{Error, Result};

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities { reach: Reach::Tree, confirms: false };

/// The way to the other processes of a tree.
pub trait Others: Send + Sync + fmt::Debug + 'static {
    /// Tells all of them, each of which gives it to [`LocalPubsub::told`]; returns at once.
    ///
    /// # Errors
    /// `OverCapacity` when there is no room on the way, `Unavailable` when there is none.
    fn tell(&self, said: Value) -> Result<()>;
}

/// Carries messages between the processes of a tree. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct LocalPubsub(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    others: Option<Arc<dyn Others>>,
    ears: Mutex<Vec<Weak<Ear>>>,
}

/// One listener.
#[derive(Debug, Default)]
struct Ear {
    channels: Mutex<HashSet<String>>,
    spool: Spool,
}

/// A message as it travels.
#[derive(Serialize, Deserialize)]
struct Said {
    channel: String,
    /// In base64.
    body: String,
}

impl LocalPubsub {
    /// For a process that has no others.
    pub fn alone() -> Self {
        Self::default()
    }

    /// For a process of a tree.
    pub fn among(others: Arc<dyn Others>) -> Self {
        Self(Arc::new(Inner { others: Some(others), ears: Mutex::default() }))
    }

    /// Another process has said this.
    ///
    /// # Errors
    /// `Invalid` for what is no message.
    pub fn told(&self, said: Value) -> Result<()> {
        if self.ears().is_empty() {
            return Ok(());
        }
        let wrong = || Error::invalid("not a message to subscribers");
        let said: Said = serde_json::from_value(said).map_err(|e| wrong().source(e))?;
        let body = STANDARD.decode(&said.body).map_err(|e| wrong().source(e))?;
        self.spread(&said.channel, &Bytes::from(body));
        Ok(())
    }

    /// Something that other processes have said may not have got here.
    pub fn missed(&self) {
        self.ears().iter().for_each(|ear| ear.spool.missed());
    }

    fn spread(&self, channel: &str, body: &Bytes) {
        for ear in self.ears() {
            if ear.channels().contains(channel) {
                ear.spool.put(channel.to_owned(), body.clone());
            }
        }
    }

    fn ears(&self) -> Vec<Arc<Ear>> {
        let mut ears = self.0.ears.lock().unwrap_or_else(PoisonError::into_inner);
        ears.retain(|ear| ear.strong_count() > 0);
        ears.iter().filter_map(Weak::upgrade).collect()
    }
}

impl PubsubDriver for LocalPubsub {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn publish<'a>(&'a self, channel: &'a str, body: Bytes) -> BoxFuture<'a, Result<()>> {
        self.spread(channel, &body);
        let told = self.0.others.as_ref().map_or(Ok(()), |others| {
            let said = Said { channel: channel.to_owned(), body: STANDARD.encode(&body) };
            let said = serde_json::to_value(&said);
            others.tell(said.map_err(|e| Error::internal("a message to subscribers").source(e))?)
        });
        Box::pin(std::future::ready(told))
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn Listener>>> {
        let ear = Arc::new(Ear::default());
        self.0.ears.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&ear));
        Box::pin(std::future::ready(Ok(Box::new(LocalListener(ear)) as Box<dyn Listener>)))
    }

    fn close(&self) {}
}

struct LocalListener(Arc<Ear>);

impl Listener for LocalListener {
    fn subscribe<'a>(&'a mut self, channels: &'a [String]) -> BoxFuture<'a, Result<()>> {
        self.0.channels().extend(channels.iter().cloned());
        Box::pin(std::future::ready(Ok(())))
    }

    fn unsubscribe<'a>(&'a mut self, channel: &'a str) -> BoxFuture<'a, Result<()>> {
        self.0.channels().remove(channel);
        Box::pin(std::future::ready(Ok(())))
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Heard>> {
        Box::pin(self.0.spool.next())
    }
}

impl Ear {
    fn channels(&self) -> MutexGuard<'_, HashSet<String>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
