//! The wish that a process comes to its end in good order.

use tokio_util::sync::CancellationToken;

/// Tells a program that it should finish what it has begun and take nothing new.
///
/// Clones share one state. A process drains once and never returns to service.
#[derive(Clone, Debug, Default)]
pub struct Drain(CancellationToken);

impl Drain {
    /// A drain that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins draining; a second call changes nothing.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Whether draining has begun.
    pub fn is_draining(&self) -> bool {
        self.0.is_cancelled()
    }

    /// The token that is cancelled when draining begins.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }

    /// Waits until draining begins; at once when it has. Cancel safe.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }
}

/// The two steps to the end of a supervisor, shared with everything it keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Halt {
    /// Children should drain.
    pub(crate) drain: Drain,
    /// Children should be gone.
    pub(crate) force: Drain,
}

impl Halt {
    /// Ends everything without waiting for work in progress.
    pub(crate) fn force(&self) {
        self.force.begin();
        self.drain.begin();
    }
}
