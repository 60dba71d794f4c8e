//! Whether a connection is busy, and since when not.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// How long a connection must be idle before draining closes it.
pub(super) const IDLE: Duration = Duration::from_millis(500);

/// What a connection does at the moment.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How many requests are being answered; of HTTP/1.1 one at most.
    busy: usize,
    idle_since: Instant,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { busy: 0, idle_since: Instant::now() }))
    }

    /// A request is being answered until the guard is dropped.
    pub(super) fn begin(&self) -> Busy<'_> {
        self.with(|state| state.busy += 1);
        Busy(self)
    }

    /// How long to wait until the connection has been idle for `long`; none when it has. It is not idle before `since`.
    pub(super) fn wait(&self, since: Instant, long: Duration) -> Option<Duration> {
        self.with(|state| {
            if state.busy > 0 {
                return Some(long);
            }
            let left = long.saturating_sub(state.idle_since.max(since).elapsed());
            (!left.is_zero()).then_some(left)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request in progress.
pub(super) struct Busy<'a>(&'a Activity);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.busy -= 1;
            state.idle_since = Instant::now();
        });
    }
}
