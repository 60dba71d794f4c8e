//! What applications call.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::driver::{CacheDriver, Life, Stats};
use super::drivers::local;
use super::key::{check, check_size};
use super::{Capabilities, Lock, Patience, Rate};
use crate::{Error, ErrorKind, Result};

/// The most keys that [`Cache::keys`] gives.
const KEYS: usize = 10_000;
/// What the names of values begin with, beside other things that are kept in the same place.
const VALUES: &str = "cache:";

/// A cache: values, counters and maps for a time, locks and rate limits.
///
/// Cheap to clone; clones are the same. Keys are 1 to [`MAX_KEY`](super::MAX_KEY) bytes without white space and control
/// characters, values at most [`MAX_VALUE`](super::MAX_VALUE) bytes, whatever the product could do: others are refused
/// with `Invalid` and `TooLarge`. A time to live is anything from a millisecond up; `None` is as long as there is
/// room.
///
/// # Errors
/// All calls fail with `Unavailable` or `Timeout` when the product does not answer; what was asked for may have
/// happened all the same. [`get_or_put`](Self::get_or_put) goes on without.
#[derive(Clone)]
pub struct Cache {
    name: Arc<str>,
    driver: Arc<dyn CacheDriver>,
    patience: Arc<Patience>,
}

impl Cache {
    /// The cache behind a driver; `name` is for messages.
    pub fn new(name: &str, driver: Arc<dyn CacheDriver>) -> Self {
        let patience = Patience::new("a cache does not work, values are made anew");
        Self { name: name.into(), driver, patience: Arc::new(patience) }
    }

    /// A cache in the memory of this process.
    pub fn in_memory() -> Self {
        Self::new("memory", Arc::new(local::LocalDriver::in_memory(100_000, 64 << 20)))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it can do.
    pub fn capabilities(&self) -> &Capabilities {
        self.driver.capabilities()
    }

    /// The product behind it, for parts that check names themselves.
    pub fn driver(&self) -> &Arc<dyn CacheDriver> {
        &self.driver
    }

    /// The value under a key.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a key, and as the [type](Self) says.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.driver.get(&[named(key)?]).await?.pop().flatten())
    }

