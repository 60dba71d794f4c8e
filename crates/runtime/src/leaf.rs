//! A web process or a worker under a supervisor.

use std::sync::Arc;

use bkjs_core::{Error, Result, task};

use crate::exit::Exit;
use crate::ipc::{Ipc, Message};
use crate::launch::accompany;
use crate::signals::Signals;
use crate::start::Birth;
use crate::upwards::{Upwards, report};
use crate::{Drain, Program, RoleContext, Tree};

/// Runs the program until it has drained, or until there is nobody left to run it for.
pub(crate) async fn run(mut birth: Birth, program: Arc<dyn Program>) -> Result<Exit> {
    let mut signals = Signals::take(true)?;
    let drain = Drain::new();
    let (role, index) = (birth.boot.role, birth.boot.index);
    let listeners = std::mem::take(&mut birth.listeners);
    let upwards = Upwards::open(birth)?;
    let Some(parent) = upwards.link.clone() else {
        return Err(Error::internal("a process below a supervisor has no link to it"));
    };
    let tree = Tree::of_leaf(parent.clone());
    accompany(&program, role, tree.clone());
    let ipc = Ipc::to_parent(parent.clone());
    let context = RoleContext { role, index, listeners, drain: drain.clone(), ipc, tree };
    // In tasks of their own, on the same thread: the pings are answered while that thread is not blocked.
    let obeyed = task::spawn("parent", obey(upwards, drain.clone(), program.clone()));
    let served = task::spawn("serve", async move { program.serve(context).await });
    let forced = async {
        signals.end().await;
        drain.begin();
        signals.end().await;
    };
    tokio::select! {
        result = served => match result.ok().flatten().unwrap_or_else(|| Err(Error::internal("the program panicked"))) {
            Ok(()) => {
                parent.flush().await;
                Ok(Exit::Stopped)
            }
            Err(error) => {
                report(&parent, error.log_text()).await;
                Ok(Exit::Failed)
            }
        },
        exit = obeyed => Ok(exit.ok().flatten().unwrap_or(Exit::ParentGone)),
        () = forced => Ok(Exit::Forced),
    }
}

/// Follows the parent until it says stop or is gone.
async fn obey(mut parent: Upwards, drain: Drain, program: Arc<dyn Program>) -> Exit {
    loop {
        match parent.next().await {
            Some(Message::Ping) => parent.tell(&Message::Pong),
            Some(Message::Drain) => drain.begin(),
            Some(Message::Stop) => return Exit::Forced,
            Some(Message::Tell { name, body }) => program.told(&name, body),
            Some(Message::Missed) => program.missed(),
            // The rest is not for a process without children.
            Some(_) => {}
            None => return Exit::ParentGone,
        }
    }
}
