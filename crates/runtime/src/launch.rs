//! From the parameters to a running process of the tree.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bkjs_core::{Error, ErrorKind, Result, task};

use crate::exit::Exit;
use crate::ipc::Parent;
use crate::spawn::{Place, command};
use crate::start::{Birth, Start, complain};
use crate::{Program, Role, RuntimeParams, Tree, daemon, leaf, single, supervise};

/// How long work on blocking threads may hold up the end of a process that has drained.
const LEFTOVERS: Duration = Duration::from_millis(200);

/// All that a tree of processes is started with.
#[derive(Debug)]
pub struct Launch {
    /// How this process came to life.
    pub start: Start,
    /// The home directory, absolute.
    pub home: PathBuf,
    /// Where the pid files go, absolute; made when missing.
    pub var_dir: PathBuf,
    /// Which processes run and how they are kept.
    pub params: RuntimeParams,
}

/// What stays the same for all processes that this one starts.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) exe: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) home: PathBuf,
    pub(crate) var_dir: PathBuf,
    pub(crate) params: RuntimeParams,
    pub(crate) since: u64,
}

/// Runs this process to its end, in the role that it was given or, started by an operator, as the top of a tree.
///
/// A process started by an operator begins with executing itself once more: that hides its arguments and gives
/// it its title, while its process id stays. Standard input is closed, output and environment stay. Errors have
/// been reported when it returns.
pub fn run(launch: Launch, program: impl Program) -> ExitCode {
    let result = match launch.start.role() {
        Some(_) => act(launch, Arc::new(program)),
        None => begin(launch),
    };
    result
        .unwrap_or_else(|error| {
            complain(&error.log_text());
            Exit::Failed
        })
        .into()
}

/// What the process that an operator started does: it becomes the top of the tree, or starts it and waits.
fn begin(launch: Launch) -> Result<Exit> {
    let role = top_role(&launch.params)?;
    let exe = std::env::current_exe().map_err(|e| {
        Error::new(ErrorKind::Unavailable, "cannot tell which file this program was started from").source(e)
    })?;
    let setting = Setting {
        exe,
        args: launch.start.args().to_vec(),
        home: launch.home,
        var_dir: launch.var_dir,
        params: launch.params,
        since: now(),
    };
    if setting.params.daemon {
        return daemon::start(&setting, role);
    }
    let (mut command, _link) = command(&setting, Place { role, index: 0, parent: Parent::Itself }, &[])?;
    let error = command.exec();
    Err(Error::new(ErrorKind::Unavailable, format!("cannot execute {}", setting.exe.display())).source(error))
}

/// What a process with a role does.
fn act(launch: Launch, program: Arc<dyn Program>) -> Result<Exit> {
    let Launch { start, home, var_dir, params } = launch;
    let args = start.args().to_vec();
    let Some(birth) = start.birth else {
        return Err(Error::internal("a process without a role cannot act in it"));
    };
    let boot = &birth.boot;
    let setting = Arc::new(Setting { exe: boot.exe.clone(), args, home, var_dir, params, since: boot.since });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::internal("cannot build an event loop").source(e))?;
    let exit = runtime.block_on(part(setting, birth, program));
    runtime.shutdown_timeout(LEFTOVERS);
    exit
}

async fn part(setting: Arc<Setting>, birth: Birth, program: Arc<dyn Program>) -> Result<Exit> {
    let alone = birth.boot.parent != Parent::Supervisor;
    match birth.boot.role {
        role if role.is_supervisor() => Box::pin(supervise::run(setting, birth, program)).await,
        _ if alone => Box::pin(single::run(setting, birth, program)).await,
        _ => Box::pin(leaf::run(birth, program)).await,
    }
}

/// Runs what accompanies the work of a process.
pub(crate) fn accompany(program: &Arc<dyn Program>, role: Role, tree: Tree) {
    let program = program.clone();
    task::spawn("beside", async move { program.accompany(role, tree).await });
}

/// The role at the top of the tree that the parameters describe.
pub(crate) fn top_role(params: &RuntimeParams) -> Result<Role> {
    let monitor = params.monitor && !params.no_monitor;
    if params.web && !params.no_web && !params.master && !params.monitor {
        return Ok(Role::Web);
    }
    match (monitor, params.no_master, params.no_web) {
        (_, true, true) => {
            Err(Error::invalid("no-master and no-web leave nothing to run: remove one of them"))
        }
        (true, ..) => Ok(Role::Monitor),
        (false, false, _) => Ok(Role::Master),
        (false, true, _) => Ok(Role::Server),
    }
}

/// The roles and numbers of the processes that a supervisor keeps.
pub(crate) fn children(role: Role, params: &RuntimeParams) -> Vec<(Role, usize)> {
    match role {
        Role::Monitor if params.no_master => vec![(Role::Server, 1)],
        Role::Monitor => vec![(Role::Master, 1)],
        Role::Master => {
            vec![(Role::Server, usize::from(!params.no_web)), (Role::Worker, params.worker_processes())]
        }
        Role::Server => vec![(Role::Web, params.web_processes())],
        Role::Web | Role::Worker => Vec::new(),
    }
}

/// The roles of which a tree with this top has one process each, from above.
pub(crate) fn unique_roles(top: Role, params: &RuntimeParams) -> Vec<Role> {
    let below = children(top, params).into_iter().filter(|(role, count)| role.is_supervisor() && *count > 0);
    [top].into_iter().chain(below.flat_map(|(role, _)| unique_roles(role, params))).collect()
}

/// Milliseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

impl Setting {
    /// Milliseconds since the tree was started.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        now().saturating_sub(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(set: impl FnOnce(&mut RuntimeParams)) -> Option<Role> {
        let mut params = RuntimeParams::default();
        set(&mut params);
        top_role(&params).ok()
    }

    #[test]
    fn the_flags_choose_the_top_of_the_tree() {
        assert_eq!(top(|_| ()), Some(Role::Master));
        assert_eq!(top(|p| p.monitor = true), Some(Role::Monitor));
        assert_eq!(top(|p| p.web = true), Some(Role::Web));
        assert_eq!(top(|p| (p.web, p.master) = (true, true)), Some(Role::Master));
        assert_eq!(top(|p| (p.monitor, p.no_monitor) = (true, true)), Some(Role::Master));
        assert_eq!(top(|p| p.no_master = true), Some(Role::Server));
        assert_eq!(top(|p| (p.no_master, p.no_web) = (true, true)), None);
    }

    #[test]
    fn each_supervisor_has_its_children() {
        let params = RuntimeParams { jobs_workers: 2, server_max_processes: 3, ..Default::default() };
        assert_eq!(children(Role::Monitor, &params), [(Role::Master, 1)]);
        assert_eq!(children(Role::Master, &params), [(Role::Server, 1), (Role::Worker, 2)]);
        assert_eq!(children(Role::Server, &params), [(Role::Web, 3)]);
    }

    #[test]
    fn a_tree_has_one_process_of_each_supervisor() {
        let params = RuntimeParams::default();
        assert_eq!(unique_roles(Role::Monitor, &params), [Role::Monitor, Role::Master, Role::Server]);
        assert_eq!(unique_roles(Role::Web, &params), [Role::Web]);
        let params = RuntimeParams { no_web: true, ..Default::default() };
        assert_eq!(unique_roles(Role::Master, &params), [Role::Master]);
    }
}
