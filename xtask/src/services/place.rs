//! The folder of a service, and the record of its process.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result};

use super::process::started_at;
use crate::workspace::target;

/// Where one service keeps its data, its log and the record of its process.
pub(super) struct Place {
    folder: PathBuf,
}

/// A service that runs: its process and the port it listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) pid: i32,
    /// Clock ticks from boot to the start of the process: tells it from a later one with the same id.
    pub(super) started: u64,
    pub(super) port: u16,
}

impl Place {
    /// The place of the service with this name; nothing is made yet.
    ///
    /// # Errors
    /// When cargo does not name its target folder.
    pub(super) fn of(name: &str) -> Result<Self> {
        let target = target()?;
        // Servers started by root drop to a user of their own, who may not look into root's home.
        let parent = if !rustix::process::geteuid().is_root() || open_to_all(&target) {
            target.join("services")
        } else {
            let unique = target.to_string_lossy().replace('/', "-");
            env::temp_dir().join(format!("bkjs-services{unique}"))
        };
        Ok(Self { folder: parent.join(name) })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty folder.
    pub(super) fn make(&self) -> Result<()> {
        self.delete()?;
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))
    }

    /// Deletes the folder with all data.
    pub(super) fn delete(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", self.folder.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes down which process serves.
    pub(super) fn record(&self, running: Running) -> Result<()> {
        let text = format!("{} {} {}\n", running.pid, running.started, running.port);
        fs::write(self.folder.join("process"), text).context("cannot write down the process")
    }

    /// The process that was written down, if it still runs.
    pub(super) fn running(&self) -> Option<Running> {
        let running = parse(&fs::read_to_string(self.folder.join("process")).ok()?)?;
        (started_at(running.pid) == Some(running.started)).then_some(running)
    }
}

fn parse(record: &str) -> Option<Running> {
    let mut words = record.split_whitespace();
    let pid = words.next()?.parse().ok()?;
    let started = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(Running { pid, started, port })
}

/// Whether every user may pass through all folders down to `path`.
fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| {
        // A folder that does not exist yet is made with the usual rights.
        fs::metadata(folder).map_or(true, |metadata| metadata.permissions().mode() & 0o001 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::{Running, parse};

    #[test]
    fn a_record_is_read_back() {
        assert_eq!(parse("12 3456 7890\n"), Some(Running { pid: 12, started: 3456, port: 7890 }));
        assert_eq!(parse("12 3456"), None);
        assert_eq!(parse("a b c"), None);
    }
}
