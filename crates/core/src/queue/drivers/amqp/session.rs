//! A connection and what was made known on it.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::sync::Mutex;

use super::held::{Idle, Lane};
use super::wait;
use crate::connect::amqp::{AmqpClient, error};
use crate::queue::driver::Take;
use crate::queue::drivers::envelope::Envelope;
use crate::{Error, ErrorKind, Result};

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(10);

/// More often than any message is handed out: later brokers drop one that came back twenty times if nothing is said.
const DELIVERIES: i32 = 1_000_000;

/// The header with all of a message but its body.
const ENVELOPE: &str = "bk";
/// The header with the reason for which a message was given up.
const REASON: &str = "bk-error";
/// The header in which the broker says how often a message came back.
const COUNT: &str = "x-delivery-count";

/// One of the queues at the broker that a queue consists of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// What can be taken.
    Main,
    /// What was given up.
    Dead,
    /// What rests for so many milliseconds.
    Wait(u64),
}

/// What the queues are called.
pub(super) struct Names(String);

impl Names {
    pub(super) fn new(prefix: &str, queue: &str) -> Self {
        Self(format!("{prefix}.queue.{queue}"))
    }

    fn of(&self, place: Place) -> ShortString {
        let name = match place {
            Place::Main => self.0.clone(),
            Place::Dead => format!("{}.dead", self.0),
            Place::Wait(step) => format!("{}.wait.{step}", self.0),
        };
        name.as_str().into()
    }

    fn arguments(&self, place: Place) -> FieldTable {
        let text = |text: &str| AMQPValue::LongString(LongString::from(text));
        let mut table = FieldTable::default();
        table.insert("x-queue-type".into(), text("quorum"));
        if let Place::Wait(step) = place {
            table.insert(
                "x-message-ttl".into(),
                AMQPValue::LongLongInt(i64::try_from(step).unwrap_or(i64::MAX)),
            );
            table.insert("x-dead-letter-exchange".into(), text(""));
            table.insert("x-dead-letter-routing-key".into(), text(&self.0));
            // So that the message leaves its queue only when the other one has it.
            table.insert("x-dead-letter-strategy".into(), text("at-least-once"));
            table.insert("x-overflow".into(), text("reject-publish"));
        } else {
            table.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERIES));
        }
        table
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A connection.
pub(super) struct Session {
    connection: Connection,
    /// On which all is put.
    publisher: Channel,
    /// The queues that are there for certain.
    declared: Mutex<HashSet<Place>>,
    idle: Idle,
}

/// What came of a wait for messages.
pub(super) enum Found {
    /// Messages, or none.
    Messages(Vec<Delivery>, Lane),
    /// Somebody has deleted the queue.
    Gone,
}

impl Session {
    pub(super) async fn open(client: &AmqpClient) -> Result<Self> {
        let connection = client.connect().await?;
        let publisher = within(connection.create_channel()).await?;
        within(publisher.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Self { connection, publisher, declared: Mutex::default(), idle: Idle::default() })
    }

    pub(super) fn is_live(&self) -> bool {
        self.connection.status().connected() && self.publisher.status().connected()
    }

    /// Makes sure that a queue is there.
    async fn declare(&self, names: &Names, place: Place) -> Result<()> {
        let mut declared = self.declared.lock().await;
        if !declared.contains(&place) {
            self.count(names, place).await?;
            declared.insert(place);
        }
        Ok(())
    }

    /// How many messages wait in a queue, which is made if it is not there.
    pub(super) async fn count(&self, names: &Names, place: Place) -> Result<u64> {
        // One of its own: a refusal ends the channel.
        let channel = within(self.connection.create_channel()).await?;
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        let queue = within(channel.queue_declare(names.of(place), options, names.arguments(place))).await?;
        Ok(u64::from(queue.message_count()))
    }

