//! Work that keeps a core busy, done off the async threads with a bound on how much of it happens at once.
//!
//! Whoever lets strangers start such work gives them a way to take the machine: a flood of logins or of images. Here a
//! few run at a time on blocking threads; a few more wait; the rest is refused at once. Requests without such work
//! never wait for those with it.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{Error, ErrorKind, Result};

/// How many pieces of work run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many run at a time; at least 1.
    pub concurrent: usize,
    /// How many may wait for their turn.
    pub queue: usize,
}

impl Default for Bounds {
    /// Half of the cores, at most 4, and a queue of 64.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { concurrent: (cores / 2).clamp(1, 4), queue: 64 }
    }
}

/// A bounded pool of work. Clones share it.
///
/// Dropping a call while it waits gives its place back; once it runs it runs to its end and keeps its
/// place until then, so that callers who hang up do not get around the bound.
#[derive(Clone, Debug)]
pub struct Offload {
    what: &'static str,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Offload {
    /// A pool; `what` is what callers are told that there is too much of, such as `logins`.
    pub fn new(what: &'static str, bounds: Bounds) -> Self {
        let concurrent = bounds.concurrent.clamp(1, 1024);
        Self {
            what,
            admitted: Arc::new(Semaphore::new(concurrent + bounds.queue.min(1 << 20))),
            running: Arc::new(Semaphore::new(concurrent)),
        }
    }

    /// Does a piece of work when its turn comes.
    ///
    /// # Errors
    /// `OverCapacity` when the queue is full, `Internal` when the work panics; what the work gives.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let full = || {
            let text = format!("too many {} at once, please try again later", self.what);
            Error::new(ErrorKind::OverCapacity, text)
        };
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| full())?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|e| Error::internal(format!("the pool of {} is closed", self.what)).source(e))?;
        let done = tokio::task::spawn_blocking(move || {
            let _places = (admitted, running);
            work()
        });
        done.await.map_err(|e| Error::internal(format!("work on {} broke off", self.what)).source(e))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    fn small(queue: usize) -> Offload {
        Offload::new("tests", Bounds { concurrent: 1, queue })
    }

    #[tokio::test]
    async fn more_than_run_and_wait_are_refused_at_once() {
        let pool = small(1);
        let (finish, finished) = mpsc::channel::<()>();
        let mut running = Box::pin(pool.run(move || Ok(finished.recv().is_ok())));
        assert!(running.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(pool.run(|| Ok(1)));
        assert!(waiting.as_mut().now_or_never().is_none());

        let refused = pool.run(|| Ok(2)).await.unwrap_err();
        assert_eq!((refused.kind(), refused.status()), (ErrorKind::OverCapacity, 429));
        assert_eq!(refused.message(), "too many tests at once, please try again later");

        finish.send(()).unwrap();
        assert!(running.await.unwrap());
        assert_eq!(waiting.await.unwrap(), 1);
        assert_eq!(pool.run(|| Ok(3)).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_frees_a_waiting_place_but_not_a_running_one() {
        let pool = small(1);
        let (finish, finished) = mpsc::channel::<()>();
        let mut running = Box::pin(pool.run(move || Ok(finished.recv().is_ok())));
        assert!(running.as_mut().now_or_never().is_none());
        drop(running);
        for _ in 0..3 {
            let mut waiting = Box::pin(pool.run(|| Ok(())));
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        finish.send(()).unwrap();
        assert!(pool.run(|| Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn work_that_breaks_off_gives_its_place_back() {
        let pool = small(0);
        let broken = pool.run(|| -> Result<()> { panic!("on purpose") }).await;
        assert_eq!(broken.unwrap_err().status(), 500);
        assert!(pool.run(|| Ok(())).await.is_ok());
    }
}
