//! Password hashing for async code, with a bound on how much of it happens at once.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core, so a flood of logins is an attack on its own.
//! Hashes run on blocking threads, a few at a time; a few more wait; the rest is refused at once. Requests
//! that hash nothing never wait for those that do.

use std::sync::Arc;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::password::{Cost, Passwords, Stored, Verified};
use crate::{Error, ErrorKind, Result};

/// How many hashes run and wait, and what one costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherOptions {
    /// How many run at a time; at least 1. Each takes a core and the memory of [`Cost`].
    pub concurrent: usize,
    /// How many may wait for their turn.
    pub queue: usize,
    /// What one costs.
    pub cost: Cost,
}

impl Default for HasherOptions {
    /// Half of the cores, at most 4, and a queue of 64.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { concurrent: (cores / 2).clamp(1, 4), queue: 64, cost: Cost::default() }
    }
}

/// A bounded pool of password hashing. Clones share the pool.
///
/// Dropping a call while it waits gives its place back; once it runs it runs to its end and keeps its
/// place until then, so that callers who hang up do not get around the bound.
#[derive(Clone, Debug)]
pub struct Hasher {
    passwords: Arc<Passwords>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Hasher {
    /// A pool. Takes the time of one hash.
    ///
    /// # Errors
    /// See [`Passwords::new`].
    pub fn new(options: HasherOptions) -> Result<Self> {
        let concurrent = options.concurrent.clamp(1, 1024);
        Ok(Self {
            passwords: Arc::new(Passwords::new(options.cost)?),
            admitted: Arc::new(Semaphore::new(concurrent + options.queue.min(1 << 20))),
            running: Arc::new(Semaphore::new(concurrent)),
        })
    }

    /// The PHC string to store for a password.
    ///
    /// # Errors
    /// `OverCapacity` when the queue is full, and those of [`Passwords::hash`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        self.run(move |passwords| passwords.hash(password.as_bytes())).await
    }

    /// Whether a password is the stored one. Pass [`Stored::Nothing`] for an account that is not there.
    ///
    /// # Errors
    /// `OverCapacity` when the queue is full, `NotAuthenticated` when the password is wrong.
    pub async fn verify(&self, stored: Stored, password: Zeroizing<String>) -> Result<Verified> {
        self.run(move |passwords| passwords.verify(&stored, password.as_bytes())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Passwords) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let full = || Error::new(ErrorKind::OverCapacity, "too many logins at once, please try again later");
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| full())?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|e| Error::internal("the password pool is closed").source(e))?;
        let passwords = Arc::clone(&self.passwords);
        let done = tokio::task::spawn_blocking(move || {
            let _places = (admitted, running);
            work(&passwords)
        });
        done.await.map_err(|e| Error::internal("password hashing broke off").source(e))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn what_it_hashes_it_verifies() {
        let hasher = Hasher::new(HasherOptions { cost: CHEAP, ..HasherOptions::default() }).unwrap();
        let stored = Stored::Argon2(hasher.hash(secret("p1")).await.unwrap());
        assert!(hasher.verify(stored.clone(), secret("p1")).await.is_ok());
        assert_eq!(hasher.verify(stored, secret("p2")).await.unwrap_err().status(), 401);
        assert_eq!(hasher.verify(Stored::Nothing, secret("p1")).await.unwrap_err().status(), 401);
    }

    #[tokio::test]
    async fn more_than_run_and_wait_are_refused_at_once() {
        let hasher = Hasher::new(HasherOptions { concurrent: 1, queue: 1, cost: CHEAP }).unwrap();
        let (finish, finished) = mpsc::channel::<()>();
        let mut running = Box::pin(hasher.run(move |_| Ok(finished.recv().is_ok())));
        assert!(running.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(hasher.hash(secret("p1")));
        assert!(waiting.as_mut().now_or_never().is_none());

        let refused = hasher.hash(secret("p1")).await.unwrap_err();
        assert_eq!((refused.kind(), refused.status()), (ErrorKind::OverCapacity, 429));

        finish.send(()).unwrap();
        assert!(running.await.unwrap());
        assert!(waiting.await.is_ok());
        assert!(hasher.hash(secret("p1")).await.is_ok());
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_frees_a_waiting_place_but_not_a_running_one() {
        let hasher = Hasher::new(HasherOptions { concurrent: 1, queue: 1, cost: CHEAP }).unwrap();
        let (finish, finished) = mpsc::channel::<()>();
        let mut running = Box::pin(hasher.run(move |_| Ok(finished.recv().is_ok())));
        assert!(running.as_mut().now_or_never().is_none());
        drop(running);
        for _ in 0..3 {
            let mut waiting = Box::pin(hasher.hash(secret("p1")));
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        finish.send(()).unwrap();
        assert!(hasher.hash(secret("p1")).await.is_ok());
    }

    #[tokio::test]
    async fn work_that_breaks_off_gives_its_place_back() {
        let hasher = Hasher::new(HasherOptions { concurrent: 1, queue: 0, cost: CHEAP }).unwrap();
        let broken = hasher.run(|_| -> Result<()> { panic!("on purpose") }).await;
        assert_eq!(broken.unwrap_err().status(), 500);
        assert!(hasher.hash(secret("p1")).await.is_ok());
    }
}
