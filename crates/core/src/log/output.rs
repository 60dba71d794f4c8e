//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Format;
use crate::{Error, ErrorKind, Result};

/// A place for lines.
pub(super) enum Target {
    Stdout,
    Stderr,
    File(File, PathBuf),
}

impl Target {
    /// A file that lines are added to; several processes may share it, a line is written at once.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let opened = OpenOptions::new().append(true).create(true).mode(0o640).open(&path);
        match opened {
            Ok(file) => Ok(Self::File(file, path)),
            Err(e) => {
                let text = format!("cannot write the log file {}: {e}", path.display());
                Err(Error::new(ErrorKind::Config, text))
            }
        }
    }
}

/// What is shared between the formatter, the writer and the handle.
pub(super) struct Output {
    pub(super) role: String,
    /// Role and pid as text lines show them.
    pub(super) process: String,
    state: Mutex<(Target, Format)>,
}

impl Output {
    pub(super) fn new(role: &str, target: Target, format: Format) -> Self {
        let process = format!("{role}[{}]", std::process::id());
        Self { role: role.to_owned(), process, state: Mutex::new((target, format)) }
    }

    pub(super) fn format(&self) -> Format {
        self.lock().1
    }

    pub(super) fn set(&self, target: Target, format: Format) {
        *self.lock() = (target, format);
    }

    pub(super) fn reopen(&self) -> Result<()> {
        let mut state = self.lock();
        if let Target::File(_, path) = &state.0 {
            state.0 = Target::open(path.clone())?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, (Target, Format)> {
        // A panic between two lines leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole line is given to one call of `write`, so lines of several threads do not mix.
impl Write for &Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.lock().0 {
            Target::Stdout => io::stdout().lock().write(bytes),
            Target::Stderr => io::stderr().lock().write(bytes),
            Target::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.lock().0 {
            Target::Stdout => io::stdout().lock().flush(),
            Target::Stderr | Target::File(..) => Ok(()),
        }
    }
}
