use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use super::error::{convert, is_busy};
use super::file::File;
use super::functions;
use super::options::SqliteOptions;
use super::raw::authorize;
use crate::Result;
use crate::db::drivers::embedded::Synchronous;
use crate::schema::Table;

/// Virtual machine steps between two looks at the clock: about a tenth of a millisecond.
const STEPS: i32 = 2000;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reads on the caller's thread: never waits.
    Inline,
    /// Reads on a thread of their own.
    Read,
    /// Writes.
    Write,
    /// Copying of the write-ahead log.
    Checkpoint,
}

/// A connection and the time at which its statement is interrupted.
pub(super) struct Session {
    /// The connection.
    pub(super) connection: Connection,
    deadline: Arc<AtomicU64>,
    epoch: Instant,
    supervised: Arc<AtomicBool>,
    whole_by_key: RefCell<Vec<(Arc<Table>, Arc<str>)>>,
    // Last, so that the connection is closed before a temporary file is removed.
    _file: Arc<File>,
}

impl Session {
    /// Opens the database for a purpose.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be used or stays busy.
    pub(super) fn open(file: &Arc<File>, options: &SqliteOptions, purpose: Purpose) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(file.path(), flags).map_err(convert)?;
        wait_while_busy(options.busy_timeout(), || configure(&connection, options, purpose))?;
        functions::register(&connection).map_err(convert)?;
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let epoch = Instant::now();
        let limit = deadline.clone();
        let late = move || {
            let limit = limit.load(Ordering::Relaxed);
            limit != u64::MAX && millis(epoch.elapsed()) >= limit
        };
        connection.progress_handler(STEPS, Some(late)).map_err(convert)?;
        // Set once, as setting it discards all prepared statements.
        let supervised = Arc::new(AtomicBool::new(false));
        let on = supervised.clone();
        let supervisor = move |context: AuthContext<'_>| match on.load(Ordering::Relaxed) {
            true => authorize(context),
            false => Authorization::Allow,
        };
        connection.authorizer(Some(supervisor)).map_err(convert)?;
        Ok(Self {
            connection,
            deadline,
            epoch,
            supervised,
            whole_by_key: RefCell::default(),
            _file: file.clone(),
        })
    }

    /// The statement that reads a whole record of a table by key, kept for the next time.
    ///
    /// # Errors
    /// What `write` says, which puts it together.
    pub(super) fn whole_by_key(
        &self,
        table: &Arc<Table>,
        write: impl FnOnce() -> Result<Arc<str>>,
    ) -> Result<Arc<str>> {
        let mut kept = self.whole_by_key.borrow_mut();
        if let Some((_, text)) = kept.iter().find(|(known, _)| Arc::ptr_eq(known, table)) {
            return Ok(text.clone());
        }
        let text = write()?;
        kept.push((table.clone(), text.clone()));
        Ok(text)
    }

    /// From now on, statements that are prepared must be allowed for callers, or not any more.
    pub(super) fn supervise(&self, on: bool) {
        self.supervised.store(on, Ordering::Relaxed);
    }

    /// From now on statements are interrupted at this time; none is never.
    pub(super) fn interrupt_at(&self, time: Option<Instant>) {
        let limit = time.map_or(u64::MAX, |t| millis(t.saturating_duration_since(self.epoch)));
        self.deadline.store(limit, Ordering::Relaxed);
    }
}

/// Several processes that make the file at once lock each other out, and the change to WAL does not wait by
/// itself.
fn wait_while_busy(patience: Duration, work: impl Fn() -> rusqlite::Result<()>) -> Result<()> {
    let begun = Instant::now();
    loop {
        match work().map_err(convert) {
            Err(error) if is_busy(&error) && begun.elapsed() < patience => {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX - 1)
}

fn configure(connection: &Connection, options: &SqliteOptions, purpose: Purpose) -> rusqlite::Result<()> {
    // First of all, as the change to WAL and the recovery after a crash lock the file.
    connection.busy_timeout(options.busy_timeout())?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    let synchronous = match options.synchronous {
        Synchronous::Normal => "normal",
        Synchronous::Full => "full",
        Synchronous::Off => "off",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", i64::from(options.wal_size) << 20)?;
    connection.pragma_update(None, "mmap_size", i64::from(options.mmap_size) << 20)?;
    connection.pragma_update(None, "cache_size", -(i64::from(options.cache_size) << 10))?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(options.statement_cache);
    match purpose {
        Purpose::Inline => {
            connection.pragma_update(None, "query_only", true)?;
            connection.busy_timeout(Duration::ZERO)
        }
        Purpose::Read => connection.pragma_update(None, "query_only", true),
        // The writer sets its own time, depending on the thread it runs on.
        Purpose::Write => connection.busy_timeout(Duration::ZERO),
        // It holds the lock of writers while it waits for readers, so it must not wait long.
        Purpose::Checkpoint => connection.busy_timeout(Duration::from_millis(50)),
    }
}
