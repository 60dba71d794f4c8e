//! lapin: a durable queue, confirmed puts, and a consumer that has a hundred messages ahead.

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

use super::BODY;
use crate::place::Place;
use crate::queue::{End, Side};

/// Messages that are sent before the first one is acknowledged.
const AHEAD: u16 = 100;

/// A channel for puts, and one for the consumer.
pub(crate) struct Amqp {
    puts: Channel,
    takes: Channel,
    queue: ShortString,
    _connection: Connection,
}

impl Amqp {
    /// Connects, and makes the queue.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let connection = Connection::connect(&place.url, ConnectionProperties::default()).await?;
        let (puts, takes) = (connection.create_channel().await?, connection.create_channel().await?);
        puts.confirm_select(ConfirmSelectOptions::default()).await?;
        takes.basic_qos(AHEAD, BasicQosOptions::default()).await?;
        let queue: ShortString = format!("{}_bare", place.room).as_str().into();
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString(LongString::from("quorum")));
        puts.queue_declare(queue.clone(), options, arguments).await?;
        Ok(Self { puts, takes, queue, _connection: connection })
    }

    /// Removes the queue.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self) -> Result<()> {
        self.puts.queue_delete(self.queue.clone(), QueueDeleteOptions::default()).await?;
        Ok(())
    }
}

impl Side for Amqp {
    async fn submit(&self) -> Result<()> {
        let properties = BasicProperties::default().with_delivery_mode(2);
        let options = BasicPublishOptions::default();
        let put =
            self.puts.basic_publish("".into(), self.queue.clone(), options, BODY.as_bytes(), properties);
        put.await?.await?;
        Ok(())
    }

    async fn work(&self, count: u64) -> Result<End> {
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut jobs = self.takes.basic_consume(self.queue.clone(), "".into(), options, none).await?;
        for _ in 0..count {
            let job = jobs.next().await.context("no more messages")??;
            ensure!(job.data == BODY.as_bytes(), "another job");
            job.acker.ack(BasicAckOptions::default()).await?;
        }
        let (takes, tag) = (self.takes.clone(), jobs.tag());
        Ok(Box::pin(async move { Ok(takes.basic_cancel(tag, BasicCancelOptions::default()).await?) }))
    }
}
