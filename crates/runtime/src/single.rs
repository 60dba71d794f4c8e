//! One process that serves without supervision, for development.

use std::sync::Arc;

use bkjs_core::{Error, Result, task};
use tokio::time::sleep;

use crate::claim::Claim;
use crate::exit::Exit;
use crate::ipc::{Ipc, Link, Message};
use crate::launch::{Setting, accompany, unique_roles};
use crate::pidfile::PidFile;
use crate::privileges::renounce;
use crate::signals::Signals;
use crate::start::Birth;
use crate::supervise::begin;
use crate::upwards::{Upwards, report};
use crate::{Drain, Program, Role, RoleContext, Tree};

/// Prepares, listens and serves in this process.
///
/// # Errors
/// A home that is in use, and those of preparing, listening and serving, where no launcher waits for them.
pub(crate) async fn run(setting: Arc<Setting>, birth: Birth, program: Arc<dyn Program>) -> Result<Exit> {
    let signals = Signals::take(false)?;
    let role = birth.boot.role;
    // Kept to the end, so that the launcher sees the end of this process, not of the link.
    let upwards = Upwards::open(birth)?;
    let launcher = upwards.link.as_ref();
    match (serve(&setting, role, signals, program, launcher).await, launcher) {
        (Err(error), Some(launcher)) => {
            report(launcher, error.log_text()).await;
            Ok(Exit::Failed)
        }
        (result, _) => result,
    }
}

async fn serve(
    setting: &Setting,
    role: Role,
    mut signals: Signals,
    program: Arc<dyn Program>,
    launcher: Option<&Link>,
) -> Result<Exit> {
    let started = async {
        let claim = Claim::take(setting, &unique_roles(role, &setting.params)).await?;
        let pid_file = PidFile::write(&setting.var_dir, role)?;
        Ok::<_, Error>((claim, pid_file, begin(role, setting, program.as_ref()).await?))
    };
    let (_claim, _pid_file, sockets) = tokio::select! {
        started = started => started?,
        () = signals.end() => return Ok(Exit::Stopped),
    };
    // The port is open: nothing else needs a right of root's.
    renounce().map_err(|e| Error::internal("cannot give up the rights of root").source(e))?;
    let (drain, ready) = (Drain::new(), Drain::new());
    accompany(&program, role, Tree::alone());
    let context = RoleContext {
        role,
        index: 0,
        listeners: sockets.copies()?,
        drain: drain.clone(),
        ipc: Ipc::alone(program.clone(), ready.clone()),
        tree: Tree::alone(),
    };
    let served = task::spawn("serve", async move { program.serve(context).await });
    let announced = async {
        ready.begun().await;
        tracing::info!(%role, pid = std::process::id(), port = setting.params.port, elapsed_ms = setting.elapsed_ms(), "ready");
        if let Some(launcher) = launcher {
            launcher.post(&Message::Ready);
        }
        std::future::pending::<()>().await;
    };
    let forced = async {
        signals.end().await;
        sockets.turn_away();
        sockets.close();
        drain.begin();
        tokio::select! {
            () = sleep(setting.params.shutdown_timeout) => {}
            () = signals.end() => {}
        }
    };
    tokio::select! {
        result = served => {
            let panicked = || Err(Error::internal("the program panicked"));
            result.ok().flatten().unwrap_or_else(panicked).map(|()| Exit::Stopped)
        }
        () = announced => Ok(Exit::Stopped),
        () = forced => Ok(Exit::Forced),
    }
}
