//! One read for all who want the same at the same time.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::stamps::Stamp;
use crate::task::panic_text;
use crate::value::Row;
use crate::{Error, Result};

type Landed = Result<Option<Arc<Row>>, Arc<Error>>;
type Flight = BoxFuture<'static, Landed>;
/// The row, and what stood at its place when the reader came: one who comes after a write does not join a read
/// that began before it.
type Wanted = (String, Stamp);

/// The reads under way.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Wanted, WeakShared<Flight>>>);

impl Flights {
    /// What `start` gives, or a read of the same that is under way.
    ///
    /// Any reader may go away: the others carry the read on. When the last one does, the read is dropped.
    ///
    /// # Errors
    /// Those of the read, the same for all who wait for it.
    pub(super) async fn join<R>(
        &self,
        wanted: Wanted,
        start: impl FnOnce() -> R,
    ) -> (Result<Option<Arc<Row>>>, bool)
    where
        R: Future<Output = Result<Option<Arc<Row>>>> + Send + 'static,
    {
        let mut first = false;
        let read = {
            let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match under_way.get(&wanted).and_then(WeakShared::upgrade) {
                Some(read) => read,
                None => {
                    first = true;
                    let read = guarded(start()).boxed().shared();
                    if let Some(weak) = read.downgrade() {
                        under_way.insert(wanted.clone(), weak);
                    }
                    read
                }
            }
        };
        let mut seat = Seat { flights: self, wanted, read: Some(read) };
        let landed = match &mut seat.read {
            Some(read) => read.await,
            None => Ok(None),
        };
        (landed.map_err(|error| error.duplicate()), first)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// A reader's part in a read; the last one to leave takes it off the list.
struct Seat<'a> {
    flights: &'a Flights,
    wanted: Wanted,
    read: Option<Shared<Flight>>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        // Under the lock, so that of two who leave at once one sees that nobody is left.
        let mut under_way = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.read.take());
        if under_way.get(&self.wanted).is_some_and(|read| read.upgrade().is_none()) {
            under_way.remove(&self.wanted);
        }
    }
}

/// A read whose panic is an error for all who wait.
async fn guarded(read: impl Future<Output = Result<Option<Arc<Row>>>> + Send) -> Landed {
    let landed = AssertUnwindSafe(read).catch_unwind().await;
    landed
        .unwrap_or_else(|panic| Err(Error::internal("a read panicked").detail(panic_text(panic.as_ref()))))
        .map_err(Arc::new)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::{join_all, pending, poll_immediate};
    use tokio::sync::oneshot;

    use super::super::stamps::{Region, Stamps};
    use super::*;

    fn wanted(key: &str) -> Wanted {
        let stamps = Stamps::in_memory();
        (key.into(), stamps.read(Region::of("t").place(key)).expect("a stamp"))
    }

    fn row(n: i64) -> Option<Arc<Row>> {
        Some(Arc::new(Row::new().with("n", n)))
    }

    #[tokio::test]
    async fn all_who_come_during_a_read_share_it() {
        let (flights, wanted, starts) = (Flights::default(), wanted("a"), AtomicU32::new(0));
        let (land, landing) = oneshot::channel();
        let mut landing = Some(landing);
        let readers = (0..100).map(|_| {
            let landing = landing.take();
            flights.join(wanted.clone(), || {
                starts.fetch_add(1, Ordering::Relaxed);
                async move { landing.expect("the first").await.map_err(|_| Error::internal("gone")) }
            })
        });
        let mut readers = Box::pin(join_all(readers));
        assert!(poll_immediate(&mut readers).await.is_none());
        land.send(row(1)).expect("is waited for");
        let landed = readers.await;
        assert!(landed.iter().all(|(landed, _)| landed.as_ref().is_ok_and(|r| *r == row(1))));
        assert_eq!(landed.iter().filter(|(_, first)| *first).count(), 1);
        assert_eq!(starts.load(Ordering::Relaxed), 1);
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn readers_that_go_away_neither_end_the_read_nor_begin_another() {
        let (flights, wanted) = (Flights::default(), wanted("a"));
        let (land, landing) = oneshot::channel();
        let mut first = Box::pin(
            flights.join(wanted.clone(), || async { landing.await.map_err(|_| Error::internal("gone")) }),
        );
        assert!(poll_immediate(&mut first).await.is_none());
        let mut second = Box::pin(flights.join(wanted, || async { Ok(None) }));
        assert!(poll_immediate(&mut second).await.is_none());
        drop(first);
        land.send(row(1)).expect("the read goes on");
        assert_eq!(second.await.0.expect("reads"), row(1));
        assert!(flights.is_empty());
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_is_dropped_and_the_next_one_begins_anew() {
        let (flights, wanted) = (Flights::default(), wanted("a"));
        let (held, mut let_go) = oneshot::channel::<()>();
        let mut alone = Box::pin(flights.join(wanted.clone(), || async move {
            let _held = held;
            pending().await
        }));
        assert!(poll_immediate(&mut alone).await.is_none());
        drop(alone);
        assert!(let_go.try_recv().is_err_and(|e| e == oneshot::error::TryRecvError::Closed));
        assert!(flights.is_empty());
        assert_eq!(flights.join(wanted, || async { Ok(row(2)) }).await.0.expect("reads"), row(2));
    }

    #[tokio::test]
    async fn errors_and_panics_reach_all_who_wait_and_nobody_else() {
        let (flights, wanted) = (Flights::default(), wanted("a"));
        for panics in [false, true] {
            let readers = (0..3).map(|_| {
                flights.join(wanted.clone(), || async move {
                    tokio::task::yield_now().await;
                    assert!(!panics, "on purpose");
                    Err(Error::invalid("no"))
                })
            });
            assert!(join_all(readers).await.into_iter().all(|(landed, _)| landed.is_err()));
            assert!(flights.join(wanted.clone(), || async { Ok(None) }).await.0.is_ok());
        }
    }

    #[tokio::test]
    async fn those_who_come_after_a_write_do_not_join_a_read_from_before_it() {
        let flights = Flights::default();
        let mut before = Box::pin(flights.join(wanted("a"), pending::<Result<Option<Arc<Row>>>>));
        assert!(poll_immediate(&mut before).await.is_none());
        let (after, first) = flights.join(wanted("a"), || async { Ok(row(2)) }).await;
        assert_eq!((after.expect("reads"), first), (row(2), true));
    }
}
