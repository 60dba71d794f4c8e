//! Redis and its kin.
//!
//! One connection of each process listens; what it says is asked every ten seconds, since a server that is gone without
//! a word ends nothing. With sentinels or several hosts, the master is used for both directions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::spool::Spool;
use crate::connect::redis::{RedisClient, RedisOptions, cmd, error};
use crate::pubsub::{Capabilities, Heard, Listener, PubsubDriver, Reach};
use crate::{Error, ErrorKind, Result};

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities { reach: Reach::Everywhere, confirms: true };

/// How often the server has to show that it is there.
const PING: Duration = Duration::from_secs(10);
/// How long it may take for that.
const PONG: Duration = Duration::from_secs(5);

/// Publishes and listens on a Redis server.
#[derive(Debug)]
pub struct RedisPubsub {
    client: RedisClient,
    /// What the names of channels start with there.
    prefix: String,
}

impl RedisPubsub {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &RedisOptions) -> Result<Self> {
        Ok(Self { client: RedisClient::new(options)?, prefix: format!("{}:", options.prefix) })
    }
}

impl PubsubDriver for RedisPubsub {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn publish<'a>(&'a self, channel: &'a str, body: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut publish = cmd("PUBLISH");
            publish.arg(format!("{}{channel}", self.prefix)).arg(&body[..]);
            self.client.call::<Value>(&publish).await.map(drop)
        })
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let spool = Arc::new(Spool::default());
            let (put, prefix) = (spool.clone(), self.prefix.clone());
            let connection = self.client.pushed(move |push: PushInfo| {
                heard(&put, &prefix, push);
                Ok::<(), Infallible>(())
            });
            let connection = connection.await?;
            let mut ticks = interval(PING);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let prefix = self.prefix.clone();
            Ok(Box::new(RedisListener { connection, spool, prefix, ticks }) as Box<dyn Listener>)
        })
    }

    fn close(&self) {
        self.client.close();
    }
}

/// What the server says without being asked.
fn heard(spool: &Spool, prefix: &str, push: PushInfo) {
    match (push.kind, push.data.as_slice()) {
        (PushKind::Message, [Value::BulkString(channel), Value::BulkString(body)]) => {
            let channel = std::str::from_utf8(channel).ok().and_then(|name| name.strip_prefix(prefix));
            if let Some(channel) = channel {
                spool.put(channel.to_owned(), Bytes::copy_from_slice(body));
            }
        }
        (PushKind::Disconnection, _) => {
            spool.end(Error::new(ErrorKind::Unavailable, "the connection to redis has ended"));
        }
        _ => {}
    }
}

struct RedisListener {
    connection: MultiplexedConnection,
    spool: Arc<Spool>,
    prefix: String,
    ticks: Interval,
}

impl RedisListener {
    /// Waits until the server has done everything that it was told before.
    async fn ping(&mut self) -> Result<()> {
        match timeout(PONG, cmd("PING").query_async::<Value>(&mut self.connection)).await {
            Ok(answer) => answer.map(drop).map_err(error),
            Err(_) => Err(Error::new(ErrorKind::Unavailable, "redis does not answer")),
        }
    }
}

impl Listener for RedisListener {
    fn subscribe<'a>(&'a mut self, channels: &'a [String]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let names: Vec<String> = channels.iter().map(|name| format!("{}{name}", self.prefix)).collect();
            self.connection.subscribe(&names).await.map_err(error)?;
            self.ping().await
        })
    }

    fn unsubscribe<'a>(&'a mut self, channel: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let name = format!("{}{channel}", self.prefix);
            self.connection.unsubscribe(name).await.map_err(error)
        })
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Heard>> {
        Box::pin(async move {
            loop {
                tokio::select! {
                    biased;
                    heard = self.spool.next() => return heard,
                    _ = self.ticks.tick() => {}
                }
                self.ping().await?;
            }
        })
    }
}
