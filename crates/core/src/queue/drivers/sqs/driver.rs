use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::oneshot;

use super::batch::{Done, MOST};
use super::client::{Place, Service};
use super::message::{Incoming, LONGEST_DELAY, Outgoing, Ticket};
use super::{CAPABILITIES, SqsOptions};
use crate::queue::driver::{Capabilities, Fate, QueueDriver, Settled, Take};
use crate::queue::drivers::envelope::{Envelope, now};
use crate::queue::{Counts, Delivery, Hold, Message, Receipt, State, Stored};
use crate::{Error, Result, task};

/// Questions at once for more than one call gives.
const AT_ONCE: usize = 8;

/// The longest that a message is hidden; the service's own limit counts from when it was taken.
const LONGEST_HIDDEN: Duration = Duration::from_secs(11 * 3600);

/// A copy is made of a message that rests, before the service has kept it for too long.
const OLD: Duration = Duration::from_secs(86_400);

/// A queue in Amazon SQS; see the [module](super).
pub struct SqsQueue(Arc<Service>);

/// What is to be done with a message that was taken.
enum Act {
    /// Sends this, and removes the message.
    Replace(Place, Outgoing),
    Remove,
    Hide(Duration),
}

impl SqsQueue {
    pub(in crate::queue) fn new(options: SqsOptions) -> Self {
        Self(Arc::new(Service::new(options)))
    }

    /// One question. It is heard to its end: what comes after the taker has gone is given back.
    async fn ask(&self, max: usize, take: &Take, wait: Duration) -> Result<Vec<Incoming>> {
        let (tell, told) = oneshot::channel();
        let (service, visibility) = (self.0.clone(), take.visibility);
        task::spawn("queue sqs", async move {
            let found = service.receive(max, visibility, wait).await;
            if let Err(Ok(found)) = tell.send(found) {
                service
                    .hide(found.into_iter().map(|one| (one.ticket.handle, Duration::ZERO)).collect())
                    .await;
            }
        });
        tokio::select! {
            biased;
            found = told => found.unwrap_or_else(|_| Err(Error::internal("sqs: a question has ended"))),
            () = take.stop.cancelled(), if !wait.is_zero() => Ok(Vec::new()),
        }
    }

    /// What is there, as many as asked for, or comes within the time.
    async fn find(&self, take: &Take, wait: Duration) -> Result<Vec<Incoming>> {
        let count = self.0.options.count.min(MOST);
        let mut found = self.ask(take.max.min(count), take, wait).await?;
        while found.len() >= count && found.len() < take.max {
            let left = (take.max - found.len()).div_ceil(count).min(AT_ONCE);
            let max = |n: usize| (take.max - found.len()).saturating_sub(n * count).min(count);
            let more = join_all((0..left).map(|n| self.ask(max(n), take, Duration::ZERO))).await;
            let before = found.len();
            // What was found is the taker's, whatever becomes of other questions.
            found.extend(more.into_iter().flatten().flatten());
            if found.len() == before {
                break;
            }
        }
        Ok(found)
    }

    /// Puts to rest what came too early; what cannot be comes again.
    async fn put_to_rest(&self, early: Vec<(Incoming, Duration)>, now: i64) {
        let act = |(one, left): (Incoming, Duration)| {
            let is_old = one.sent.saturating_add(OLD.as_millis() as i64) < now;
            let act = match left <= LONGEST_DELAY || is_old {
                // A copy that was never handed out.
                true => {
                    Act::Replace(Place::Main, Outgoing::new(&one.ticket.body, &one.ticket.envelope, now)?)
                }
                false => Act::Hide(left.min(LONGEST_HIDDEN)),
            };
            Ok((one.ticket.handle, act))
        };
        for done in self.carry_out(early.into_iter().map(act).collect()).await {
            if let Err(error) = done {
                tracing::warn!(error = error.log_text(), "a delayed message comes again too early");
            }
        }
    }

