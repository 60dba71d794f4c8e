//! Locks that end with their holder or with their time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use tokio::time::Instant;

use super::driver::CacheDriver;
use super::facade::checked;
use crate::task;
use crate::{Error, ErrorKind, Result};

/// The first pause before a lock that another one has is asked for again; they double up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(250);

/// A lock that this value holds, until it is released, dropped, or its time is over.
///
/// Nobody else is given the lock meanwhile, in no process on no host that uses the same cache. That is all a lock with
/// a time can promise: a holder that is stopped for longer than its time goes on without knowing that another one has
/// the lock. Where that must do no harm, hand [`token`](Self::token) along with each write, and have the one who
/// stores refuse a number that is less than one it has seen.
///
/// Dropping it gives the lock back in the background; [`release`](Self::release) waits until that is done.
pub struct Lock {
    driver: Arc<dyn CacheDriver>,
    name: String,
    owner: String,
    token: u64,
    until: Instant,
    released: bool,
}

impl Lock {
    /// Asks for the lock once.
    ///
    /// # Errors
    /// Those of the driver.
    pub(super) async fn take(
        driver: Arc<dyn CacheDriver>,
        name: &str,
        ttl: Duration,
    ) -> Result<Option<Self>> {
        let owner = uuid::Uuid::new_v4().simple().to_string();
        let asked = Instant::now();
        // One who goes away while it asks gives back what it may have got.
        let mut asking =
            Self { driver, name: name.to_owned(), owner, token: 0, until: asked, released: false };
        match asking.driver.lock(name, &asking.owner, ttl).await {
            Ok(Some(token)) => {
                // Counted from before: the time of the server began later.
                (asking.token, asking.until) = (token, asked + ttl);
                Ok(Some(asking))
            }
            Ok(None) => {
                asking.released = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for the lock again and again.
    ///
    /// # Errors
    /// `Timeout` when it was never free, and those of the driver.
    pub(super) async fn wait(
        driver: &Arc<dyn CacheDriver>,
        name: &str,
        ttl: Duration,
        wait: Duration,
    ) -> Result<Self> {
        let until = Instant::now() + wait;
        let mut pause = FIRST;
        loop {
            if let Some(lock) = Self::take(driver.clone(), name, ttl).await? {
                return Ok(lock);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = format!("lock {name:.40} is held by another one, please try again later");
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            // Those who wait should not all ask at the same moment.
            let random = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            tokio::time::sleep(random.min(left)).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number greater than that of every holder before: the fencing token.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Whether its time is not over. A lock that a server has lost is held here until it is renewed.
    pub fn is_held(&self) -> bool {
        Instant::now() < self.until
    }

    /// How long it is held still.
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Holds it for `ttl` from now; false when its time was over and it is no longer held, which is final.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a time; those of the product, after which it is held for the time that it had.
    pub async fn renew(&mut self, ttl: Duration) -> Result<bool> {
        checked(Some(ttl))?;
        let asked = Instant::now();
        let held = self.driver.renew(&self.name, &self.owner, ttl).await?;
        self.until = if held { asked + ttl } else { asked };
        self.released = !held;
        Ok(held)
    }

    /// Gives it back; false when its time was over and another one may have had it.
    ///
    /// # Errors
    /// Those of the product; it ends with its time then.
    pub async fn release(mut self) -> Result<bool> {
        if self.released {
            return Ok(false);
        }
        let done = self.driver.unlock(&self.name, &self.owner).await;
        // After an error it is tried once more, in the background.
        self.released = done.is_ok();
        done
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.released || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let (driver, name) = (self.driver.clone(), std::mem::take(&mut self.name));
        let owner = std::mem::take(&mut self.owner);
        task::spawn("lock", async move {
            if let Err(error) = driver.unlock(&name, &owner).await {
                tracing::debug!(error = error.log_text(), "a lock ends with its time only");
            }
        });
    }
}

/// Shows no owner: whoever knows it can give the lock back.
impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("name", &self.name).field("token", &self.token).finish_non_exhaustive()
    }
}
