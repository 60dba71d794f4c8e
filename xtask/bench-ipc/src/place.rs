//! Where the data of one measurement is.

use std::path::PathBuf;

use anyhow::Result;
use tempfile::TempDir;

/// A server, and a part of it that nobody else uses.
pub(crate) struct Place {
    /// The address of the server.
    pub(crate) url: String,
    /// A name that nobody else uses there.
    pub(crate) room: String,
    folder: TempDir,
}

impl Place {
    /// A place on this server.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub(crate) fn new(url: String) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bkjs-bench-").tempdir()?;
        Ok(Self { url, room: format!("bench_{}", std::process::id()), folder })
    }

    /// A file of this measurement's own.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of these files.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}
