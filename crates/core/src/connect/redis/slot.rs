//! One connection that is made when it is needed, and made again after it was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rand::Rng as _;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::unavailable;
use super::locate::{Locator, patient};
use crate::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A place for a connection.
#[derive(Default)]
pub(super) struct Slot {
    live: ArcSwapOption<Live>,
    attempt: Mutex<Attempt>,
}

/// A connection that worked when it was last used.
pub(super) struct Live {
    connection: MultiplexedConnection,
    ended: Arc<AtomicBool>,
}

impl Live {
    /// A handle on the connection.
    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Makes the next caller connect anew.
    pub(super) fn give_up(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// How connecting went the last time.
#[derive(Default)]
struct Attempt {
    pause: Duration,
    failed: Option<(Instant, Error)>,
}

impl Slot {
    /// The connection; made now if there is none. Several callers wait for the same attempt.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be made, and for a short time after that.
    pub(super) async fn get(&self, locator: &Locator) -> Result<Arc<Live>> {
        if let Some(live) = self.current() {
            return Ok(live);
        }
        let mut attempt = self.attempt.lock().await;
        if let Some(live) = self.current() {
            return Ok(live);
        }
        if let Some((until, error)) = &attempt.failed
            && Instant::now() < *until
        {
            return Err(error.duplicate());
        }
        self.live.store(None);
        let ended = Arc::new(AtomicBool::new(false));
        let signal = ended.clone();
        let config = patient().set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                signal.store(true, Ordering::Relaxed);
            }
            Ok::<(), std::convert::Infallible>(())
        });
        match locator.connect(&config).await {
            Ok(connection) => {
                *attempt = Attempt::default();
                let live = Arc::new(Live { connection, ended });
                self.live.store(Some(live.clone()));
                Ok(live)
            }
            Err(error) => {
                attempt.failed(&error);
                Err(error)
            }
        }
    }

    /// Closes the connection as soon as the requests on it are answered.
    pub(super) fn close(&self) {
        self.live.store(None);
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.live.load_full().filter(|live| !live.has_ended())
    }
}

impl Attempt {
    /// Doubles the pause before the next attempt, a random part of it off so that processes spread.
    fn failed(&mut self, error: &Error) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let pause = self.pause.mul_f64(rand::rng().random_range(0.5..1.0));
        let error = unavailable("connecting failed a moment ago").source(error.duplicate());
        self.failed = Some((Instant::now() + pause, error));
    }
}