    /// The value under a key, out of JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get); `Invalid` when it is not what was asked for.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.get(key).await?.map(|bytes| from_json(key, &bytes)).transpose()
    }

    /// The values under these keys, in their order.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_many<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let keys = all_named(keys)?;
        if keys.is_empty() { Ok(Vec::new()) } else { self.driver.get(&keys).await }
    }

    /// Puts a value in place of what was there.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a key or a time, `TooLarge` for the value, and as the [type](Self) says.
    pub async fn put(
        &self,
        key: &str,
        value: impl Into<Vec<u8>>,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<()> {
        self.put_many([(key, value)], ttl).await
    }

    /// Puts a value as JSON.
    ///
    /// # Errors
    /// As [`put`](Self::put); `Invalid` when there is no JSON for it.
    pub async fn put_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<()> {
        self.put(key, to_json(key, value)?, ttl).await
    }

    /// Puts several values, each by itself: when it fails, some of them may be there.
    ///
    /// # Errors
    /// As [`put`](Self::put); nothing is put when one of them is refused.
    pub async fn put_many<K: AsRef<str>, V: Into<Vec<u8>>>(
        &self,
        items: impl IntoIterator<Item = (K, V)>,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<()> {
        let ttl = checked(ttl.into())?;
        let items = items.into_iter().map(|(key, value)| item(key.as_ref(), value.into()));
        let items = items.collect::<Result<Vec<_>>>()?;
        if items.is_empty() { Ok(()) } else { self.driver.put(items, ttl).await }
    }

    /// Puts a value where nothing is; says whether it did. Of several callers at once, one does.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn put_absent(
        &self,
        key: &str,
        value: impl Into<Vec<u8>>,
        ttl: impl Into<Option<Duration>>,
    ) -> Result<bool> {
        let ttl = checked(ttl.into())?;
        self.driver.put_absent(item(key, value.into())?, ttl).await
    }

    /// The value under a key, or the one that `make` gives, which is put there. A cache that does not work or is slow
    /// is gone around: what `make` gives is good then as well. Callers at the same time may each make one.
    ///
    /// # Errors
    /// Those of `make`; `Invalid` for what cannot be a key or a time.
    pub async fn get_or_put<T, F>(
        &self,
        key: &str,
        ttl: impl Into<Option<Duration>>,
        make: impl FnOnce() -> F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T>>,
    {
        let (names, ttl) = ([named(key)?], checked(ttl.into())?);
        let found = self.patience.ask("get", || self.driver.get(&names)).await;
        let found = found.and_then(|mut values| values.pop().flatten());
        // What another version of the program has put may be no such value any more.
        if let Some(value) = found.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(value);
        }
        let value = make().await?;
        let [name] = names;
        if let Ok(bytes) = to_json(key, &value).and_then(|bytes| check_size(key, &bytes).map(|()| bytes)) {
            self.patience.ask("put", || self.driver.put(vec![(name, bytes)], ttl)).await;
        }
        Ok(value)
    }

    /// Adds to a number and gives the sum. What is not there counts as 0, and lives for `ttl` from now; what is there
    /// keeps its time. [`get`](Self::get) gives the number as decimal digits.
    ///
    /// # Errors
    /// `Invalid` when the key holds no number or the sum has no room in 64 bits, and as [`put`](Self::put).
    pub async fn incr(&self, key: &str, by: i64, ttl: impl Into<Option<Duration>>) -> Result<i64> {
        self.driver.incr(&named(key)?, by, checked(ttl.into())?).await
    }

    /// Puts a number where there is none or a lesser one, for `ttl` from then; gives the one that is there afterwards.
    ///
    /// # Errors
    /// As [`incr`](Self::incr).
    pub async fn set_max(&self, key: &str, number: i64, ttl: impl Into<Option<Duration>>) -> Result<i64> {
        self.driver.set_max(&named(key)?, number, checked(ttl.into())?).await
    }

    /// Removes a value or map; says whether it was there.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn del(&self, key: &str) -> Result<bool> {
        Ok(self.driver.del(&[named(key)?]).await? > 0)
    }

    /// Removes values and maps; gives how many were there.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn del_many<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Result<u64> {
        let keys = all_named(keys)?;
        if keys.is_empty() { Ok(0) } else { self.driver.del(&keys).await }
    }

    /// How long a value or map lives still; none when it is not there.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn life(&self, key: &str) -> Result<Option<Life>> {
        self.driver.life(&named(key)?).await
    }

    /// The keys that begin with a text, in the order of the alphabet, at most 10,000 of them.
    ///
    /// It looks at all that is there: it is for people, not for requests.
    ///
    /// # Errors
    /// `Unsupported` where the product cannot list them, and as the [type](Self) says.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        self.can_list()?;
        let mut keys = self.driver.keys(&format!("{VALUES}{prefix}"), KEYS).await?;
        keys.iter_mut().for_each(|key| drop(key.drain(..VALUES.len())));
        keys.sort_unstable();
        Ok(keys)
    }

    /// Removes what is under the keys that begin with a text, of everything with an empty one; gives how much it was.
    ///
    /// # Errors
    /// As [`keys`](Self::keys).
    pub async fn clear(&self, prefix: &str) -> Result<u64> {
        self.can_list()?;
        self.driver.clear(&format!("{VALUES}{prefix}")).await
    }

    /// What the product says of itself.
    ///
    /// # Errors
    /// As the [type](Self) says.
    pub async fn stats(&self) -> Result<Stats> {
        self.driver.stats().await
    }

    /// A lock for `ttl`, if nobody has it. See [`Lock`] for what can be relied on.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a name or a time, and as the [type](Self) says.
    pub async fn lock(&self, name: &str, ttl: Duration) -> Result<Option<Lock>> {
        check("lock", name)?;
        checked(Some(ttl))?;
        Lock::take(self.driver.clone(), name, ttl).await
    }

    /// A lock for `ttl`, waiting up to `wait` for others to give it back.
    ///
    /// # Errors
    /// `Timeout` when others had it all the time, and as [`lock`](Self::lock).
    pub async fn lock_within(&self, name: &str, ttl: Duration, wait: Duration) -> Result<Lock> {
        check("lock", name)?;
        checked(Some(ttl))?;
        Lock::wait(&self.driver, name, ttl, wait).await
    }

    /// Takes tokens out of a bucket, all or none: nothing to wait when they were taken, else the time after which there
    /// will be enough if nobody else takes any. A [`Limiter`](super::Limiter) goes on without the cache.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a name or a rate, and as the [type](Self) says.
    pub async fn take(&self, name: &str, rate: Rate, tokens: u32) -> Result<Duration> {
        check("limit", name)?;
        rate.check(tokens)?;
        self.driver.take(name, rate, tokens).await
    }

    fn can_list(&self) -> Result<()> {
        if self.capabilities().keys {
            return Ok(());
        }
        let text = format!("cache {} cannot list its keys", self.name);
        Err(Error::new(ErrorKind::Unsupported, text))
    }
}

/// The name of a value as the driver gets it.
pub(super) fn named(key: &str) -> Result<String> {
    check("key", key)?;
    Ok(format!("{VALUES}{key}"))
}

fn all_named<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Result<Vec<String>> {
    keys.into_iter().map(|key| named(key.as_ref())).collect()
}

fn item(key: &str, value: Vec<u8>) -> Result<(String, Vec<u8>)> {
    check_size(key, &value)?;
    Ok((named(key)?, value))
}

/// A time to live that can be one.
pub(super) fn checked(ttl: Option<Duration>) -> Result<Option<Duration>> {
    /// A century: what is beyond it is a mistake, and no product counts so far.
    const MOST: Duration = Duration::from_secs(100 * 365 * 86_400);
    match ttl {
        Some(ttl) if ttl < Duration::from_millis(1) || ttl > MOST => {
            Err(Error::invalid(format!("a time to live of {ttl:?} is none: give 1 ms to a century")))
        }
        ttl => Ok(ttl),
    }
}

/// A value as JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|e| Error::invalid(format!("the value for {key:.40} has no JSON form")).source(e))
}

/// A value out of JSON.
pub(super) fn from_json<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::invalid(format!("the value of {key:.40} is not what was asked for")).source(e))
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.name)
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
