//! Messages between a process and its parent, over the socket pair that the child is born with.

mod frame;
mod link;
mod message;
mod tree;

use std::fmt;
use std::sync::Arc;

use bkjs_core::Result;
use serde_json::Value;

pub(crate) use frame::{receive_boot, send_boot, send_last};
pub(crate) use link::{Inbox, Link, WeakLink};
pub(crate) use message::{Boot, Message, Parent};
pub use tree::Tree;
pub(crate) use tree::Word;

use crate::Program;
use crate::drain::Drain;

/// The way from a web process or worker to the process that holds what all of them share.
///
/// Clones are the same way.
#[derive(Clone)]
pub struct Ipc(Way);

#[derive(Clone)]
enum Way {
    /// Over the link to the parent.
    Parent(Link),
    /// This process is the only one.
    Alone { program: Arc<dyn Program>, ready: Drain },
}

impl Ipc {
    pub(crate) fn to_parent(link: Link) -> Self {
        Self(Way::Parent(link))
    }

    pub(crate) fn alone(program: Arc<dyn Program>, ready: Drain) -> Self {
        Self(Way::Alone { program, ready })
    }

    /// Asks [`Program::answer`](crate::Program::answer) of the server process and waits for its reply.
    ///
    /// Dropping the future forgets the reply; the call may have been carried out nevertheless.
    ///
    /// # Errors
    /// The error of the answering process; `Unavailable` when the way is closed or the call is larger than a
    /// megabyte; `Timeout` after ten seconds.
    pub async fn call(&self, name: &str, body: Value) -> Result<Value> {
        match &self.0 {
            Way::Parent(link) => link.call(name, body).await,
            Way::Alone { program, .. } => program.answer(name.to_owned(), body).await,
        }
    }

    /// Whether there is no other process: what is asked is answered by this one.
    pub fn is_alone(&self) -> bool {
        matches!(self.0, Way::Alone { .. })
    }

    /// Asks the server process to replace its web processes one at a time, without losing a connection.
    ///
    /// Returns at once. A process that runs alone cannot be replaced and logs that.
    pub fn restart(&self) {
        match &self.0 {
            Way::Parent(link) => link.post(&Message::Restart),
            Way::Alone { .. } => tracing::warn!("a process without a supervisor cannot be restarted"),
        }
    }

    pub(crate) fn ready(&self) {
        match &self.0 {
            Way::Parent(link) => link.post(&Message::Ready),
            Way::Alone { ready, .. } => ready.begin(),
        }
    }
}

impl fmt::Debug for Ipc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::Parent(_) => "Ipc(parent)",
            Way::Alone { .. } => "Ipc(alone)",
        })
    }
}
