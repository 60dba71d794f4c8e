//! How far a run is, in a file beside its work, so that another one can go on there.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bkjs_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::failed;

/// The file, which may not be there.
pub(super) struct Checkpoint {
    path: PathBuf,
}

impl Checkpoint {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// What the last run has noted; none when there is nothing to go on with.
    ///
    /// # Errors
    /// `Invalid` when the file is damaged or of another version.
    pub(super) fn load<S: DeserializeOwned>(&self) -> Result<Option<S>> {
        let text = match std::fs::read(&self.path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| failed(&self.path, &e))?,
        };
        serde_json::from_slice(&text).map(Some).map_err(|e| {
            let path = self.path.display();
            Error::invalid(format!("{path} does not say how far the last run was: start without -resume"))
                .source(e)
        })
    }

    /// Notes how far the run is. The note is whole or the one before; readable by its owner only, as it may
    /// hold keys of records.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be written.
    pub(super) fn save<S: Serialize>(&self, state: &S) -> Result<()> {
        let text = serde_json::to_vec(state).map_err(|e| Error::internal("a checkpoint").source(e))?;
        let draft = with_suffix(&self.path, ".new");
        let mut options = std::fs::OpenOptions::new();
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let written = opened.and_then(|mut file| file.write_all(&text));
        written.and_then(|()| std::fs::rename(&draft, &self.path)).map_err(|e| failed(&self.path, &e))
    }

    /// Forgets it: there is nothing to go on with.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be removed.
    pub(super) fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(&self.path, &e)),
            _ => Ok(()),
        }
    }
}

/// The path with more behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
