//! A web process or a worker under a supervisor.

use std::sync::Arc;

use bkjs_core::{Error, Result, task};

use crate::exit::Exit;
use crate::ipc::{Inbox, Ipc, Link, Message};
use crate::signals::Signals;
use crate::start::Birth;
use crate::supervise::{open, report};
use crate::{Drain, Program, RoleContext};

/// Runs the program until it has drained, or until there is nobody left to run it for.
pub(crate) async fn run(birth: Birth, program: Arc<dyn Program>) -> Result<Exit> {
    let mut signals = Signals::take(true)?;
    let (parent, inbox) = open(birth.stream)?;
    let drain = Drain::new();
    let context = RoleContext {
        role: birth.boot.role,
        index: birth.boot.index,
        listeners: birth.listeners,
        drain: drain.clone(),
        ipc: Ipc::to_parent(parent.clone()),
    };
    // In tasks of their own, on the same thread: the pings are answered while that thread is not blocked.
    let obeyed = task::spawn("parent", obey(inbox, parent.clone(), drain.clone()));
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
async fn obey(mut inbox: Inbox, parent: Link, drain: Drain) -> Exit {
    loop {
        match inbox.next().await {
            Ok(Some(Message::Ping)) => parent.post(&Message::Pong),
            Ok(Some(Message::Drain)) => drain.begin(),
            Ok(Some(Message::Stop)) => return Exit::Forced,
            // The rest is not for a process without children.
            Ok(Some(_)) => {}
            Ok(None) => return Exit::ParentGone,
            Err(error) => {
                tracing::error!(%error, "the parent sent a bad message");
                return Exit::ParentGone;
            }
        }
    }
}
