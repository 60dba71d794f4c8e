//! Starting the same executable again, with a role.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bkjs_core::{Error, ErrorKind, Result};

use crate::ipc::{Boot, Parent, send_boot};
use crate::launch::Setting;
use crate::{Listener, Role, title};

/// Which process is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) role: Role,
    pub(crate) index: usize,
    pub(crate) parent: Parent,
}

/// The command that becomes a process of that place, and our end of the link to it.
///
/// The command has only its title as argument and the environment of this process; everything else waits for
/// it in the link.
///
/// # Errors
/// `Unavailable` when the system has no descriptors left or the arguments are too long to hand over.
pub(crate) fn command(
    setting: &Setting,
    place: Place,
    listeners: &[Listener],
) -> Result<(Command, UnixStream)> {
    let boot = Boot {
        role: place.role,
        index: place.index,
        exe: setting.exe.clone(),
        args: setting.args.clone(),
        parent: place.parent,
        since: setting.since,
        serves: listeners.iter().map(|listener| listener.serves).collect(),
    };
    let cannot =
        |e| Error::new(ErrorKind::Unavailable, format!("cannot start a {} process", place.role)).source(e);
    let (ours, theirs) = UnixStream::pair().map_err(cannot)?;
    send_boot(&ours, &boot, listeners.iter().map(|listener| &listener.socket)).map_err(cannot)?;
    let mut command = Command::new(executable(&setting.exe));
    command.arg0(title::of(place.role)).stdin(OwnedFd::from(theirs));
    Ok((command, ours))
}

/// The file to execute: where it was at the start, so that a new version there is found; or, when there is
/// nothing any more, the one that runs.
fn executable(exe: &Path) -> PathBuf {
    let running = Path::new("/proc/self/exe");
    if !exe.exists() && running.exists() { running.to_owned() } else { exe.to_owned() }
}
