use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use lapin::message::Delivery as Sent;
use lapin::options::BasicAckOptions;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::CAPABILITIES;
use super::held::{Held, Holds, Lane};
use super::session::{Found, Names, Place, Session, opened};
use crate::connect::amqp::{AmqpClient, AmqpOptions};
use crate::queue::driver::{Capabilities, Fate, QueueDriver, Settled, Take};
use crate::queue::drivers::envelope::{Envelope, now};
use crate::queue::{Counts, Delivery, Hold, Message, QueueOptions, Receipt, State, Stored};
use crate::{Error, ErrorKind, Result, task};

/// Messages that are sent before the first answer.
const AT_ONCE: usize = 500;

/// How long nobody tries to connect after it has failed.
const REST: Duration = Duration::from_millis(200);

/// A queue in RabbitMQ; see the [module](super).
pub struct AmqpQueue(Arc<Inner>);

struct Inner {
    client: AmqpClient,
    names: Names,
    attempts: u32,
    keep_failed: Duration,
    state: Mutex<Connected>,
    holds: Arc<Holds>,
}

/// The connection, if there is one.
#[derive(Default)]
struct Connected {
    live: Option<Arc<Session>>,
    failed: Option<(Instant, Error)>,
    /// Somebody gives back what is late.
    kept: bool,
}

impl AmqpQueue {
    pub(in crate::queue) fn new(name: &str, queue: &QueueOptions, amqp: &AmqpOptions) -> Result<Self> {
        if amqp.prefix.is_empty() || amqp.prefix.len() > 100 {
            return Err(Error::new(ErrorKind::Config, "prefix: give it 1 to 100 bytes"));
        }
        let usual = if name.is_empty() { "default" } else { name };
        Ok(Self(Arc::new(Inner {
            client: AmqpClient::new(amqp)?,
            names: Names::new(&amqp.prefix, queue.queue.as_deref().unwrap_or(usual)),
            attempts: queue.attempts,
            keep_failed: queue.keep_failed,
            state: Mutex::default(),
            holds: Arc::default(),
        })))
    }
}

impl Inner {
    /// The connection; made now if there is none.
    async fn session(&self) -> Result<Arc<Session>> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.live.as_ref().filter(|session| session.is_live()) {
            return Ok(session.clone());
        }
        if let Some((until, failed)) = &state.failed
            && Instant::now() < *until
        {
            return Err(failed.duplicate());
        }
        state.live = None;
        // The client's own futures are large.
        match Box::pin(Session::open(&self.client)).await {
            Ok(session) => {
                let session = Arc::new(session);
                state.live = Some(session.clone());
                state.failed = None;
                if !std::mem::replace(&mut state.kept, true) {
                    self.holds.keep();
                }
                Ok(session)
            }
            Err(failed) => {
                state.failed = Some((Instant::now() + REST, failed.duplicate()));
                Err(failed)
            }
        }
    }

    async fn put_one(&self, message: Message) -> Result<Stored> {
        let now = now();
        let envelope = Envelope::of(&message, now);
        let session = self.session().await?;
        session.put(&self.names, message.body.as_bytes(), &envelope, now).await?;
        Ok(Stored::New(message.id))
    }

    /// What the broker sent becomes the taker's; what is to rest still is put to rest by somebody else.
    async fn hold(self: &Arc<Self>, sent: Vec<Sent>, lane: Lane, visibility: Duration) -> Vec<Delivery> {
        let (now, until, lane) = (now(), Instant::now() + visibility, Arc::new(lane));
        let mut taken = Vec::with_capacity(sent.len());
        let mut early = Vec::new();
        for Sent { properties, data, acker, .. } in sent {
            let (envelope, times) = opened(&properties, self.attempts);
            let body = String::from_utf8_lossy(&data).into_owned();
            let is_early = envelope.early(now).is_some();
            let delivery = envelope.delivery(String::new(), body, times, now);
            let held =
                Held { acker, envelope, body: data, attempt: delivery.attempt, until, lane: lane.clone() };
            let token = self.holds.add(held).to_string();
            match is_early {
                true => early.push(token),
                false => taken.push(Delivery { receipt: Receipt { token, ..delivery.receipt }, ..delivery }),
            }
        }
        if !early.is_empty() {
            let inner = self.clone();
            // Goes on when the taker has gone.
            let rest = async move { join_all(early.iter().map(|token| inner.put_to_rest(token))).await };
            let _ = task::spawn("queue amqp", rest).await;
        }
        taken
    }

    /// Puts to rest what came too early; what cannot be comes again.
    async fn put_to_rest(&self, token: &str) {
        let Some(held) = self.holds.remove(token) else { return };
        let put = async { self.session().await?.put(&self.names, &held.body, &held.envelope, now()).await };
        match put.await {
            Ok(()) => drop(held.acker.ack(BasicAckOptions::default()).await),
            Err(_) => self.holds.put_back(token, held),
        }
    }

    async fn settle_one(&self, one: Settled) -> Result<bool> {
        let token = &one.receipt.token;
        let Some(held) = self.holds.remove(token) else { return Ok(false) };
        if let Err(error) = self.copy(&held, &one.fate).await {
            self.holds.put_back(token, held);
            return Err(error);
        }
        // What cannot be acknowledged is no longer the taker's.
        Ok(held.acker.ack(BasicAckOptions::default()).await.unwrap_or(false))
    }

    /// Puts what is to live on after the original was acknowledged.
    async fn copy(&self, held: &Held, fate: &Fate) -> Result<()> {
        let now = now();
        let copy = match fate {
            Fate::Complete(_) | Fate::Cancel => return Ok(()),
            Fate::Retry(pause, _) => held.envelope.again(held.attempt, now, *pause),
            Fate::Return => held.envelope.again(held.attempt.saturating_sub(1), now, Duration::ZERO),
            Fate::Discard(error) => {
                let copy = held.envelope.again(held.attempt, now, Duration::ZERO);
                let session = self.session().await?;
                return session.bury(&self.names, &held.body, &copy, error, self.keep_failed).await;
            }
        };
        self.session().await?.put(&self.names, &held.body, &copy, now).await
    }
}

