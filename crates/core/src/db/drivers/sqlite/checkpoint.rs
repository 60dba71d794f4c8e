use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::connection::{Purpose, Session};
use super::file::File;
use super::options::SqliteOptions;
use crate::Result;
use crate::db::drivers::embedded::unavailable;

/// From this multiple of the usual size on, writers wait until the log is copied and starts anew.
const HARD: u32 = 8;

/// The size of a page when none is known; SQLite's default.
const PAGE: u32 = 4096;

/// Tells the thread that copies the write-ahead log how long it has become.
pub(super) struct Signal {
    wake: SyncSender<()>,
    pages: u32,
}

impl Signal {
    /// Listens to the commits of a connection.
    ///
    /// # Errors
    /// SQLite's, for lack of memory.
    pub(super) fn attach(self, connection: &mut Connection) -> rusqlite::Result<()> {
        let (step, wake) = (self.pages, self.wake);
        let (mut last, mut next) = (0, step);
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
            let pages = u32::try_from(pages).unwrap_or(0);
            if pages < last {
                next = step;
            }
            last = pages;
            if pages >= next {
                next = pages.saturating_add(step);
                // It is awake already, or gone: fine.
                let _ = wake.try_send(());
            }
            Ok(())
        };
        connection.wal_hook(Some(hook))
    }
}

/// The thread that copies the write-ahead log into the database, so that no commit has to.
pub(super) struct Checkpointer {
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    /// Starts it, and looks at once at what a process that died may have left.
    ///
    /// # Errors
    /// `Unavailable` when the connection or thread cannot be had.
    pub(super) fn start(file: &Arc<File>, options: &SqliteOptions) -> Result<(Self, Signal)> {
        let session = Session::open(file, options, Purpose::Checkpoint)?;
        let pages = ((u64::from(options.wal_size.max(1)) << 20) / u64::from(PAGE)) as u32;
        let (wake, woken) = sync_channel(1);
        if file.wal_bytes() >= u64::from(pages) * u64::from(PAGE) {
            let _ = wake.try_send(());
        }
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn(move || work(&session.connection, &woken, pages))
            .map_err(|e| unavailable("no thread for checkpoints").source(e))?;
        Ok((Self { thread: Mutex::new(Some(thread)) }, Signal { wake, pages }))
    }

    /// Waits for its end, which comes when the connection with the [`Signal`] is closed.
    pub(super) fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, woken: &Receiver<()>, pages: u32) {
    while woken.recv().is_ok() {
        // Beside the writers. Under writing without a pause this never finds the end of the log, so that
        // it is not started anew and grows: then, and only then, the rest is copied with writers waiting.
        let log = run(connection, CheckpointMode::PASSIVE);
        if log >= pages.saturating_mul(HARD) {
            run(connection, CheckpointMode::TRUNCATE);
        }
    }
}

/// Copies the log; returns its length in pages.
pub(super) fn run(connection: &Connection, mode: CheckpointMode) -> u32 {
    match connection.wal_checkpoint_v2(None::<&str>, mode) {
        Ok((log, _)) => u32::try_from(log).unwrap_or(0),
        Err(error) => {
            // A writer or long reader is in the way; the next signal tries again.
            tracing::debug!(%error, "sqlite checkpoint not done");
            0
        }
    }
}
