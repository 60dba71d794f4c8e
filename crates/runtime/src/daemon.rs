//! `-daemon`: the tree goes to the background once it serves.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;

use bkjs_core::{Error, ErrorKind, Result};

use crate::Role;
use crate::exit::Exit;
use crate::ipc::{Link, Message, Parent};
use crate::launch::Setting;
use crate::spawn::{Place, command};

/// Starts the top of the tree in a session of its own and waits until it serves.
///
/// Its output goes to `err-file`. When this returns an error nothing is left running.
///
/// # Errors
/// `Unavailable` with the reason that the tree gave, or naming the file where it may be found.
pub(crate) fn start(setting: &Setting, role: Role) -> Result<Exit> {
    let path = setting.home.join(&setting.params.err_file);
    let unwritable =
        |e| Error::new(ErrorKind::Unavailable, format!("cannot write {}", path.display())).source(e);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o640).open(&path).map_err(unwritable)?;
    let (mut command, stream) = command(setting, Place { role, index: 0, parent: Parent::Launcher }, &[])?;
    command.stdout(log.try_clone().map_err(unwritable)?).stderr(log);
    let cannot =
        |e| Error::new(ErrorKind::Unavailable, format!("cannot execute {}", setting.exe.display())).source(e);
    command.spawn().map_err(cannot)?;
    // It holds the other end of the link, without which its death would not show.
    drop(command);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        let (_link, mut inbox) = Link::open(stream).map_err(cannot)?;
        loop {
            match inbox.next().await {
                Ok(Some(Message::Ready)) => return Ok(Exit::Stopped),
                Ok(Some(Message::Failed { message })) => {
                    return Err(Error::new(ErrorKind::Unavailable, message));
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    let message = format!("the daemon ended before it was ready, see {}", path.display());
                    return Err(Error::new(ErrorKind::Unavailable, message));
                }
            }
        }
    })
}
