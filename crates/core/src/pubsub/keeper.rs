//! The one task of a client that listens for all its subscribers.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use rand::Rng as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::driver::{Heard, Listener, PubsubDriver};
use super::inbox::Inbox;
use super::{Message, Received};
use crate::{Error, ErrorKind, Result, task};

/// The most subscriptions of a client.
const MOST: usize = 100_000;
/// How long a product may take to connect, or to confirm a subscription.
const LIMIT: Duration = Duration::from_secs(6);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A connection that has lived so long was a good one.
const GOOD: Duration = Duration::from_secs(5);

/// The way to the keeper; it is started with the first subscription. Clones lead to the same one, which ends with the
/// last of them.
#[derive(Clone, Debug)]
pub(super) struct Hand {
    driver: Arc<dyn PubsubDriver>,
    orders: Arc<OnceLock<mpsc::UnboundedSender<Order>>>,
}

#[derive(Debug)]
enum Order {
    Subscribe(Wish),
    /// Somebody has left this channel.
    Left(Arc<str>),
    Close,
}

/// Somebody who wants to subscribe.
#[derive(Debug)]
struct Wish {
    channel: Arc<str>,
    inbox: Arc<Inbox>,
    done: oneshot::Sender<Result<()>>,
}

impl Hand {
    pub(super) fn new(driver: Arc<dyn PubsubDriver>) -> Self {
        Self { driver, orders: Arc::default() }
    }

    /// Ends when what is published arrives in the inbox.
    pub(super) async fn subscribe(&self, channel: Arc<str>, inbox: Arc<Inbox>) -> Result<()> {
        let orders = self.orders.get_or_init(|| {
            let (orders, taken) = mpsc::unbounded_channel();
            let keeper = Keeper::new(self.driver.clone(), taken);
            task::spawn("pubsub", keeper.keep());
            orders
        });
        let (done, answered) = oneshot::channel();
        let _ = orders.send(Order::Subscribe(Wish { channel, inbox, done }));
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// A reader of this channel is gone; its inbox says which.
    pub(super) fn left(&self, channel: &Arc<str>) {
        self.tell(Order::Left(channel.clone()));
    }

    pub(super) fn close(&self) {
        self.tell(Order::Close);
    }

    fn tell(&self, order: Order) {
        if let Some(orders) = self.orders.get() {
            let _ = orders.send(order);
        }
    }
}

struct Keeper {
    driver: Arc<dyn PubsubDriver>,
    orders: mpsc::UnboundedReceiver<Order>,
    /// Those whose subscription was confirmed, by channel; none is empty.
    rooms: HashMap<Arc<str>, Vec<Arc<Inbox>>>,
    /// Those who wait for that.
    wishes: Vec<Wish>,
    /// Channels that nobody reads any more.
    deserted: HashSet<Arc<str>>,
    /// How many are in the rooms.
    count: usize,
    closed: bool,
}

impl Keeper {
    fn new(driver: Arc<dyn PubsubDriver>, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        let (rooms, wishes, deserted) = (HashMap::new(), Vec::new(), HashSet::new());
        Self { driver, orders, rooms, wishes, deserted, count: 0, closed: false }
    }

