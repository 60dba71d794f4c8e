//! What is said between parent and child.

use std::path::PathBuf;

use bkjs_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Role, Serves};

/// The first frame, from the parent, together with the listening sockets: all that a process starts with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Boot {
    pub(crate) role: Role,
    /// The place among its kind, from 0.
    pub(crate) index: usize,
    /// The executable to start further processes with.
    pub(crate) exe: PathBuf,
    /// The arguments of the top process, without the name of the program.
    pub(crate) args: Vec<String>,
    pub(crate) parent: Parent,
    /// When the tree was started: milliseconds since 1970.
    pub(crate) since: u64,
    /// What is served on the sockets, in their order.
    pub(crate) serves: Vec<Serves>,
}

/// Who started a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Parent {
    /// A supervisor, without which it must not live.
    Supervisor,
    /// A command that waits until the daemon is ready and goes away.
    Launcher,
    /// The same process, before it took its title.
    Itself,
}

/// Every later frame, in either direction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Message {
    /// Up: this process and all below it serve.
    Ready,
    /// Down: show that the main thread runs.
    Ping,
    /// Up: it runs.
    Pong,
    /// Down: finish what was begun, then end.
    Drain,
    /// Down: end now.
    Stop,
    /// Up: it cannot work, for a reason that a restart does not cure.
    Failed { message: String },
    /// Towards the server: replace the web processes.
    Restart,
    /// Everywhere: what a program tells all processes of the tree; each passes it on to all it knows but the sender.
    Tell { name: String, body: Value },
    /// Everywhere: something that was told may not have got here.
    Missed,
    /// Up to the server: a request of a program.
    Call { id: u64, name: String, body: Value },
    /// Back down: the reply to the call of that number.
    Reply { id: u64, outcome: Outcome },
}

/// The result of a call as it travels.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Done(Value),
    Refused { kind: ErrorKind, message: String },
}

impl From<Result<Value>> for Outcome {
    fn from(result: Result<Value>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(error) => {
                // The detail stays in the log of the process that answered.
                tracing::debug!(error = error.log_text(), "a call from another process failed");
                Self::Refused { kind: error.kind(), message: error.message().to_owned() }
            }
        }
    }
}

impl From<Outcome> for Result<Value> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(value) => Ok(value),
            Outcome::Refused { kind, message } => Err(Error::new(kind, message)),
        }
    }
}
