//! Processes: roles, supervision, inherited sockets and local messages.
//!
//! ```text
//! monitor            restarts what dies, nothing else
//!  └ master          prepares the data, keeps the workers
//!     ├ server       owns the listening sockets, starts and rolls the web processes
//!     │   ├ web      serves requests
//!     │   └ web
//!     ├ worker       runs jobs
//!     └ worker
//! ```
//!
//! Every role is the same executable started again. What a process needs to know (its role, the original
//! arguments, its sockets) comes through the socket pair it is born with, as its standard input, so that
//! neither its title nor its environment shows an argument and nothing has to be cleaned from what *its*
//! children inherit. The pair then carries the messages between parent and child.
//!
//! The order of a `main` is fixed: [`Start::take`] first, then the configuration from [`Start::args`], then
//! [`become_user`], then [`run`]. A failure between them goes through [`Start::fail`], so that it reaches whoever started the tree.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | stopped on request, everything drained |
//! | 1 | could not start, or the role failed; the message says why |
//! | 3 | ended by force: a second signal, or the time to drain was over |
//! | 4 | the parent process died |
//!
//! Signals: TERM (and INT for the top process) drain and end; a second one ends by force. USR2 replaces web
//! processes (sent to the server or the monitor) or workers (sent to the master), one at a time.

#![forbid(unsafe_code)]

mod backoff;
mod claim;
mod daemon;
mod drain;
mod exit;
mod heartbeat;
mod ipc;
mod launch;
mod leaf;
mod listen;
mod params;
mod pidfile;
mod privileges;
mod process;
mod program;
mod role;
mod roll;
mod signals;
mod single;
mod slot;
mod spawn;
mod start;
mod supervise;
mod title;
mod umask;
mod upwards;

pub use drain::Drain;
pub use ipc::{Ipc, Tree};
pub use launch::{Launch, run};
pub use listen::{Listener, Serves, listens_at};
pub use params::RuntimeParams;
pub use privileges::become_user;
pub use program::{Program, RoleContext};
pub use role::Role;
pub use start::Start;
pub use umask::Umask;
