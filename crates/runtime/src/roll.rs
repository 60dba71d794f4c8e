//! The replacement of one child after the other.

use bkjs_core::task;
use tokio::sync::{mpsc, oneshot};

use crate::slot::Replace;

/// A replacement that may be under way; another one asked for meanwhile follows it.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    over: Option<oneshot::Receiver<()>>,
    again: bool,
}

impl Roll {
    /// Orders the slots to replace their children, the next once the successor of the one before serves.
    ///
    /// It stops at the first successor that fails: what cannot start anew had better stay as it is.
    pub(crate) fn begin(&mut self, slots: Vec<mpsc::Sender<Replace>>) {
        if self.over.is_some() {
            self.again = true;
            return;
        }
        let (done, over) = oneshot::channel();
        self.over = Some(over);
        task::spawn("roll", async move {
            for slot in slots {
                let (replace, replaced) = oneshot::channel();
                if slot.send(replace).await.is_err() || matches!(replaced.await, Ok(false)) {
                    tracing::error!("replacement stopped: the remaining processes stay as they are");
                    break;
                }
            }
            let _ = done.send(());
        });
    }

    /// Waits for the end of a replacement under way. Cancel safe.
    pub(crate) async fn finished(&mut self) {
        match &mut self.over {
            Some(over) => drop(over.await),
            None => std::future::pending().await,
        }
        self.over = None;
    }

    /// Whether another one was asked for while one was under way; asks once.
    pub(crate) fn wanted_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }
}
