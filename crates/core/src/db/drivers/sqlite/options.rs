use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::Result;
use crate::db::drivers::Location;
use crate::db::drivers::embedded::{self, Synchronous};

/// Where the database is and how it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SqliteOptions {
    /// The file; none is a temporary database that goes when the driver is closed.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    /// When a commit waits for the disk: normal (default), full or off.
    pub synchronous: Synchronous,
    /// Threads for reads that may take long; default 2.
    pub readers: usize,
    /// Connections for reads by key on the caller's own thread; default 2, 0 sends them to the threads.
    pub inline_readers: usize,
    /// Reads that may wait for a thread before more are refused; default 1024.
    pub read_queue: usize,
    /// Writes that may wait before more are refused; default 65536.
    pub write_queue: usize,
    /// Milliseconds to wait for other processes that write; default 5000.
    pub busy_timeout: u64,
    /// Milliseconds a statement may take, its waiting included; default 30000, 0 is no limit.
    pub statement_timeout: u64,
    /// Prepared statements kept by a connection; default 256.
    pub statement_cache: usize,
    /// Page cache of a connection in MiB; default 16.
    pub cache_size: u32,
    /// The part of the file that is read through memory mapping, in MiB; default 256.
    pub mmap_size: u32,
    /// The size in MiB from which on the write-ahead log is copied into the database; default 4.
    pub wal_size: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            path: None,
            synchronous: Synchronous::default(),
            readers: 2,
            inline_readers: 2,
            read_queue: 1024,
            write_queue: 65536,
            busy_timeout: 5000,
            statement_timeout: 30_000,
            statement_cache: 256,
            cache_size: 16,
            mmap_size: 256,
            wal_size: 4,
        }
    }
}

/// The URL of a temporary database.
pub(in crate::db) const TEMPORARY: &str = ":memory:";

/// The file that a pool is; none for a temporary database.
///
/// # Errors
/// As [`SqliteOptions::at`], and for a URL of another product.
pub(in crate::db) fn file_of(location: &Location<'_>) -> Result<Option<PathBuf>> {
    Ok(SqliteOptions::default().at(location.url, location.default_file)?.path)
}

impl SqliteOptions {
    /// A database in this file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }

    /// A temporary database that goes when the driver is closed.
    pub fn temporary() -> Self {
        Self { synchronous: Synchronous::Off, ..Self::default() }
    }

    /// Sets the file from a URL or name: `sqlite://PATH`, a path, a plain name for the file `NAME.db`
    /// beside `default`, nothing for `default` itself, or `:memory:` for a temporary database.
    ///
    /// # Errors
    /// `Config` for a URL with a query part.
    pub fn at(mut self, url: &str, default: &Path) -> Result<Self> {
        if matches!(url, TEMPORARY | "sqlite::memory:" | "sqlite://:memory:") {
            return Ok(Self { path: None, synchronous: Synchronous::Off, ..self });
        }
        self.path = Some(embedded::file_of("sqlite", "db", url, default)?);
        Ok(self)
    }

    pub(super) fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout)
    }

    pub(super) fn statement_timeout(&self) -> Option<Duration> {
        (self.statement_timeout > 0).then(|| Duration::from_millis(self.statement_timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_temporary_database_and_all_else_a_file() {
        let path = |url: &str| SqliteOptions::default().at(url, Path::new("var/app.db")).expect("fits").path;
        assert_eq!(path(""), Some("var/app.db".into()));
        assert_eq!(path("sqlite://data/x"), Some("data/x".into()));
        assert_eq!(path(":memory:"), None);
        assert_eq!(path("sqlite://:memory:"), None);
    }
}
