//! Rate limits: token buckets, counted where the state is.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Cache;
use super::key::{check, digest};
use super::patience::Patience;
use crate::{Error, Result};

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The most at once: the size of the bucket.
    pub burst: f64,
    /// How many come back within `interval`.
    pub rate: f64,
    /// The interval.
    pub interval: Duration,
}

impl Rate {
    /// How many come back in a microsecond.
    pub(super) fn per_micro(&self) -> f64 {
        self.rate / self.interval.as_micros().max(1) as f64
    }

    /// Whether so many can ever be taken at once.
    ///
    /// # Errors
    /// `Invalid`, saying what cannot be.
    pub(super) fn check(&self, tokens: u32) -> Result<()> {
        let sound = |number: f64| number.is_finite() && number > 0.0;
        if !sound(self.burst) || !sound(self.rate) || self.interval.is_zero() {
            return Err(Error::invalid("a rate limit needs a burst, a rate and an interval above 0"));
        }
        if tokens == 0 || f64::from(tokens) > self.burst {
            let most = self.burst;
            return Err(Error::invalid(format!(
                "{tokens} tokens can never be taken from a bucket of {most}"
            )));
        }
        Ok(())
    }
}

/// A bucket as it was at a moment, in microseconds of some clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) tokens: f64,
    pub(super) at: u64,
}

impl Bucket {
    /// One that nobody has taken from.
    pub(super) fn full(rate: &Rate, now: u64) -> Self {
        Self { tokens: rate.burst, at: now }
    }

    /// Takes tokens; nothing to wait when they were there.
    pub(super) fn take(&mut self, rate: &Rate, tokens: u32, now: u64) -> Duration {
        // A clock that was set back brings nothing, and takes nothing away.
        let elapsed = now.saturating_sub(self.at);
        self.tokens = (self.tokens + elapsed as f64 * rate.per_micro()).min(rate.burst);
        self.at = now.max(self.at);
        let wanted = f64::from(tokens);
        // What is lost in the arithmetic of fractions is not withheld.
        if self.tokens + 1e-9 >= wanted {
            self.tokens = (self.tokens - wanted).max(0.0);
            return Duration::ZERO;
        }
        time_for(wanted - self.tokens, rate)
    }

    /// The time after which it says as much as one that nobody has taken from.
    pub(super) fn full_in(&self, rate: &Rate) -> Duration {
        time_for(rate.burst - self.tokens, rate)
    }
}

/// The time in which so many tokens come back, at least a millisecond and at most a day.
fn time_for(tokens: f64, rate: &Rate) -> Duration {
    let micros = (tokens / rate.per_micro()).clamp(1e3, 86_400e6);
    Duration::from_micros(micros.ceil() as u64)
}

/// The number of buckets at which the first sweep happens.
const SWEEP: usize = 10_000;
/// The most buckets, about 100 MB with long names.
const MOST: usize = 500_000;

/// Buckets in memory.
///
/// A bucket that is full again says nothing and is dropped at the next sweep, so that strangers cannot fill the memory
/// with names. Beyond half a million those go that would be full first.
#[derive(Debug)]
pub struct Buckets {
    since: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_name: HashMap<String, (Bucket, u64)>,
    sweep_at: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { since: Instant::now(), kept: Mutex::default() }
    }
}

impl Buckets {
    /// No buckets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes tokens out of the bucket of this name: nothing to wait when they were there.
    pub fn take(&self, name: &str, rate: &Rate, tokens: u32) -> Duration {
        let now = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.take_at(name, rate, tokens, now)
    }

    fn take_at(&self, name: &str, rate: &Rate, tokens: u32, now: u64) -> Duration {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_name.len() >= kept.sweep_at.max(SWEEP) {
            kept.sweep(now);
        }
        let full_at = |bucket: &Bucket| {
            now.saturating_add(u64::try_from(bucket.full_in(rate).as_micros()).unwrap_or(u64::MAX))
        };
        if let Some((bucket, until)) = kept.by_name.get_mut(name) {
            let wait = bucket.take(rate, tokens, now);
            *until = full_at(bucket);
            return wait;
        }
        let mut bucket = Bucket::full(rate, now);
        let wait = bucket.take(rate, tokens, now);
        let until = full_at(&bucket);
        kept.by_name.insert(name.to_owned(), (bucket, until));
        wait
    }
}

