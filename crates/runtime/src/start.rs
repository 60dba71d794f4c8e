//! How this process came to life.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use bkjs_core::{Error, ErrorKind, Result};

use crate::exit::Exit;
use crate::ipc::{Boot, Message, Parent, receive_boot, send_last};
use crate::privileges::renounce;
use crate::{Listener, Role, title};

/// How this process came to life: by an operator, or by a supervisor that gave it a role.
///
/// Take it first thing in `main`, and read the arguments from here: a process with a role has none of its own.
#[derive(Debug)]
pub struct Start {
    args: Vec<String>,
    pub(crate) birth: Option<Birth>,
}

/// What a process with a role was given.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) boot: Boot,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) stream: UnixStream,
}

impl Start {
    /// Finds out how this process was started. The second call of a process finds nothing.
    ///
    /// # Errors
    /// `Invalid` when an argument is not UTF-8, or when the process has a title of ours but no supervisor.
    pub fn take() -> Result<Self> {
        let mut given = std::env::args_os();
        let first = given.next().unwrap_or_default();
        if first.to_str().is_some_and(title::is_ours) {
            let birth = Birth::receive().map_err(|e| {
                let message = format!("a process named {} is started by bkjs only", first.display());
                Error::new(ErrorKind::Invalid, message).source(e)
            })?;
            return Ok(Self { args: birth.boot.args.clone(), birth: Some(birth) });
        }
        let args = given
            .map(|arg| {
                arg.into_string()
                    .map_err(|arg| Error::invalid(format!("the argument {} is not UTF-8", arg.display())))
            })
            .collect::<Result<_>>()?;
        Ok(Self { args, birth: None })
    }

    /// The arguments that the operator gave, without the name of the program; the same in every process.
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// The role that a supervisor gave to this process; none in a process that an operator started.
    pub fn role(&self) -> Option<Role> {
        self.birth.as_ref().map(|birth| birth.boot.role)
    }

    /// Reports a failure before [`run`](crate::run) to whoever started this process and returns the exit code.
    #[must_use]
    pub fn fail(&self, error: &Error) -> ExitCode {
        let message = error.log_text();
        match &self.birth {
            Some(Birth { stream, boot, .. }) if boot.parent != Parent::Itself => {
                if send_last(stream, &Message::Failed { message: message.clone() }).is_err() {
                    complain(&message);
                }
            }
            _ => complain(&message),
        }
        Exit::Failed.into()
    }
}

impl Birth {
    /// Reads the first frame and lets go of standard input, which nothing else should find a socket on.
    fn receive() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let (boot, sockets) = receive_boot(&stream)?;
        let serves = boot.serves.iter().copied();
        let listeners = sockets.into_iter().zip(serves).map(|(socket, serves)| Listener { socket, serves });
        let listeners = listeners.collect();
        stream.set_read_timeout(None)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        title::set(boot.role);
        match boot.parent {
            Parent::Supervisor => {
                die_with_parent()?;
                if !boot.role.is_supervisor() {
                    renounce()?;
                }
            }
            Parent::Launcher => drop(rustix::process::setsid()?),
            Parent::Itself => {}
        }
        Ok(Self { boot, listeners, stream })
    }
}

/// Has the kernel end this process with its supervisor, even when its only thread is blocked.
///
/// It follows the thread that started it, which is the only one of a supervisor that starts processes. A
/// supervisor that died before this call is noticed by the closed link.
#[cfg(target_os = "linux")]
fn die_with_parent() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

/// Elsewhere the closed link has to do.
#[cfg(not(target_os = "linux"))]
fn die_with_parent() -> io::Result<()> {
    Ok(())
}

/// Tells the operator, who may have no log yet.
pub(crate) fn complain(message: &str) {
    eprintln!("bkjs: {message}");
}
