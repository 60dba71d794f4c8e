//! async-nats: a stream that is a queue, and a consumer that is asked for a hundred messages at a time.

use anyhow::{Context as _, Result, ensure};
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::Config as PullConfig;
use async_nats::jetstream::stream::{Config as StreamConfig, RetentionPolicy};
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt as _;

use super::BODY;
use crate::place::Place;
use crate::queue::{End, Side};

/// Messages of one question.
const TOGETHER: usize = 100;

/// A stream and its consumer.
pub(crate) struct Nats {
    context: Context,
    name: String,
    consumer: PullConsumer,
}

impl Nats {
    /// Connects, and makes the stream.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let context = jetstream::new(async_nats::connect(place.url.as_str()).await?);
        let name = format!("{}_bare", place.room);
        let retention = RetentionPolicy::WorkQueue;
        let config = StreamConfig {
            name: name.clone(),
            subjects: vec![name.clone()],
            retention,
            ..StreamConfig::default()
        };
        let stream = context.create_stream(config).await?;
        let config =
            PullConfig { durable_name: Some("all".into()), max_ack_pending: -1, ..PullConfig::default() };
        let consumer = stream.create_consumer(config).await?;
        Ok(Self { context, name, consumer })
    }

    /// Removes the stream.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self) -> Result<()> {
        self.context.delete_stream(&self.name).await?;
        Ok(())
    }
}

impl Side for Nats {
    async fn submit(&self) -> Result<()> {
        self.context.publish(self.name.clone(), BODY.into()).await?.await?;
        Ok(())
    }

    async fn work(&self, count: u64) -> Result<End> {
        let mut messages = self.consumer.stream().max_messages_per_batch(TOGETHER).messages().await?;
        for _ in 0..count {
            let message = messages.next().await.context("no more messages")??;
            ensure!(message.payload.len() == BODY.len(), "another job");
            message.ack().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        Ok(Box::pin(std::future::ready(Ok(()))))
    }
}
