//! RabbitMQ.
//!
//! Messages go through one exchange of type `direct`, `PREFIX.pubsub`, with the channel as the routing key, and each
//! process that listens has a queue of its own, which the broker deletes with its connection. The exchange is declared
//! by whoever comes first and stays. A publisher is answered when the broker has confirmed the message.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, Consumer, ExchangeKind};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::spool::Spool;
use crate::connect::amqp::{AmqpClient, AmqpOptions, error};
use crate::pubsub::{Capabilities, Heard, Listener, PubsubDriver, Reach};
use crate::{Error, ErrorKind, Result, task};

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities { reach: Reach::Everywhere, confirms: true };

/// How many messages the broker sends ahead.
const AHEAD: u16 = 200;
/// How many channels are bound at once.
const AT_ONCE: usize = 100;
/// How long nobody tries to connect after it has failed.
const REST: Duration = Duration::from_millis(200);

/// Publishes and listens on a RabbitMQ broker.
pub struct AmqpPubsub {
    client: AmqpClient,
    exchange: ShortString,
    publisher: Mutex<Publisher>,
}

/// The connection of those who publish.
#[derive(Default)]
struct Publisher {
    live: Option<(Connection, Channel)>,
    failed: Option<(Instant, Error)>,
}

impl AmqpPubsub {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &AmqpOptions) -> Result<Self> {
        if options.prefix.len() > 200 || options.prefix.is_empty() {
            return Err(Error::new(ErrorKind::Config, "prefix: give it 1 to 200 bytes"));
        }
        let exchange = format!("{}.pubsub", options.prefix).as_str().into();
        Ok(Self { client: AmqpClient::new(options)?, exchange, publisher: Mutex::default() })
    }

    /// A connection with a channel that knows the exchange.
    async fn open(&self) -> Result<(Connection, Channel)> {
        let connection = self.client.connect().await?;
        let channel = connection.create_channel().await.map_err(error)?;
        let (kind, options) =
            (ExchangeKind::Direct, ExchangeDeclareOptions { durable: true, ..Default::default() });
        let declared = channel.exchange_declare(self.exchange.clone(), kind, options, FieldTable::default());
        declared.await.map_err(error)?;
        Ok((connection, channel))
    }

    /// The channel of those who publish; opened now if there is none.
    async fn publisher(&self) -> Result<Channel> {
        let mut publisher = self.publisher.lock().await;
        if let Some((_, channel)) =
            publisher.live.as_ref().filter(|(_, channel)| channel.status().connected())
        {
            return Ok(channel.clone());
        }
        if let Some((until, failed)) = &publisher.failed
            && Instant::now() < *until
        {
            return Err(failed.duplicate());
        }
        publisher.live = None;
        let opened = async {
            let (connection, channel) = self.open().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(error)?;
            Ok((connection, channel))
        };
        match opened.await {
            Ok((connection, channel)) => {
                *publisher = Publisher { live: Some((connection, channel.clone())), failed: None };
                Ok(channel)
            }
            Err(failed) => {
                publisher.failed = Some((Instant::now() + REST, Error::duplicate(&failed)));
                Err(failed)
            }
        }
    }
}

/// Without what the client library shows of a connection.
impl fmt::Debug for AmqpPubsub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AmqpPubsub").field(&self.client).finish()
    }
}

impl PubsubDriver for AmqpPubsub {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn publish<'a>(&'a self, channel: &'a str, body: Bytes) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let publisher = self.publisher().await?;
            let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
            let sent =
                publisher.basic_publish(self.exchange.clone(), channel.into(), options, &body, properties);
            match sent.await.map_err(error)?.await.map_err(error)? {
                Confirmation::Nack(_) => {
                    Err(Error::new(ErrorKind::Unavailable, "rabbitmq did not take the message"))
                }
                Confirmation::Ack(_) | Confirmation::NotRequested => Ok(()),
            }
        })
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let (connection, channel) = self.open().await?;
            let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
            let queue =
                channel.queue_declare("".into(), options, FieldTable::default()).await.map_err(error)?;
            let queue = queue.name().clone();
            channel.basic_qos(AHEAD, BasicQosOptions::default()).await.map_err(error)?;
            let options = BasicConsumeOptions::default();
            let consumer = channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default());
            let consumer = consumer.await.map_err(error)?;
            let spool = Arc::new(Spool::default());
            let reader = task::spawn("pubsub amqp", read(consumer, spool.clone()));
            let exchange = self.exchange.clone();
            let listener = AmqpListener { _connection: connection, channel, exchange, queue, spool, reader };
            Ok(Box::new(listener) as Box<dyn Listener>)
        })
    }

    fn close(&self) {
        if let Ok(mut publisher) = self.publisher.try_lock() {
            publisher.live = None;
        }
    }
}

/// Puts what the broker sends into the spool until there is nothing more.
async fn read(mut consumer: Consumer, spool: Arc<Spool>) {
    let end = loop {
        match consumer.next().await {
            Some(Ok(delivery)) => {
                spool.put(delivery.routing_key.as_str().to_owned(), delivery.data.clone().into());
                // The broker sends as much again; who does not answer it is not sent more.
                if let Err(failed) = delivery.ack(BasicAckOptions::default()).await {
                    break error(failed);
                }
            }
            Some(Err(failed)) => break error(failed),
            None => break Error::new(ErrorKind::Unavailable, "the connection to rabbitmq has ended"),
        }
    };
    spool.end(end);
}

struct AmqpListener {
    /// Ends with it.
    _connection: Connection,
    channel: Channel,
    exchange: ShortString,
    queue: ShortString,
    spool: Arc<Spool>,
    reader: JoinHandle<Option<()>>,
}

impl Listener for AmqpListener {
    fn subscribe<'a>(&'a mut self, channels: &'a [String]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for some in channels.chunks(AT_ONCE) {
                let bind = |name: &String| {
                    let (queue, exchange) = (self.queue.clone(), self.exchange.clone());
                    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
                    self.channel.queue_bind(queue, exchange, name.as_str().into(), options, none)
                };
                try_join_all(some.iter().map(bind)).await.map_err(error)?;
            }
            Ok(())
        })
    }

    fn unsubscribe<'a>(&'a mut self, channel: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (queue, exchange) = (self.queue.clone(), self.exchange.clone());
            let unbound = self.channel.queue_unbind(queue, exchange, channel.into(), FieldTable::default());
            unbound.await.map_err(error)
        })
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Heard>> {
        Box::pin(self.spool.next())
    }
}

impl Drop for AmqpListener {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
