use std::fmt;
use std::time::{Duration, Instant};

use async_nats::connection::State as Connection;
use async_nats::jetstream::consumer::pull::Config as PullConfig;
use async_nats::jetstream::consumer::{AckPolicy, Consumer};
use async_nats::jetstream::stream::{Config as StreamConfig, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::OnceCell;

use super::CAPABILITIES;
use super::dead::{dead, kept_for};
use super::message::{Seen, delivery, headers, one_line, set, split, unpack};
use crate::connect::nats::{NatsClient, NatsOptions};
use crate::queue::driver::{Capabilities, Fate, QueueDriver, Settled, Take};
use crate::queue::{Counts, Delivery, Hold, Message, QueueOptions, Receipt, State, Stored};
use crate::{Error, ErrorKind, Result};

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How much longer than the question the answer to it may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How long one question for a message waits at the server, at most a second: what may come after a taker has gone is
/// handed out again only when its time is over, so nobody goes before it is answered.
///
/// Servers before 2.10 make a mistake when a message is due again in the moment in which the only question ends: they
/// answer nothing, and count an attempt that nobody got. So the questions after a take end half-way between the moments
/// at which what was taken may be due again.
fn question(visibility: Duration) -> Duration {
    visibility.div_f64(visibility.as_secs_f64().ceil().max(1.0) + 0.5)
}

/// Messages that are sent before the first answer.
const AT_ONCE: usize = 500;

/// A queue in a stream; see the [module](super).
pub struct NatsQueue {
    server: NatsClient,
    stream: String,
    visibility: Duration,
    keep_failed: Duration,
    open: OnceCell<Open>,
}

struct Open {
    client: Client,
    context: Context,
    stream: Stream,
    consumer: Consumer<PullConfig>,
}

/// What names of streams begin with.
fn prefix(given: &str) -> Result<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !given.is_empty() && given.len() <= 64 && given.chars().all(plain) {
        true => Ok(given),
        false => Err(Error::new(
            ErrorKind::Config,
            "prefix: up to 64 letters, digits, dashes and underscores name a stream in nats",
        )),
    }
}

impl NatsQueue {
    pub(in crate::queue) fn new(name: &str, options: &QueueOptions, nats: &NatsOptions) -> Result<Self> {
        let server = NatsClient::new(nats)?;
        let usual = if name.is_empty() { "default" } else { name };
        let queue = options.queue.as_deref().unwrap_or(usual);
        Ok(Self {
            server,
            stream: format!("{}_{queue}", prefix(&nats.prefix)?),
            visibility: options.visibility,
            keep_failed: options.keep_failed,
            open: OnceCell::new(),
        })
    }

    async fn open(&self) -> Result<&Open> {
        // The client's own futures are large.
        let open = self.open.get_or_try_init(|| Box::pin(within(Box::pin(self.connect())))).await?;
        // It would keep what is said meanwhile, and say it when everybody thinks that it failed.
        match open.client.connection_state() {
            Connection::Connected => Ok(open),
            _ => Err(away("no connection")),
        }
    }

    async fn connect(&self) -> Result<Open> {
        let client = self.server.connect().await?;
        let context = jetstream::new(client.clone());
        let stream = context
            .get_or_create_stream(StreamConfig {
                name: self.stream.clone(),
                subjects: vec![self.stream.clone()],
                retention: RetentionPolicy::WorkQueue,
                storage: StorageType::File,
                ..StreamConfig::default()
            })
            .await
            .map_err(away)?;
        self.bury_in(&context).await?;
        let consumer = self.consumer(&stream).await?;
        Ok(Open { client, context, stream, consumer })
    }

    /// Makes the stream of what was given up, or has it keep that for as long as it is to be kept now.
    async fn bury_in(&self, context: &Context) -> Result<()> {
        let stream = context.get_or_create_stream(dead(self.dead(), self.keep_failed)).await.map_err(away)?;
        let Some(changed) = kept_for(&stream.cached_info().config, self.keep_failed) else { return Ok(()) };
        if let Err(error) = context.update_stream(changed).await {
            let stream = self.stream.as_str();
            tracing::warn!(stream, %error, "nats keeps what was given up for as long as before, not for keepFailed");
        }
        Ok(())
    }

