//! `var/ROLE.pid`: the process id of a role, nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use bkjs_core::{Error, ErrorKind, Result};
use rustix::process::{Pid, test_kill_process};

use crate::{Role, title};

/// A pid file that is removed when this value is dropped, unless another process has replaced it.
#[derive(Debug)]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file, atomically.
    ///
    /// # Errors
    /// `Unavailable` naming the folder that cannot be made or written.
    pub(crate) fn write(var: &Path, role: Role) -> Result<Self> {
        let path = path(var, role);
        let fresh = path.with_extension(format!("pid.{}", std::process::id()));
        fs::create_dir_all(var)
            .and_then(|()| fs::write(&fresh, std::process::id().to_string()))
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|e| {
                Error::new(ErrorKind::Unavailable, format!("cannot write {}: {e}", path.display()))
            })?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if read(&self.0).is_some_and(|pid| pid.as_raw_nonzero().get().unsigned_abs() == std::process::id()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// The living process, other than this one, that the file of a role names.
///
/// Two instances on one home differ by their port. The pid files belong to the first.
pub(crate) fn other_owner(var: &Path, role: Role) -> Option<u32> {
    let pid = read(&path(var, role))?;
    let id = pid.as_raw_nonzero().get().unsigned_abs();
    (id != std::process::id() && test_kill_process(pid).is_ok() && is_role(id, role)).then_some(id)
}

/// Whether the number still belongs to a process of that role: numbers are used again.
#[cfg(target_os = "linux")]
fn is_role(pid: u32, role: Role) -> bool {
    // What was killed keeps its name until its parent collects it, but loses its command line.
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(title::of(role).as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn is_role(_pid: u32, _role: Role) -> bool {
    true
}

fn path(var: &Path, role: Role) -> PathBuf {
    var.join(format!("{role}.pid"))
}

fn read(path: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(path).ok()?.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_another_process_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let mine = PidFile::write(dir.path(), Role::Master).expect("writes");
        let path = path(dir.path(), Role::Master);
        assert_eq!(fs::read_to_string(&path).expect("reads"), std::process::id().to_string());
        fs::write(&path, "1").expect("writes");
        drop(mine);
        assert_eq!(fs::read_to_string(&path).expect("still there"), "1");
        // Process 1 lives, but is no master.
        #[cfg(target_os = "linux")]
        assert_eq!(other_owner(dir.path(), Role::Master), None);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::NamedTempFile::new().expect("a file");
        let error = PidFile::write(&dir.path().join("var"), Role::Server).expect_err("below a file");
        assert!(error.message().contains("server.pid"), "{error}");
    }
}
