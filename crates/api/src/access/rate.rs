//! Rate limits: token buckets by address, path, login and account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bkjs_core::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The most at once: the size of the bucket.
    pub burst: f64,
    /// How many come back within `interval`.
    pub rate: f64,
    /// The interval.
    pub interval: Duration,
}

/// Where buckets live. The one in this process is the default; one that all processes share takes its
/// place where limits must hold across them.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes a token out of the bucket `key`; false when there is none.
    fn take<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, bool>;
}

/// Buckets of this process.
///
/// A bucket that is full again says nothing and is dropped at the next sweep, so that strangers cannot
/// fill the memory with addresses.
#[derive(Debug, Default)]
pub struct LocalLimiter {
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    by_key: HashMap<String, Bucket>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
    full_at: Instant,
}

/// The number of buckets at which the first sweep happens.
const SWEEP: usize = 10_000;

impl LocalLimiter {
    /// No buckets.
    pub fn new() -> Self {
        Self::default()
    }

    fn take_at(&self, key: &str, rate: Rate, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.by_key.len() >= buckets.sweep_at.max(SWEEP) {
            buckets.by_key.retain(|_, bucket| bucket.full_at > now);
            buckets.sweep_at = 2 * buckets.by_key.len();
        }
        if let Some(bucket) = buckets.by_key.get_mut(key) {
            return bucket.take(rate, now);
        }
        let mut bucket = Bucket { tokens: rate.burst, at: now, full_at: now };
        let taken = bucket.take(rate, now);
        buckets.by_key.insert(key.to_owned(), bucket);
        taken
    }
}

impl Bucket {
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let per_second = rate.rate / rate.interval.as_secs_f64().max(0.001);
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * per_second).min(rate.burst);
        self.at = now;
        let taken = self.tokens >= 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        let missing = (rate.burst - self.tokens) / per_second.max(1e-6);
        self.full_at = now + Duration::from_secs_f64(missing.clamp(0.0, 86_400.0));
        taken
    }
}

impl RateLimiter for LocalLimiter {
    fn take<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, bool> {
        let taken = self.take_at(key, rate, Instant::now());
        Box::pin(std::future::ready(taken))
    }
}

/// The limits that are configured, by name: `ip`, `path`, `login`, `id`, or a path.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    by_name: HashMap<String, Rate>,
    has_paths: bool,
}

impl Limits {
    /// Takes limits by name; one that allows nothing and never refills is no limit and is dropped.
    pub fn new(limits: impl IntoIterator<Item = (String, Rate)>) -> Self {
        let by_name: HashMap<String, Rate> =
            limits.into_iter().filter(|(_, rate)| rate.rate > 0.0 && rate.burst >= 1.0).collect();
        let has_paths = by_name.keys().any(|name| name.starts_with('/'));
        Self { by_name, has_paths }
    }

    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The limit of a name.
    pub fn get(&self, name: &str) -> Option<Rate> {
        self.by_name.get(name).copied()
    }

    /// The limit of a path: its own, or that of all paths.
    pub fn of_path(&self, path: &str) -> Option<Rate> {
        let own = if self.has_paths { self.get(path) } else { None };
        own.or_else(|| self.get("path"))
    }
}

/// Takes a token of a limit, if it is configured.
///
/// # Errors
/// `TooManyRequests` when there is none left.
pub(crate) async fn check(
    limiter: &Arc<dyn RateLimiter>,
    rate: Option<Rate>,
    key: impl Fn() -> String,
) -> Result<()> {
    let Some(rate) = rate else { return Ok(()) };
    if limiter.take(&key(), rate).await {
        return Ok(());
    }
    Err(Error::new(ErrorKind::TooManyRequests, "access limit reached, please try again later"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3.0, rate: 2.0, interval: Duration::from_secs(1) };

    #[test]
    fn a_burst_is_let_in_and_the_bucket_fills_again() {
        let limiter = LocalLimiter::new();
        let start = Instant::now();
        let take = |ms| limiter.take_at("a", RATE, start + Duration::from_millis(ms));
        assert_eq!([take(0), take(0), take(0), take(0)], [true, true, true, false]);
        assert_eq!([take(500), take(500)], [true, false]);
        assert!(limiter.take_at("b", RATE, start), "another key has a bucket of its own");
    }

    #[test]
    fn full_buckets_are_swept() {
        let limiter = LocalLimiter::new();
        let start = Instant::now();
        for n in 0..SWEEP {
            limiter.take_at(&n.to_string(), RATE, start);
        }
        limiter.take_at("last", RATE, start + Duration::from_secs(60));
        assert_eq!(limiter.buckets.lock().expect("lock").by_key.len(), 1);
    }
}
