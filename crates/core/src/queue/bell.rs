use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::{Result, task};

/// How long a bell of other processes that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells takers in other processes that something was put.
pub trait Ring: Send + Sync + fmt::Debug + 'static {
    /// Something was put into the queue of this name; returns at once.
    fn ring(&self, queue: &str);

    /// How often something was put into the queue of this name, as soon as that is not `known`, or after a while.
    ///
    /// # Errors
    /// `Unavailable` when nobody can tell.
    fn rung<'a>(&'a self, queue: &'a str, known: u64) -> BoxFuture<'a, Result<u64>>;
}

/// Wakes takers of products that have no way to do so themselves.
///
/// Nothing depends on it: who was not woken looks again after the interval of the queue. In a process it wakes one
/// taker at a time; one that finds more than it takes rings again.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    here: Arc<Mutex<HashMap<String, Arc<Place>>>>,
    others: Option<Arc<dyn Ring>>,
}

/// Takers of one queue.
#[derive(Debug, Default)]
struct Place {
    /// Something was put.
    put: Notify,
    /// Somebody waits for that.
    wanted: Notify,
}

impl Bell {
    /// A bell that takers in other processes hear as well.
    pub fn shared(others: Arc<dyn Ring>) -> Self {
        Self { here: Arc::default(), others: Some(others) }
    }

    /// Something was put.
    pub fn ring(&self, queue: &str) {
        match &self.others {
            // They tell this process too.
            Some(others) => others.ring(queue),
            None => self.of(queue).put.notify_one(),
        }
    }

    /// Tells another taker of this process that there is something left.
    pub fn ring_here(&self, queue: &str) {
        self.of(queue).put.notify_one();
    }

    /// Ends when something was put after the last time this ended. Cancel safe.
    pub async fn rung(&self, queue: &str) {
        let place = self.of(queue);
        place.wanted.notify_one();
        place.put.notified().await;
    }

    fn of(&self, queue: &str) -> Arc<Place> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = here.get(queue) {
            return place.clone();
        }
        let place = here.entry(queue.to_owned()).or_default().clone();
        if let Some(others) = &self.others {
            let (others, place, queue) = (others.clone(), place.clone(), queue.to_owned());
            task::spawn("bell", async move { listen(others.as_ref(), &place, &queue).await });
        }
        place
    }
}

/// Passes on what others put, as long as somebody here wants to know: one question at a time.
async fn listen(others: &dyn Ring, place: &Place, queue: &str) {
    let mut known = 0;
    loop {
        place.wanted.notified().await;
        match others.rung(queue, known).await {
            Ok(now) if now != known => {
                known = now;
                place.put.notify_one();
            }
            Ok(_) => place.wanted.notify_one(),
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                place.wanted.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taker_that_comes_later_hears_it_too_and_only_of_its_own_queue() {
        let bell = Bell::default();
        bell.ring("a");
        bell.rung("a").await;
        tokio::select! {
            biased;
            () = bell.rung("b") => panic!("nothing was put into b"),
            () = std::future::ready(()) => {}
        }
    }

    /// Counts for one queue, and lets those wait who know the count.
    #[derive(Debug, Default)]
    struct Counted {
        count: std::sync::atomic::AtomicU64,
        changed: Notify,
    }

    impl Ring for Counted {
        fn ring(&self, _: &str) {
            self.count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            self.changed.notify_waiters();
        }

        fn rung<'a>(&'a self, _: &'a str, known: u64) -> BoxFuture<'a, Result<u64>> {
            Box::pin(async move {
                loop {
                    let changed = self.changed.notified();
                    match self.count.load(std::sync::atomic::Ordering::SeqCst) {
                        count if count != known => return Ok(count),
                        _ => changed.await,
                    }
                }
            })
        }
    }

    #[tokio::test]
    async fn every_process_hears_what_one_puts() {
        let others = Arc::new(Counted::default());
        let bells = [Bell::shared(others.clone()), Bell::shared(others)];
        for _ in 0..3 {
            bells[0].ring("a");
            for bell in &bells {
                bell.rung("a").await;
            }
        }
    }
}