    async fn consumer(&self, stream: &Stream) -> Result<Consumer<PullConfig>> {
        let config = PullConfig {
            durable_name: Some("workers".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.visibility,
            max_deliver: -1,
            max_ack_pending: -1,
            ..PullConfig::default()
        };
        stream.create_consumer(config).await.map_err(away)
    }

    fn dead(&self) -> String {
        format!("{}_dead", self.stream)
    }

    async fn publish(&self, subject: String, headers: HeaderMap, body: String) -> Result<()> {
        let open = self.open().await?;
        within(async {
            let sent = open.context.publish_with_headers(subject, headers, body.into()).await;
            sent.map_err(away)?.await.map_err(away).map(drop)
        })
        .await
    }

    /// What is there now, or comes within the time.
    async fn fetch(&self, max: usize, wait: Duration) -> Result<Vec<jetstream::Message>> {
        let consumer = &self.open().await?.consumer;
        let mut found = collect(consumer.fetch().max_messages(max).messages().await.map_err(away)?).await?;
        if found.is_empty() && !wait.is_zero() {
            let first = consumer.batch().max_messages(1).expires(wait).messages().await.map_err(away)?;
            // One that is not answered is asked again.
            found = tokio::time::timeout(wait + ANSWER, collect(first)).await.unwrap_or(Ok(Vec::new()))?;
            if !found.is_empty() && max > 1 {
                // What was found is the taker's, whatever becomes of this question.
                if let Ok(more) = consumer.fetch().max_messages(max - 1).messages().await {
                    found.extend(collect(more).await.unwrap_or_default());
                }
            }
        }
        Ok(found)
    }

    /// Tells the server something of a message, and waits until it knows.
    async fn tell(&self, token: &str, what: String) -> Result<()> {
        let open = self.open().await?;
        within(async { open.client.request(token.to_owned(), what.into()).await.map_err(away).map(drop) })
            .await
    }

    async fn settle_one(&self, one: &Settled) -> Result<bool> {
        let (subject, kept) = split(&one.receipt.token);
        match &one.fate {
            Fate::Complete(_) | Fate::Cancel => self.tell(subject, "+ACK".into()).await?,
            Fate::Retry(pause, _) if pause.is_zero() => self.tell(subject, "-NAK".into()).await?,
            Fate::Retry(pause, _) => {
                self.tell(subject, format!("-NAK {{\"delay\": {}}}", pause.as_nanos())).await?;
            }
            Fate::Discard(_) if self.keep_failed.is_zero() => self.tell(subject, "+ACK".into()).await?,
            Fate::Discard(error) => {
                let (mut headers, body) = unpack(kept)?;
                set(&mut headers, "Bk-Error", &one_line(error))?;
                self.publish(self.dead(), headers, body).await?;
                self.tell(subject, "+ACK".into()).await?;
            }
            Fate::Return => {
                // A copy that knows how often it was tried: the server would count this as an attempt.
                let (headers, body) = unpack(kept)?;
                self.publish(self.stream.clone(), headers, body).await?;
                self.tell(subject, "+ACK".into()).await?;
            }
        }
        Ok(true)
    }
}

impl QueueDriver for NatsQueue {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(messages.len());
            let mut left = messages.into_iter().peekable();
            while left.peek().is_some() {
                let puts = left.by_ref().take(AT_ONCE).map(async |message| {
                    let id = message.id.clone();
                    let headers = headers(&message)?;
                    self.publish(self.stream.clone(), headers, message.body).await.map(|()| Stored::New(id))
                });
                answers.extend(join_all(puts).await);
            }
            answers
        })
    }

    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            let end = Instant::now() + take.wait;
            loop {
                let left = end.saturating_duration_since(Instant::now());
                let wait = if take.stop.is_cancelled() {
                    Duration::ZERO
                } else {
                    left.min(question(self.visibility))
                };
                let found = within(self.fetch(take.max, wait)).await?;
                let mut taken = Vec::with_capacity(found.len());
                for message in found {
                    match delivery(&message)? {
                        Seen::Due(delivery) => taken.push(delivery),
                        Seen::Early(left) => {
                            let rest = format!("-NAK {{\"delay\": {}}}", left.as_nanos());
                            let reply = message.reply.as_ref().map(ToString::to_string).unwrap_or_default();
                            self.tell(&reply, rest).await?;
                        }
                    }
                }
                if !taken.is_empty() || left.is_zero() || take.stop.is_cancelled() {
                    return Ok(taken);
                }
            }
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
        Box::pin(async move { join_all(settled.iter().map(|one| self.settle_one(one))).await })
    }

    fn extend(&self, receipts: Vec<Receipt>, _: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
        Box::pin(async move {
            let told = receipts.iter().map(async |one| self.tell(split(&one.token).0, "+WPI".into()).await);
            let told: Result<Vec<()>> = join_all(told).await.into_iter().collect();
            Ok(told?.into_iter().map(|()| Hold::Held).collect())
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        Box::pin(async move {
            let open = self.open().await?;
            let info = within(async { open.consumer.get_info().await.map_err(away) }).await?;
            let dead = within(async {
                let stream = open.context.get_stream(self.dead()).await.map_err(away)?;
                stream.get_info().await.map_err(away)
            })
            .await?;
            let mut counts = Counts::default();
            counts.set(State::Available, info.num_pending);
            counts.set(State::Executing, info.num_ack_pending as u64);
            counts.set(State::Discarded, dead.state.messages);
            Ok(counts)
        })
    }

    fn purge(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let open = self.open().await?;
            within(async { open.stream.purge().await.map_err(away).map(drop) }).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(open) = self.open.get() {
                // What was said and not answered is sent; nobody waits for a server that is gone.
                let _ = tokio::time::timeout(Duration::from_secs(2), open.client.drain()).await;
            }
        })
    }
}

async fn collect<E: std::fmt::Display>(
    mut messages: impl futures_util::Stream<Item = std::result::Result<jetstream::Message, E>> + Unpin,
) -> Result<Vec<jetstream::Message>> {
    let mut found = Vec::new();
    while let Some(message) = messages.next().await {
        match message {
            Ok(message) => found.push(message),
            Err(error) if found.is_empty() => return Err(away(error)),
            // What came before it is the taker's.
            Err(_) => break,
        }
    }
    Ok(found)
}

async fn within<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::new(ErrorKind::Timeout, "the queue took too long");
    tokio::time::timeout(LIMIT, work).await.map_err(late)?
}

#[allow(clippy::needless_pass_by_value)] // as map_err gives it
fn away(error: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, "the queue does not answer, please try again later")
        .detail(format!("nats: {error}"))
}

impl fmt::Debug for NatsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsQueue").field("stream", &self.stream).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_question_ends_when_what_was_taken_before_it_is_due_again() {
        for millis in [1000, 1001, 2000, 2500, 60_000, 3_600_000_u64] {
            let visibility = Duration::from_millis(millis);
            let question = question(visibility);
            assert!(
                question <= Duration::from_secs(1) && question >= Duration::from_millis(400),
                "{question:?}"
            );
            let part = (visibility.as_secs_f64() / question.as_secs_f64()).fract();
            assert!((part - 0.5).abs() < 0.001, "{millis}: {part}");
        }
    }
}
