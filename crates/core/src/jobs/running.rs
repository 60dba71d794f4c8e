use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// What a function knows of the job that calls it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Running {
    /// The id of the job.
    pub id: Arc<str>,
    /// Which attempt this is, from 1: with more than one, what the job does may have been done before.
    pub attempt: u32,
    /// How many there may be.
    pub attempts: u32,
    stop: CancellationToken,
}

impl Running {
    pub(super) fn new(id: &str, attempt: u32, attempts: u32, stop: CancellationToken) -> Self {
        Self { id: id.into(), attempt, attempts, stop }
    }

    /// Of a function that is called by hand, outside of any worker.
    pub fn alone(id: &str) -> Self {
        Self::new(id, 1, 1, CancellationToken::new())
    }

    /// Whether somebody has cancelled the job. It has a few seconds to end in its own way, then it is dropped where it
    /// waits.
    pub fn is_cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the job is cancelled. Cancel safe.
    pub async fn cancelled(&self) {
        self.stop.cancelled().await;
    }
}
