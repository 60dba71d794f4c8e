//! What the operator says by signal.

use bkjs_core::{Error, Result};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Drain and end; the second time, end at once.
    End,
    /// Replace the processes that do the work, one at a time.
    Restart,
}

/// The signals of this process.
pub(crate) struct Signals {
    term: Stream,
    int: Stream,
    restart: Stream,
    supervised: bool,
}

impl Signals {
    /// Takes the signals over from their default action.
    ///
    /// Ctrl-C in a terminal reaches every process of the tree at once. A `supervised` process leaves it to
    /// the top process, which then drains the tree from above without taking the deaths for crashes.
    pub(crate) fn take(supervised: bool) -> Result<Self> {
        let take = |kind| signal(kind).map_err(|e| Error::internal("cannot take over signals").source(e));
        Ok(Self {
            term: take(SignalKind::terminate())?,
            int: take(SignalKind::interrupt())?,
            restart: take(SignalKind::user_defined2())?,
            supervised,
        })
    }

    /// Waits for the next wish. Cancel safe.
    pub(crate) async fn next(&mut self) -> Wish {
        loop {
            tokio::select! {
                _ = self.term.recv() => return Wish::End,
                _ = self.int.recv() => if !self.supervised { return Wish::End },
                _ = self.restart.recv() => return Wish::Restart,
            }
        }
    }

    /// Waits for the wish to end, ignoring others. Cancel safe.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}