    /// Does what was decided; what became of each, in order.
    async fn carry_out(&self, acts: Vec<Result<(String, Act)>>) -> Vec<Result<bool>> {
        let mut answers: Vec<Option<Result<bool>>> = Vec::with_capacity(acts.len());
        let mut going = Vec::with_capacity(acts.len());
        for (at, act) in acts.into_iter().enumerate() {
            match act {
                Ok(act) => {
                    answers.push(None);
                    going.push((at, act));
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        // First what replaces others: who dies between leaves both.
        for place in [Place::Main, Place::Dead] {
            let sent = going.iter().filter_map(|(at, (_, act))| match act {
                Act::Replace(to, message) if *to == place => Some((*at, message)),
                _ => None,
            });
            let (places, messages): (Vec<usize>, Vec<&Outgoing>) = sent.unzip();
            for (at, sent) in places.into_iter().zip(self.0.send(place, &messages).await) {
                answers[at] = sent.err().map(Err);
            }
        }
        going.retain(|(at, _)| answers[*at].is_none());
        let (mut hidden, mut removed) = (Vec::new(), Vec::new());
        let (mut places_hidden, mut places_removed) = (Vec::new(), Vec::new());
        for (at, (handle, act)) in going {
            match act {
                Act::Hide(time) => {
                    places_hidden.push(at);
                    hidden.push((handle, time));
                }
                Act::Remove | Act::Replace(..) => {
                    places_removed.push(at);
                    removed.push(handle);
                }
            }
        }
        let (deleted, changed) = tokio::join!(self.0.delete(removed), self.0.hide(hidden));
        let done = places_removed.into_iter().zip(deleted).chain(places_hidden.into_iter().zip(changed));
        for (at, done) in done {
            answers[at] = Some(done.map(|done| done == Done::Yes));
        }
        let missing = || Err(Error::internal("sqs: no answer for a message"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }
}

/// What a fate means for the service.
fn act(one: &Settled, keep_failed: Duration, now: i64) -> Result<(String, Act)> {
    let Ticket { handle, envelope, body, attempt } = Ticket::of(&one.receipt.token)?;
    let copy = |tried: u32, pause: Duration| Outgoing::new(&body, &envelope.again(tried, now, pause), now);
    let act = match &one.fate {
        Fate::Complete(_) | Fate::Cancel => Act::Remove,
        Fate::Retry(pause, _) if *pause <= LONGEST_HIDDEN => Act::Hide(*pause),
        Fate::Retry(pause, _) => Act::Replace(Place::Main, copy(attempt, *pause)?),
        Fate::Discard(_) if keep_failed.is_zero() => Act::Remove,
        Fate::Discard(error) => Act::Replace(Place::Dead, copy(attempt, Duration::ZERO)?.given_up(error)),
        // The service would count this as an attempt.
        Fate::Return => Act::Replace(Place::Main, copy(attempt.saturating_sub(1), Duration::ZERO)?),
    };
    Ok((handle, act))
}

impl QueueDriver for SqsQueue {
    fn name(&self) -> &'static str {
        "sqs"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
        Box::pin(async move {
            let now = now();
            let made: Vec<Result<Outgoing>> = messages
                .iter()
                .map(|message| Outgoing::new(&message.body, &Envelope::of(message, now), now))
                .collect();
            let good: Vec<&Outgoing> = made.iter().filter_map(|one| one.as_ref().ok()).collect();
            let mut sent = self.0.send(Place::Main, &good).await.into_iter();
            let missing = || Err(Error::internal("sqs: no answer for a message"));
            let answer = |(made, message): (Result<Outgoing>, Message)| {
                made.and_then(|_| sent.next().unwrap_or_else(missing)).map(|()| Stored::New(message.id))
            };
            made.into_iter().zip(messages).map(answer).collect()
        })
    }

    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            let end = Instant::now() + take.wait;
            loop {
                let left = end.saturating_duration_since(Instant::now());
                let wait = if take.stop.is_cancelled() { Duration::ZERO } else { left };
                let found = self.find(&take, wait.min(self.0.options.poll)).await?;
                let now = now();
                let mut taken = Vec::with_capacity(found.len());
                let mut early = Vec::new();
                for one in found {
                    match one.ticket.envelope.early(now) {
                        Some(left) => early.push((one, left)),
                        None => taken.push(one.ticket.envelope.delivery(
                            one.ticket.token(),
                            one.ticket.body.clone(),
                            one.times,
                            now,
                        )),
                    }
                }
                if !early.is_empty() {
                    self.put_to_rest(early, now).await;
                }
                if !taken.is_empty() || Instant::now() >= end || take.stop.is_cancelled() {
                    return Ok(taken);
                }
                if self.0.options.poll.is_zero() {
                    // Questions that do not wait are asked from time to time.
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(1)) => {}
                        () = take.stop.cancelled() => {}
                    }
                }
            }
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
        Box::pin(async move {
            let (now, keep) = (now(), self.0.options.keep_failed);
            self.carry_out(settled.iter().map(|one| act(one, keep, now)).collect()).await
        })
    }

    fn extend(&self, receipts: Vec<Receipt>, visibility: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
        Box::pin(async move {
            let hidden =
                receipts.iter().map(|one| Ticket::of(&one.token).map(|own| (own.handle, visibility)));
            let hidden = hidden.collect::<Result<Vec<_>>>()?;
            let hold = |done| match done {
                Done::Yes => Hold::Held,
                Done::Lost => Hold::Lost,
            };
            self.0.hide(hidden).await.into_iter().map(|done| done.map(hold)).collect()
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        Box::pin(async move {
            let mut counts = Counts::default();
            let [available, executing, scheduled] = self.0.counts(Place::Main).await?;
            counts.set(State::Available, available);
            counts.set(State::Executing, executing);
            counts.set(State::Scheduled, scheduled);
            let [waiting, hidden, _] = self.0.counts(Place::Dead).await?;
            counts.set(State::Discarded, waiting + hidden);
            Ok(counts)
        })
    }

    fn purge(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.0.purge(Place::Main).await?;
            self.0.purge(Place::Dead).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        // There is no connection that others would wait for.
        Box::pin(async {})
    }
}

impl fmt::Debug for SqsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqsQueue").field(&self.0.options).finish()
    }
}