    async fn keep(mut self) {
        let (mut pause, mut told) = (Duration::ZERO, false);
        loop {
            while !self.closed && self.rooms.is_empty() && self.wishes.is_empty() {
                let order = self.orders.recv().await;
                self.take(order);
            }
            if self.closed {
                break;
            }
            let begun = Instant::now();
            let lost = match self.begin().await {
                Ok(mut listener) => {
                    told = false;
                    self.listen(listener.as_mut()).await
                }
                Err(error) => {
                    // Who was there before goes on waiting.
                    for wish in self.wishes.drain(..) {
                        let _ = wish.done.send(Err(error.duplicate()));
                    }
                    Some(error)
                }
            };
            // Once for each outage, not for each attempt.
            if let Some(error) = lost.filter(|_| !self.rooms.is_empty() && !told) {
                told = true;
                let error = error.log_text();
                tracing::warn!(error, "listening was interrupted, connecting again");
            }
            pause = if begun.elapsed() > GOOD {
                FIRST_PAUSE
            } else {
                (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
            };
            let part = rand::rng().random_range(0.5..=1.0);
            self.rest(pause.mul_f64(part)).await;
        }
        for inbox in self.rooms.values().flatten() {
            inbox.close();
        }
    }

    /// A listener on all channels that anybody reads or wants to.
    async fn begin(&mut self) -> Result<Box<dyn Listener>> {
        let mut listener = in_time(self.driver.listen()).await?;
        self.deserted.clear();
        let wanted = self.wishes.iter().map(|wish| &wish.channel).chain(self.rooms.keys());
        let wanted: HashSet<&Arc<str>> = wanted.collect();
        let channels: Vec<String> = wanted.into_iter().map(ToString::to_string).collect();
        in_time(listener.subscribe(&channels)).await?;
        if !self.rooms.is_empty() {
            tracing::info!(channels = self.rooms.len(), "listening again, messages may be missing");
        }
        self.note_missed();
        self.admit();
        Ok(listener)
    }

    /// Passes on what is heard until the listener is of no use, which is an error, or everything is to end.
    async fn listen(&mut self, listener: &mut dyn Listener) -> Option<Error> {
        loop {
            tokio::select! {
                order = self.orders.recv() => {
                    self.take(order);
                    while let Ok(order) = self.orders.try_recv() {
                        self.take(Some(order));
                    }
                    if self.closed {
                        return None;
                    }
                }
                heard = listener.next() => match heard {
                    Ok(Heard::Message { channel, body }) => self.deliver(&channel, body),
                    Ok(Heard::Missed) => self.note_missed(),
                    Err(error) => return Some(error),
                },
            }
            if let Err(error) = self.adapt(listener).await {
                return Some(error);
            }
        }
    }

    /// Has the listener follow what has changed.
    async fn adapt(&mut self, listener: &mut dyn Listener) -> Result<()> {
        for channel in std::mem::take(&mut self.deserted) {
            if !self.rooms.contains_key(&channel) {
                in_time(listener.unsubscribe(&channel)).await?;
            }
        }
        if self.wishes.is_empty() {
            return Ok(());
        }
        let new =
            self.wishes.iter().map(|wish| &wish.channel).filter(|channel| !self.rooms.contains_key(*channel));
        let new: HashSet<&Arc<str>> = new.collect();
        let new: Vec<String> = new.into_iter().map(ToString::to_string).collect();
        if !new.is_empty() {
            // If it fails, the next connection decides about the wishes.
            in_time(listener.subscribe(&new)).await?;
        }
        self.admit();
        Ok(())
    }

    /// Lets in who waits, now that their channels are listened to.
    fn admit(&mut self) {
        for Wish { channel, inbox, done } in self.wishes.drain(..) {
            self.deserted.insert(channel.clone());
            // Whoever no longer waits has left.
            if done.send(Ok(())).is_ok() {
                self.rooms.entry(channel).or_default().push(inbox);
                self.count += 1;
            }
        }
    }

    fn deliver(&mut self, channel: &str, body: Bytes) {
        let Some((name, room)) = self.rooms.get_key_value(channel) else { return };
        let message = Message { channel: name.clone(), body };
        // All of them get it, also after one that takes no more.
        let taken = room.iter().filter(|inbox| inbox.put(Received::Message(message.clone()))).count();
        if taken < room.len() {
            self.sweep(&message.channel);
        }
    }

    fn note_missed(&mut self) {
        for inbox in self.rooms.values().flatten() {
            inbox.put(Received::Missed);
        }
    }

    /// Removes who takes no more from a channel, and the channel with the last of them.
    fn sweep(&mut self, channel: &Arc<str>) {
        let Some(room) = self.rooms.get_mut(channel) else { return };
        let before = room.len();
        room.retain(|inbox| inbox.is_open());
        self.count = self.count.saturating_sub(before - room.len());
        if room.is_empty() {
            self.rooms.remove(channel);
            self.deserted.insert(channel.clone());
        }
    }

    fn take(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Subscribe(wish)) => {
                if self.count + self.wishes.len() >= MOST {
                    let message = format!("this process has {MOST} subscriptions: no more are possible");
                    let _ = wish.done.send(Err(Error::new(ErrorKind::OverCapacity, message)));
                } else {
                    self.wishes.push(wish);
                }
            }
            Some(Order::Left(channel)) => self.sweep(&channel),
            Some(Order::Close) | None => self.closed = true,
        }
    }

    /// Takes orders for a while without doing anything about them.
    async fn rest(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.closed {
            tokio::select! {
                () = sleep_until(until) => return,
                order = self.orders.recv() => self.take(order),
            }
        }
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(LIMIT, call).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Timeout, "the pub/sub server does not answer, try again later"))
    })
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the pub/sub client was closed")
}