impl Kept {
    fn sweep(&mut self, now: u64) {
        self.by_name.retain(|_, (_, until)| *until > now);
        if self.by_name.len() >= MOST {
            let mut times: Vec<u64> = self.by_name.values().map(|(_, until)| *until).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            self.by_name.retain(|_, (_, until)| *until > median);
        }
        self.sweep_at = (2 * self.by_name.len()).min(MOST);
    }
}

/// Buckets that are shared through a cache, and counted by this process alone while that does not answer.
///
/// Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    cache: Cache,
    own: Buckets,
    patience: Patience,
}

impl Limiter {
    /// Buckets in this cache.
    pub fn new(cache: Cache) -> Self {
        let remark = "the cache of rate limits does not work, each process counts by itself";
        Self(Arc::new(Inner { cache, own: Buckets::new(), patience: Patience::new(remark) }))
    }

    /// Takes tokens out of the bucket of this name, all or none: nothing to wait when they were taken, else the time
    /// after which there will be enough. Never fails for want of the cache, and waits a quarter of a second for it at
    /// most.
    ///
    /// Any text is a name; one that cannot be the name of something in a cache is replaced by its digest.
    ///
    /// # Errors
    /// `Invalid` for a rate that is none, or more tokens than the bucket holds.
    pub async fn take(&self, name: &str, rate: Rate, tokens: u32) -> Result<Duration> {
        rate.check(tokens)?;
        let digested;
        let name = if check("limit", name).is_ok() {
            name
        } else {
            digested = digest([name]);
            &digested
        };
        let Inner { cache, own, patience } = &*self.0;
        let wait = patience.ask("take", || cache.driver().take(name, rate, tokens)).await;
        Ok(wait.unwrap_or_else(|| own.take(name, &rate, tokens)))
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limiter").field(&self.0.cache).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const RATE: Rate = Rate { burst: 3.0, rate: 2.0, interval: Duration::from_secs(1) };

    #[test]
    fn a_burst_is_let_in_and_the_bucket_fills_again() {
        let buckets = Buckets::new();
        let wait = |ms: u64| buckets.take_at("a", &RATE, 1, ms * 1000).as_millis();
        assert_eq!([wait(0), wait(0), wait(0), wait(0)], [0, 0, 0, 500]);
        assert_eq!([wait(400), wait(500), wait(500)], [100, 0, 500]);
        assert_eq!(buckets.take_at("b", &RATE, 3, 0), Duration::ZERO, "another name has a bucket of its own");
    }

    #[test]
    fn several_tokens_are_taken_together_or_not_at_all() {
        let mut bucket = Bucket::full(&RATE, 0);
        assert_eq!(bucket.take(&RATE, 2, 0), Duration::ZERO);
        assert_eq!(bucket.take(&RATE, 2, 0), Duration::from_millis(500));
        assert_eq!(bucket.take(&RATE, 1, 0), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing() {
        let mut bucket = Bucket { tokens: 0.0, at: 10_000_000 };
        assert_eq!(bucket.take(&RATE, 1, 0), Duration::from_millis(500));
        assert_eq!(bucket.take(&RATE, 1, 10_500_000), Duration::ZERO);
    }

    #[test]
    fn full_buckets_are_swept() {
        let buckets = Buckets::new();
        for n in 0..SWEEP {
            buckets.take_at(&n.to_string(), &RATE, 1, 0);
        }
        buckets.take_at("last", &RATE, 1, 60_000_000);
        assert_eq!(buckets.kept.lock().expect("lock").by_name.len(), 1);
    }

    #[test]
    fn what_can_never_be_taken_is_refused() {
        for (rate, tokens) in [
            (RATE, 0),
            (RATE, 4),
            (Rate { burst: 0.0, ..RATE }, 1),
            (Rate { rate: 0.0, ..RATE }, 1),
            (Rate { rate: f64::NAN, ..RATE }, 1),
            (Rate { interval: Duration::ZERO, ..RATE }, 1),
        ] {
            assert_eq!(rate.check(tokens).expect_err("is refused").kind(), ErrorKind::Invalid);
        }
    }
}
