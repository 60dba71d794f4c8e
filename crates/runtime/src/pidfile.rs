//! `var/ROLE.pid`: the process id of a role, nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use bkjs_core::{Error, ErrorKind, Result};

use crate::Role;

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
        if fs::read_to_string(&self.0).is_ok_and(|pid| pid == std::process::id().to_string()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

fn path(var: &Path, role: Role) -> PathBuf {
    var.join(format!("{role}.pid"))
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
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::NamedTempFile::new().expect("a file");
        let error = PidFile::write(&dir.path().join("var"), Role::Server).expect_err("below a file");
        assert!(error.message().contains("server.pid"), "{error}");
    }
}