    /// Puts a message, and waits until a queue has it.
    pub(super) async fn publish(
        &self,
        names: &Names,
        place: Place,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<()> {
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        // Once more if somebody has deleted the queue since it was declared.
        for _ in 0..2 {
            self.declare(names, place).await?;
            let sent = async {
                let name = names.of(place);
                let sent = self.publisher.basic_publish("".into(), name, options, body, properties.clone());
                sent.await?.await
            };
            match within(sent).await? {
                Confirmation::Ack(None) => return Ok(()),
                Confirmation::Ack(Some(_)) => self.declared.lock().await.clear(),
                Confirmation::Nack(_) | Confirmation::NotRequested => break,
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "rabbitmq did not take the message"))
    }

    /// Puts a message that rests for a while first, or not.
    pub(super) async fn put(&self, names: &Names, body: &[u8], envelope: &Envelope, now: i64) -> Result<()> {
        let place = envelope.early(now).map_or(Place::Main, |left| Place::Wait(wait::step(left)));
        self.publish(names, place, body, properties(envelope)).await
    }

    /// Keeps a message that was given up.
    pub(super) async fn bury(
        &self,
        names: &Names,
        body: &[u8],
        envelope: &Envelope,
        reason: &str,
        keep: Duration,
    ) -> Result<()> {
        let keep = keep.as_millis().min(u128::from(u32::MAX));
        if keep == 0 {
            return Ok(());
        }
        let mut headers = headers(envelope);
        headers.insert(REASON.into(), AMQPValue::LongString(LongString::from(reason)));
        let properties =
            properties(envelope).with_headers(headers).with_expiration(keep.to_string().as_str().into());
        self.publish(names, Place::Dead, body, properties).await
    }

    /// What is there now, or comes within the time. Dropping the future gives back what has come.
    pub(super) async fn find(&self, names: &Names, take: &Take, wait: Duration) -> Result<Found> {
        self.declare(names, Place::Main).await?;
        let found = self.consume(names, take, wait).await;
        if !matches!(found, Ok(Found::Messages(..))) {
            self.declared.lock().await.clear();
        }
        found
    }

    async fn consume(&self, names: &Names, take: &Take, wait: Duration) -> Result<Found> {
        let channel = match self.idle.pop() {
            Some(channel) => channel,
            None => within(self.connection.create_channel()).await?,
        };
        let prefetch = u16::try_from(take.max).unwrap_or(u16::MAX);
        within(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(names.of(Place::Main), "".into(), options, none);
        let mut consumer = within(consumer).await?;
        let mut found = Vec::new();
        tokio::select! {
            biased;
            first = consumer.next() => match first {
                Some(first) => found.push(first.map_err(error)?),
                None if channel.status().connected() => return Ok(Found::Gone),
                None => return Err(Error::new(ErrorKind::Unavailable, "the connection to rabbitmq has ended")),
            },
            () = take.stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
        // What was sent before the answer to this is the taker's too; nothing comes after it.
        within(channel.basic_cancel(consumer.tag(), BasicCancelOptions::default())).await?;
        while let Some(next) = consumer.next().await {
            found.push(next.map_err(error)?);
        }
        Ok(Found::Messages(found, Lane::new(channel, self.idle.clone())))
    }

    /// Deletes all queues, with what is in them.
    pub(super) async fn delete(&self, names: &Names) -> Result<()> {
        let channel = within(self.connection.create_channel()).await?;
        let mut declared = self.declared.lock().await;
        declared.clear();
        for place in wait::steps().map(Place::Wait).chain([Place::Dead, Place::Main]) {
            within(channel.queue_delete(names.of(place), QueueDeleteOptions::default())).await?;
        }
        Ok(())
    }

    /// Ends the connection in its own way, as far as the broker is there.
    pub(super) async fn close(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connection.close(200, "".into())).await;
    }
}

fn headers(envelope: &Envelope) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(ENVELOPE.into(), AMQPValue::LongString(LongString::from(envelope.text())));
    headers
}

fn properties(envelope: &Envelope) -> BasicProperties {
    BasicProperties::default()
        // On the disk.
        .with_delivery_mode(2)
        .with_message_id(envelope.id.as_str().into())
        .with_headers(headers(envelope))
}

/// The envelope of a message and how often it was handed out, this time included; `attempts` is for one that another
/// program has put.
pub(super) fn opened(properties: &BasicProperties, attempts: u32) -> (Envelope, u32) {
    let header = |name: &str| properties.headers().as_ref().and_then(|all| all.inner().get(name));
    let text = match header(ENVELOPE) {
        Some(AMQPValue::LongString(text)) => std::str::from_utf8(text.as_bytes()).ok(),
        _ => None,
    };
    let envelope = text.and_then(Envelope::parse).unwrap_or_else(|| {
        let id = properties.message_id().as_ref().map(|id| id.as_str().to_owned());
        Envelope::foreign(id.unwrap_or_else(|| uuid::Uuid::now_v7().simple().to_string()), attempts)
    });
    let count = header(COUNT).and_then(|count| match count {
        AMQPValue::ShortShortInt(n) => u32::try_from(*n).ok(),
        AMQPValue::ShortShortUInt(n) => Some(u32::from(*n)),
        AMQPValue::ShortInt(n) => u32::try_from(*n).ok(),
        AMQPValue::ShortUInt(n) => Some(u32::from(*n)),
        AMQPValue::LongInt(n) => u32::try_from(*n).ok(),
        AMQPValue::LongUInt(n) => Some(*n),
        AMQPValue::LongLongInt(n) => u32::try_from(*n).ok(),
        _ => None,
    });
    (envelope, count.unwrap_or_default().saturating_add(1))
}

/// The answer of the broker, if it comes in time.
async fn within<T>(work: impl Future<Output = lapin::Result<T>>) -> Result<T> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(error),
        Err(_) => Err(Error::new(ErrorKind::Timeout, "the queue took too long")),
    }
}