impl QueueDriver for AmqpQueue {
    fn name(&self) -> &'static str {
        "amqp"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(messages.len());
            let mut left = messages.into_iter().peekable();
            while left.peek().is_some() {
                let puts = left.by_ref().take(AT_ONCE).map(|message| self.0.put_one(message));
                answers.extend(join_all(puts).await);
            }
            answers
        })
    }

    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            let end = Instant::now() + take.wait;
            loop {
                let session = self.0.session().await?;
                let left = end.saturating_duration_since(Instant::now());
                if let Found::Messages(sent, lane) = session.find(&self.0.names, &take, left).await? {
                    let taken = self.0.hold(sent, lane, take.visibility).await;
                    if !taken.is_empty() || Instant::now() >= end || take.stop.is_cancelled() {
                        return Ok(taken);
                    }
                }
            }
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
        Box::pin(async move {
            let (inner, count) = (self.0.clone(), settled.len());
            // Goes on when the caller has gone: half of it would leave a message with nobody.
            let all = async move { join_all(settled.into_iter().map(|one| inner.settle_one(one))).await };
            match task::spawn("queue amqp", all).await {
                Ok(Some(done)) => done,
                _ => (0..count).map(|_| Err(Error::internal("amqp: settling has ended"))).collect(),
            }
        })
    }

    fn extend(&self, receipts: Vec<Receipt>, visibility: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
        Box::pin(async move {
            let until = Instant::now() + visibility;
            let hold = |one: &Receipt| match self.0.holds.extend(&one.token, until) {
                true => Hold::Held,
                false => Hold::Lost,
            };
            Ok(receipts.iter().map(hold).collect())
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        Box::pin(async move {
            let session = self.0.session().await?;
            let mut counts = Counts::default();
            counts.set(State::Available, session.count(&self.0.names, Place::Main).await?);
            counts.set(State::Discarded, session.count(&self.0.names, Place::Dead).await?);
            Ok(counts)
        })
    }

    fn purge(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let session = self.0.session().await?;
            self.0.holds.clear();
            session.delete(&self.0.names).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.0.holds.clear();
            let live = self.0.state.lock().await.live.take();
            if let Some(session) = live {
                session.close().await;
            }
        })
    }
}

impl fmt::Debug for AmqpQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpQueue").field("names", &self.0.names).finish_non_exhaustive()
    }
}
