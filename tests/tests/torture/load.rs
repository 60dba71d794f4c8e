//! Who submits the jobs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bkjs_tests::Call;
use futures_util::future::join_all;

use crate::site::Site;
use crate::visit;

/// Callers at once.
const LANES: usize = 24;

/// Jobs that were submitted.
#[derive(Default)]
pub(crate) struct Load {
    acknowledged: Mutex<Vec<String>>,
    /// Jobs that a caller has begun to submit.
    next: AtomicUsize,
    /// Submissions.
    tried: AtomicUsize,
    /// Submissions that were not acknowledged.
    pub(crate) refused: AtomicUsize,
    over: AtomicBool,
    stopped: AtomicBool,
}

impl Load {
    /// Submits jobs until so many are acknowledged as are to be. What is not acknowledged may be stored or not, so that
    /// another one takes its place.
    ///
    /// # Errors
    /// None that an outage may cause.
    pub(crate) async fn submit(&self, site: &Arc<Site>) -> Result<()> {
        join_all((0..LANES).map(|_| self.lane(site))).await;
        self.over.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn lane(&self, site: &Site) {
        while self.next.fetch_add(1, Ordering::SeqCst) < site.plan.jobs {
            loop {
                let id = format!("v{}", self.tried.fetch_add(1, Ordering::SeqCst));
                let call = Call::post("/jobs/submit").json(&visit(&id, site.plan.pause));
                if site.send(call).await.is_ok_and(|reply| reply.status == 200) {
                    self.acknowledged().push(id);
                    break;
                }
                self.refused.fetch_add(1, Ordering::SeqCst);
                if self.stopped.load(Ordering::SeqCst) {
                    return;
                }
                // The queue, or the server, is away.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Whether all are submitted.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Ends the submission of what was refused.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Those whose submission was answered.
    pub(crate) fn acknowledged(&self) -> MutexGuard<'_, Vec<String>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
