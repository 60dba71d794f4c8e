//! What the processes run.

use bkjs_core::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

use crate::{Drain, Ipc, Listener, Role, Tree};

/// What the processes run: the same value is built in every process of the tree.
///
/// Building it must cost little: supervisors build it too and keep it for their whole life.
pub trait Program: Send + Sync + 'static {
    /// Makes ready what all processes share, for instance tables; runs before any socket accepts.
    ///
    /// Called once in the process that is master, or server where there is no master, or the single process.
    /// A master that is started again calls it again. What it opens it should close: the process lives on.
    ///
    /// # Errors
    /// A failure at the first start ends the tree with exit code 1 and the error's message.
    fn prepare(&self, role: Role) -> BoxFuture<'_, Result<()>>;

    /// The work of a web process or worker, until [`RoleContext::drain`] begins and what was begun is done.
    ///
    /// It has to call [`RoleContext::ready`] once it serves; until then it counts as starting, and is replaced
    /// after a minute. It shares one thread with the answers to the supervisor's pings: a call that blocks
    /// the thread for two intervals is taken for a stuck process.
    ///
    /// # Errors
    /// A failure before readiness at the first start ends the tree with its message; later ones are logged
    /// and the process is started again.
    fn serve(&self, context: RoleContext) -> BoxFuture<'_, Result<()>>;

    /// Runs beside the work of every process of the tree, supervisors included, and ends with it: what keeps the
    /// configuration of the process current.
    ///
    /// It shares the thread with that work, and must not block it. `tree` is the way to all other processes.
    fn accompany(&self, _role: Role, _tree: Tree) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Another process of the tree has told this with [`Tree::tell`]. Called in every process, supervisors included, and
    /// returns at once.
    fn told(&self, _name: &str, _body: serde_json::Value) {}

    /// Something that another process has told may not have got here. Returns at once.
    fn missed(&self) {}

    /// Answers a request that a web process or worker made with [`Ipc::call`].
    ///
    /// Runs in the one server process (the master where there is no server, the single process in
    /// development), so that its state is shared by all callers.
    ///
    /// # Errors
    /// The error is handed to the caller with its kind and message.
    fn answer(&self, name: String, _body: serde_json::Value) -> BoxFuture<'_, Result<serde_json::Value>> {
        Box::pin(async move {
            Err(Error::new(ErrorKind::NotFound, format!("no process answers the call {name}")))
        })
    }
}

/// What a web process or worker is given.
#[derive(Debug)]
#[non_exhaustive]
pub struct RoleContext {
    /// [`Role::Web`] or [`Role::Worker`].
    pub role: Role,
    /// The place among the processes of this role, from 0; a replacement has the place of its predecessor.
    pub index: usize,
    /// The listening sockets, non-blocking; empty for a worker. They have to be closed when draining begins.
    pub listeners: Vec<Listener>,
    /// The request to come to an end.
    pub drain: Drain,
    /// The way to the process that holds what the processes share.
    pub ipc: Ipc,
    /// The way to all other processes.
    pub tree: Tree,
}

impl RoleContext {
    /// Reports that this process serves: its predecessor may drain now.
    pub fn ready(&self) {
        self.ipc.ready();
    }
}
