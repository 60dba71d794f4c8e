//! Rate limits: token buckets by address, path, login and account.

use std::collections::HashMap;
use std::sync::Arc;

use bkjs_core::cache::{Buckets, Limiter};
use bkjs_core::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

pub use bkjs_core::cache::Rate;

/// Where buckets live: in this process, or where all processes see them.
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes a token out of the bucket `key`; false when there is none.
    fn take<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, bool>;
}

/// Buckets of this process.
#[derive(Debug, Default)]
pub struct LocalLimiter(Buckets);

impl LocalLimiter {
    /// No buckets.
    pub fn new() -> Self {
        Self::default()
    }
}

impl RateLimiter for LocalLimiter {
    fn take<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, bool> {
        let taken = self.0.take(key, &rate, 1).is_zero();
        Box::pin(std::future::ready(taken))
    }
}

/// Buckets in a cache, which other processes share; this process counts by itself while that does not answer.
impl RateLimiter for Limiter {
    fn take<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            match self.take(key, rate, 1).await {
                Ok(wait) => wait.is_zero(),
                // A limit that is none was not made by `Limits`.
                Err(error) => {
                    tracing::error!(error = error.log_text(), "a rate limit does not work");
                    true
                }
            }
        })
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
    use std::time::Duration;

    use bkjs_core::cache::Cache;

    use super::*;

    #[tokio::test]
    async fn a_limit_is_the_same_for_all_who_share_the_cache() {
        let rate = Rate { burst: 3.0, rate: 1.0, interval: Duration::from_secs(3600) };
        let cache = Cache::in_memory();
        let processes: [Arc<dyn RateLimiter>; 2] =
            [Arc::new(Limiter::new(cache.clone())), Arc::new(Limiter::new(cache))];
        let mut let_in = Vec::new();
        for n in 0..5 {
            let_in.push(check(&processes[n % 2], Some(rate), || "path:/a b:1".to_owned()).await.is_ok());
        }
        assert_eq!(let_in, [true, true, true, false, false]);
    }
}
