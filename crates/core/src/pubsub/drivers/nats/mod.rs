//! NATS, without its streams: they are for queues.
//!
//! The subject of a channel is `PREFIX.NAME`, where everything in the name but letters, digits, `-`, `_`, `:` and `/`
//! is written as `%XX`: a dot or a star in the name of a channel means nothing.
//!
//! A subscription is confirmed by the server that this process is connected to; in a cluster, other servers hear of it
//! a moment later.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use async_nats::connection::State;
use async_nats::{Client, Event, Message, Subscriber};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, SelectAll};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{Mutex, oneshot};

use super::spool::Spool;
use crate::connect::nats::{NatsClient, NatsOptions, unavailable};
use crate::pubsub::{Capabilities, Heard, Listener, PubsubDriver, Reach};
use crate::{Error, Result};

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities { reach: Reach::Everywhere, confirms: false };

/// How many messages of a channel wait in the client, before they get to who bounds what waits for a subscriber: as many
/// as that, so that a busy machine loses none earlier.
const WAITING: usize = 1024;

/// Publishes and listens on a NATS server.
pub struct NatsPubsub {
    client: NatsClient,
    prefix: String,
    publisher: Mutex<Option<Client>>,
}

impl NatsPubsub {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &NatsOptions) -> Result<Self> {
        let prefix = encoded(&options.prefix);
        Ok(Self { client: NatsClient::new(options)?, prefix, publisher: Mutex::default() })
    }

    fn subject(&self, channel: &str) -> String {
        subject(&self.prefix, channel)
    }

    /// The connection of those who publish, which finds its way back by itself.
    async fn publisher(&self) -> Result<Client> {
        let mut publisher = self.publisher.lock().await;
        let client = match &*publisher {
            Some(client) => client.clone(),
            None => publisher.insert(self.client.connect().await?).clone(),
        };
        // What is sent meanwhile would be kept and sent late.
        match client.connection_state() {
            State::Connected => Ok(client),
            _ => Err(unavailable("nats is not there")),
        }
    }
}

/// Without what the client library shows of a connection.
impl fmt::Debug for NatsPubsub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NatsPubsub").field(&self.client).finish()
    }
}

impl PubsubDriver for NatsPubsub {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn publish<'a>(&'a self, channel: &'a str, body: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let client = self.publisher().await?;
            client.publish(self.subject(channel), body).await.map_err(lost)?;
            client.flush().await.map_err(lost)
        })
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let spool = Arc::new(Spool::default());
            let events = spool.clone();
            let settings = self.client.settings().await?;
            // Whoever listens makes the next connection, so that subscribers are told.
            let settings =
                settings.subscription_capacity(WAITING).max_reconnects(1).event_callback(move |event| {
                    on_event(&events, &event);
                    std::future::ready(())
                });
            let client = self.client.connect_with(settings).await?;
            let own = client.new_inbox();
            let echo = client.subscribe(own.clone()).await.map_err(lost)?;
            let (prefix, streams, ends) = (self.prefix.clone(), SelectAll::new(), HashMap::new());
            Ok(Box::new(NatsListener { client, prefix, spool, own, echo, asked: 0, streams, ends })
                as Box<dyn Listener>)
        })
    }

    fn close(&self) {
        if let Ok(mut publisher) = self.publisher.try_lock() {
            *publisher = None;
        }
    }
}

fn on_event(spool: &Spool, event: &Event) {
    match event {
        Event::Disconnected | Event::Closed => spool.end(unavailable("the connection to nats has ended")),
        Event::SlowConsumer(_) => spool.missed(),
        Event::ServerError(error) => tracing::warn!(%error, "nats refused something"),
        _ => {}
    }
}

/// The next message of a channel.
type Next = (String, Message);

struct NatsListener {
    client: Client,
    prefix: String,
    /// Only what is not a message.
    spool: Arc<Spool>,
    /// A subject that only this listener hears, to find out how far the server is.
    own: String,
    echo: Subscriber,
    asked: u64,
    streams: SelectAll<BoxStream<'static, Next>>,
    /// By channel, what ends its stream.
    ends: HashMap<String, oneshot::Sender<()>>,
}

impl Listener for NatsListener {
    fn subscribe<'a>(&'a mut self, channels: &'a [String]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for channel in channels {
                let subscriber = self.client.subscribe(subject(&self.prefix, channel)).await.map_err(lost)?;
                let (end, ended) = oneshot::channel();
                let name = channel.clone();
                let stream = subscriber.map(move |message| (name.clone(), message)).take_until(ended);
                self.streams.push(stream.boxed());
                self.ends.insert(channel.clone(), end);
            }
            // The server does one thing after the other: when this is back, it has subscribed.
            self.asked += 1;
            let asked = self.asked.to_string();
            self.client.publish(self.own.clone(), asked.clone().into()).await.map_err(lost)?;
            loop {
                tokio::select! {
                    heard = self.echo.next() => match heard {
                        Some(heard) if heard.payload == asked.as_bytes() => return Ok(()),
                        Some(_) => {}
                        None => return Err(unavailable("the connection to nats has ended")),
                    },
                    heard = self.spool.next() => match heard {
                        // Told again when somebody asks.
                        Ok(_) => self.spool.missed(),
                        Err(error) => return Err(error),
                    },
                }
            }
        })
    }

    fn unsubscribe<'a>(&'a mut self, channel: &'a str) -> BoxFuture<'a, Result<()>> {
        if let Some(end) = self.ends.remove(channel) {
            let _ = end.send(());
        }
        std::future::ready(Ok(())).boxed()
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Heard>> {
        Box::pin(async move {
            tokio::select! {
                heard = self.spool.next() => heard,
                Some((channel, message)) = self.streams.next() => {
                    Ok(Heard::Message { channel, body: message.payload })
                }
            }
        })
    }
}

fn subject(prefix: &str, channel: &str) -> String {
    format!("{prefix}.{}", encoded(channel))
}

/// One word of a subject that stands for a name, and for no other.
fn encoded(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_:/".contains(&byte) {
            word.push(char::from(byte));
        } else {
            let _ = write!(word, "%{byte:02X}");
        }
    }
    word
}

fn lost(failed: impl std::error::Error + Send + Sync + 'static) -> Error {
    unavailable("nats did not take it").source(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_word_of_its_own() {
        assert_eq!(subject("bk", "a:b/c-d_1"), "bk.a:b/c-d_1");
        assert_eq!(subject("bk", "a.*>%ö"), "bk.a%2E%2A%3E%25%C3%B6");
    }
}
