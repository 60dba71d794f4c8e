//! How long anybody waits for a cache that only saves time.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::Result;

/// How long a call is waited for.
const LIMIT: Duration = Duration::from_millis(250);
/// How long no call follows one that failed.
const REST: Duration = Duration::from_secs(1);

/// Goes around a cache that fails or is slow: a call is waited for a short time, and after a failure none is made for
/// a while.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What is said, once for each rest.
    remark: &'static str,
    limit: Duration,
    rest: Duration,
    resting: Mutex<Option<Instant>>,
    failures: AtomicU64,
}

impl Patience {
    /// With `remark` for the log: what is done without the cache.
    pub(crate) fn new(remark: &'static str) -> Self {
        Self::with_limits(remark, LIMIT, REST)
    }

    /// With other limits: `limit` is how long a call is waited for, `rest` how long none follows a failure.
    pub(crate) fn with_limits(remark: &'static str, limit: Duration, rest: Duration) -> Self {
        Self { remark, limit, rest, resting: Mutex::new(None), failures: AtomicU64::new(0) }
    }

    /// Whether a call has failed a moment ago.
    pub(crate) fn rests(&self) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = resting.is_some_and(|until| Instant::now() < until);
        if !rests {
            *resting = None;
        }
        rests
    }

    /// The answer to a call; none when it fails or takes too long, or was not made as one has failed a moment ago.
    pub(crate) async fn ask<T, F>(&self, verb: &'static str, call: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = Result<T>>,
    {
        if self.rests() { None } else { self.insist(verb, call()).await }
    }

    /// As [`ask`](Self::ask), made also when one has failed a moment ago.
    pub(crate) async fn insist<T>(
        &self,
        verb: &'static str,
        call: impl Future<Output = Result<T>>,
    ) -> Option<T> {
        let error = match timeout(self.limit, call).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.log_text(),
            Err(_) => format!("no answer in {} ms", self.limit.as_millis()),
        };
        self.failures.fetch_add(1, Ordering::Relaxed);
        let until = Instant::now() + self.rest;
        let before = self.resting.lock().unwrap_or_else(PoisonError::into_inner).replace(until);
        // Once for each rest, not for each call that finds out.
        if before.is_none() {
            tracing::warn!(verb, error, "{}", self.remark);
        }
        None
    }

    /// How many calls have failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}
