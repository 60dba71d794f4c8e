use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::options::SqliteOptions;
use crate::{Error, ErrorKind, Result};

/// The database file; a temporary one goes with the last connection that holds this.
///
/// A temporary database is a file and not SQLite's shared memory: only a file has a write-ahead log, so
/// that tests see exactly the locking of the real thing.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    temporary: Option<PathBuf>,
}

impl File {
    /// Makes sure that the file is there and that only its owner and group can use it; SQLite gives the
    /// files beside it the same permissions.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be made or used.
    pub(super) fn prepare(options: &SqliteOptions) -> Result<Self> {
        let file = match &options.path {
            Some(path) => Self { path: path.clone(), temporary: None },
            None => {
                let folder = std::env::temp_dir().join(format!("bkjs-{}", uuid::Uuid::new_v4().simple()));
                DirBuilder::new().mode(0o700).create(&folder).map_err(|e| cannot_use(&folder, e))?;
                Self { path: folder.join("temporary.db"), temporary: Some(folder) }
            }
        };
        file.create().map_err(|e| cannot_use(&file.path, e))?;
        Ok(file)
    }

    fn create(&self) -> std::io::Result<()> {
        if let Some(parent) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
        }
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path) {
            Ok(_) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                let mode = fs::metadata(&self.path)?.permissions().mode();
                if mode & 0o007 != 0 {
                    fs::set_permissions(&self.path, Permissions::from_mode(mode & 0o770))?;
                }
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the write-ahead log in bytes; 0 when there is none.
    pub(super) fn wal_bytes(&self) -> u64 {
        let mut name = self.path.clone().into_os_string();
        name.push("-wal");
        fs::metadata(name).map_or(0, |m| m.len())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary
            && let Err(error) = fs::remove_dir_all(folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "temporary database not removed");
        }
    }
}

fn cannot_use(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the database file cannot be used")
        .detail(path.display().to_string())
        .source(error)
}
