//! One that waits for events, without HTTP.

use std::time::Duration;

use bkjs_api::{Api, account_channel};
use bkjs_core::Result;
use bkjs_core::config::Handle;
use bkjs_core::pubsub::{Message, Received, Subscription};
use bkjs_core::value::Value;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::filter::Filter;
use crate::params::SubscribeParams;
use crate::seats::{Seat, Seats};

/// The most events that are collected for one answer; more are not waited for.
const MAX_EVENTS: usize = 1000;
/// The most bytes of events for one answer, which the last of them may exceed.
const MAX_BYTES: usize = 1 << 20;

/// What waits for events in this process. Handlers find it with [`Api::shared`].
#[derive(Clone)]
pub struct Subscriptions {
    params: Handle<SubscribeParams>,
    seats: Seats,
}

impl Subscriptions {
    pub(crate) fn new(params: Handle<SubscribeParams>) -> Self {
        Self { params, seats: Seats::default() }
    }

    /// How many requests wait for events of an account in this process.
    pub fn of(&self, account: &str) -> usize {
        self.seats.of(account)
    }

    pub(crate) fn params(&self) -> std::sync::Arc<SubscribeParams> {
        self.params.load_full()
    }

    /// Waits for events of an account from now on.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the server of events is away.
    pub(crate) async fn listen(&self, api: &Api, account: &str, filter: Filter) -> Result<Listener> {
        let subscription = api.pubsub().subscribe(&account_channel(account)).await?;
        let params = self.params();
        Ok(Listener {
            subscription,
            filter,
            seat: self.seats.take(account, params.max),
            drain: api.draining().clone(),
            until: Instant::now() + params.timeout,
        })
    }
}

/// One that waits; its drop ends the subscription.
pub(crate) struct Listener {
    subscription: Subscription,
    filter: Filter,
    seat: Seat,
    drain: CancellationToken,
    until: Instant,
}

/// What it hears.
pub(crate) enum Heard {
    /// An event that was asked for, and the bytes it has.
    Event(Value, usize),
    /// Events before this moment may be missing.
    Missed,
    /// Nothing more comes: the time is over, another needs the place, the process is to end, or this one was too slow.
    Over,
}

impl Listener {
    /// The next thing it hears; what had arrived before the end comes before the end. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Heard {
        let (drain, seat, until) = (&self.drain, &self.seat, self.until);
        let over = async {
            tokio::select! {
                () = drain.cancelled() => {}
                () = seat.given_up() => {}
                () = sleep_until(until) => {}
            }
        };
        tokio::pin!(over);
        loop {
            // However many come, others have their turn. Before one is taken: what is taken is not lost.
            consume_budget().await;
            tokio::select! {
                biased;
                received = self.subscription.recv() => match received {
                    Ok(Received::Message(message)) => {
                        if let Some(event) = event(&self.filter, &message) {
                            return Heard::Event(event, message.body.len());
                        }
                    }
                    Ok(Received::Missed) => return Heard::Missed,
                    // The log was told of one that was too slow.
                    Err(_) => return Heard::Over,
                },
                () = &mut over => return Heard::Over,
            }
        }
    }

    /// Waits for an event, then for more as long as `interval`: all of them; none when it is over before there is one.
    pub(crate) async fn gather(mut self, interval: Duration) -> Vec<Value> {
        let mut events = Vec::new();
        let mut bytes = 0;
        // Runs from the first event on.
        let closing = sleep(Duration::ZERO);
        tokio::pin!(closing);
        while events.len() < MAX_EVENTS && bytes < MAX_BYTES {
            tokio::select! {
                biased;
                heard = self.next() => match heard {
                    Heard::Event(event, size) => {
                        if events.is_empty() {
                            closing.as_mut().reset(Instant::now() + interval);
                        }
                        events.push(event);
                        bytes += size;
                    }
                    // Between two requests events are missed as well.
                    Heard::Missed => {}
                    Heard::Over => break,
                },
                () = &mut closing, if !events.is_empty() => break,
            }
        }
        events
    }
}

/// A message as an event, when it is asked for: JSON as it is, everything else as text.
fn event(filter: &Filter, message: &Message) -> Option<Value> {
    let text = String::from_utf8_lossy(&message.body);
    if !filter.passes(&text) {
        return None;
    }
    let json = serde_json::from_str(&text).ok().and_then(|json| Value::from_json(json).ok());
    Some(json.unwrap_or_else(|| Value::Text(text.into_owned())))
}
