//! The messages of takers of this process: each is given back when its time is over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lapin::Acker;
use lapin::Channel;
use lapin::options::BasicNackOptions;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::queue::drivers::envelope::Envelope;
use crate::task;

/// How many channels wait for their next use.
const IDLE: usize = 8;

/// Channels that nobody uses.
#[derive(Clone, Default)]
pub(super) struct Idle(Arc<Mutex<Vec<Channel>>>);

impl Idle {
    /// One of them.
    pub(super) fn pop(&self) -> Option<Channel> {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|channel| channel.status().connected());
        channels.pop()
    }

    fn push(&self, channel: Channel) {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.len() < IDLE && channel.status().connected() {
            channels.push(channel);
        }
    }
}

/// The channel of what was taken in one call. When all of that has ended, it is used again; dropping it gives back what
/// has not.
pub(super) struct Lane {
    channel: Option<Channel>,
    idle: Idle,
    /// Something on it has no end.
    spoiled: AtomicBool,
}

impl Lane {
    pub(super) fn new(channel: Channel, idle: Idle) -> Self {
        Self { channel: Some(channel), idle, spoiled: AtomicBool::new(false) }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(channel) = self.channel.take().filter(|_| !self.spoiled.load(Ordering::Relaxed)) {
            self.idle.push(channel);
        }
    }
}

/// A message of a taker's.
pub(super) struct Held {
    pub(super) acker: Acker,
    pub(super) envelope: Envelope,
    pub(super) body: Vec<u8>,
    /// Which attempt this is.
    pub(super) attempt: u32,
    /// When it is given back.
    pub(super) until: Instant,
    pub(super) lane: Arc<Lane>,
}

/// All of them, by the token of their receipts.
#[derive(Default)]
pub(super) struct Holds {
    held: Mutex<HashMap<u64, Held>>,
    next: AtomicU64,
    changed: Arc<Notify>,
}

impl Holds {
    /// Adds one; its token.
    pub(super) fn add(&self, held: Held) -> u64 {
        let token = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(token, held);
        self.changed.notify_one();
        token
    }

    /// The one with this token, for whoever ends it.
    pub(super) fn remove(&self, token: &str) -> Option<Held> {
        let held = self.lock().remove(&token.parse().ok()?)?;
        // Of a connection that has ended: somebody else has it.
        (!held.acker.poisoned()).then_some(held)
    }

    /// Puts back one that could not be ended.
    pub(super) fn put_back(&self, token: &str, held: Held) {
        if let Ok(token) = token.parse() {
            self.lock().insert(token, held);
            self.changed.notify_one();
        }
    }

    /// Gives one another while; whether it is still there.
    pub(super) fn extend(&self, token: &str, until: Instant) -> bool {
        let Ok(token) = token.parse() else { return false };
        match self.lock().get_mut(&token).filter(|held| !held.acker.poisoned()) {
            Some(held) => {
                held.until = until;
                true
            }
            None => false,
        }
    }

    /// Forgets all: what is left of them comes again with the end of their channels.
    pub(super) fn clear(&self) {
        for (_, held) in self.lock().drain() {
            held.lane.spoiled.store(true, Ordering::Relaxed);
        }
    }

    /// Gives back each whose time is over, until this is dropped.
    pub(super) fn keep(self: &Arc<Self>) {
        let (holds, changed) = (Arc::downgrade(self), self.changed.clone());
        task::spawn("queue amqp", async move { keep(holds, &changed).await });
    }

    /// Those whose time is over, and when the next one's is.
    fn due(&self, now: Instant) -> (Vec<Held>, Option<Instant>) {
        let mut held = self.lock();
        let late: Vec<u64> =
            held.iter().filter(|(_, one)| one.until <= now).map(|(token, _)| *token).collect();
        let late = late.into_iter().filter_map(|token| held.remove(&token)).collect();
        (late, held.values().map(|one| one.until).min())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Holds {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

async fn keep(holds: Weak<Holds>, changed: &Notify) {
    loop {
        let Some(all) = holds.upgrade() else { return };
        let (late, next) = all.due(Instant::now());
        drop(all);
        for held in late {
            // One whose channel has ended was given back with it.
            let _ = held.acker.nack(BasicNackOptions { requeue: true, ..Default::default() }).await;
        }
        let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = changed.notified() => {}
        }
    }
}
