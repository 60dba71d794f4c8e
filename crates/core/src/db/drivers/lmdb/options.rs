use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::Result;
use crate::db::drivers::Location;
use crate::db::drivers::embedded::{self, Synchronous};

/// Where the database is and how it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LmdbOptions {
    /// The file; LMDB keeps its locks in another one beside it.
    #[serde(skip)]
    pub path: PathBuf,
    /// When a commit waits for the disk: normal (default), full or off.
    pub synchronous: Synchronous,
    /// Reads that scan at the same time; default 2.
    pub readers: usize,
    /// Reads that may wait before more are refused; default 1024.
    pub read_queue: usize,
    /// Writes that may wait before more are refused; default 65536.
    pub write_queue: usize,
    /// Milliseconds a call may take, its waiting included; default 30000, 0 is no limit.
    pub statement_timeout: u64,
    /// The address space for the file in MiB, which is not memory; default 16384. It doubles when the file
    /// outgrows it.
    pub map_size: usize,
    /// The most address space in MiB, and so the most that the file may grow to; default 1048576.
    pub max_map_size: usize,
    /// The most rows that a page may put in order in memory; default 100000.
    pub sort_rows: usize,
}

impl Default for LmdbOptions {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            synchronous: Synchronous::default(),
            readers: 2,
            read_queue: 1024,
            write_queue: 65536,
            statement_timeout: 30_000,
            map_size: 16 << 10,
            max_map_size: 1 << 20,
            sort_rows: 100_000,
        }
    }
}

/// The file that a pool is.
///
/// # Errors
/// As [`LmdbOptions::at`].
pub(in crate::db::drivers) fn file_of(location: &Location<'_>) -> Result<Option<PathBuf>> {
    Ok(Some(LmdbOptions::default().at(location.url, location.default_file)?.path))
}

impl LmdbOptions {
    /// A database in this file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Sets the file from a URL or name: `lmdb://PATH`, a path, a plain name for the file `NAME.lmdb` beside
    /// `default`, or nothing for `default` with that ending.
    ///
    /// # Errors
    /// `Config` for a URL with a query part.
    pub fn at(mut self, url: &str, default: &Path) -> Result<Self> {
        self.path = embedded::file_of("lmdb", "lmdb", url, default)?;
        Ok(self)
    }

    pub(super) fn statement_timeout(&self) -> Option<Duration> {
        (self.statement_timeout > 0).then(|| Duration::from_millis(self.statement_timeout))
    }

    /// MiB as bytes, in whole pages of any system.
    pub(super) fn bytes(mebibytes: usize) -> usize {
        mebibytes.max(1).saturating_mul(1 << 20)
    }
}
