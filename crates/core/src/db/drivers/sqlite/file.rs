use std::fs;
use std::path::{Path, PathBuf};

use super::options::SqliteOptions;
use crate::db::drivers::embedded::{create_private, temporary_folder};
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
                let folder = temporary_folder().map_err(|e| cannot_use(&std::env::temp_dir(), e))?;
                Self { path: folder.join("temporary.db"), temporary: Some(folder) }
            }
        };
        create_private(&file.path).map_err(|e| cannot_use(&file.path, e))?;
        Ok(file)
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
