use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError, Weak};
use std::time::Duration;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, RoTxn, RwTxn, WithoutTls};

use super::catalog::Catalog;
use super::error::{convert, is_map_full, is_map_resized};
use super::options::LmdbOptions;
use crate::db::drivers::embedded::{Synchronous, create_private};
use crate::{Error, ErrorKind, Result};

/// A database within the file.
pub(super) type Bucket = Database<'static, Bytes, Bytes>;

/// Transactions of all processes that read at the same time.
const MAX_READERS: u32 = 1024;
/// How long to wait for a pool of this process that is closing the same file.
const CLOSING: Duration = Duration::from_secs(10);

/// The file, memory-mapped.
///
/// LMDB wants a file to be opened once in a process, so pools of the same file share one of these.
pub(super) struct Store {
    env: Env<WithoutTls>,
    /// Descriptions of tables.
    pub(super) tables: Bucket,
    /// Records: number of the table, key.
    pub(super) rows: Bucket,
    /// Index entries: number of the index, values, key.
    pub(super) entries: Bucket,
    /// What is known of the descriptions.
    pub(super) catalog: Catalog,
    /// Held for reading by whoever has a transaction, for writing to change the address space.
    map: RwLock<()>,
    max_map: usize,
}

/// The files that are open in this process.
static OPEN: Mutex<Option<HashMap<PathBuf, Weak<Store>>>> = Mutex::new(None);

impl Store {
    /// Opens the file, making it if it is not there. A file that is open in this process is shared, with
    /// the options of whoever opened it first.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be used.
    pub(super) fn open(options: &LmdbOptions) -> Result<Arc<Self>> {
        let path = &options.path;
        create_private(path).map_err(|e| cannot_use(path, e))?;
        let path = path.canonicalize().map_err(|e| cannot_use(path, e))?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.get_or_insert_with(HashMap::new);
        if let Some(store) = open.get(&path).and_then(Weak::upgrade) {
            return Ok(store);
        }
        open.retain(|_, store| store.strong_count() > 0);
        let store = Arc::new(Self::open_file(&path, options)?);
        open.insert(path, Arc::downgrade(&store));
        Ok(store)
    }

    fn open_file(path: &Path, options: &LmdbOptions) -> Result<Self> {
        // The last user of a closed pool may still be about to let go of the file.
        if let Some(closing) = heed::env_closing_event(path) {
            closing.wait_timeout(CLOSING);
        }
        let env = open_env(path, options).map_err(convert)?;
        // Slots of processes that were killed keep their pages from being used again.
        let stale = env.clear_stale_readers().map_err(convert)?;
        if stale > 0 {
            tracing::info!(path = %path.display(), stale, "lmdb readers of dead processes cleared");
        }
        let (tables, rows, entries) = open_buckets(&env).map_err(convert)?;
        Ok(Self {
            env,
            tables,
            rows,
            entries,
            catalog: Catalog::default(),
            map: RwLock::new(()),
            max_map: LmdbOptions::bytes(options.max_map_size),
        })
    }

    /// Reads on this thread; none when it would have to wait for the address space to change.
    pub(super) fn try_read<T>(&self, read: impl FnOnce(&RoTxn<'_>) -> Result<T>) -> Option<Result<T>> {
        let _map = match self.map.try_read() {
            Ok(map) => map,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        match self.env.read_txn().map_err(convert) {
            Ok(txn) => Some(read(&txn)),
            Err(error) if is_map_resized(&error) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Reads; may wait for the address space to change.
    ///
    /// # Errors
    /// Those of the work, and LMDB's.
    pub(super) fn read<T>(&self, read: impl FnOnce(&RoTxn<'_>) -> Result<T>) -> Result<T> {
        loop {
            let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
            match self.env.read_txn().map_err(convert) {
                Ok(txn) => return read(&txn),
                Err(error) if is_map_resized(&error) => {
                    drop(map);
                    self.resize(|_| Ok(0))?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes in one transaction, which is there for good when this returns, or not at all. The work may
    /// run again, after the file outgrew its address space.
    ///
    /// # Errors
    /// Those of the work, and LMDB's; then nothing is changed.
    pub(super) fn commit<T>(&self, mut work: impl FnMut(&mut RwTxn<'_>) -> Result<T>) -> Result<T> {
        loop {
            let error = {
                let _map = self.map.read().unwrap_or_else(PoisonError::into_inner);
                match self.try_commit(&mut work) {
                    Ok(done) => return Ok(done),
                    Err(error) => error,
                }
            };
            if is_map_resized(&error) {
                self.resize(|_| Ok(0))?;
            } else if is_map_full(&error) {
                self.resize(|size| self.larger(size).ok_or(error))?;
            } else {
                return Err(error);
            }
        }
    }

    fn try_commit<T>(&self, work: &mut impl FnMut(&mut RwTxn<'_>) -> Result<T>) -> Result<T> {
        let mut txn = self.env.write_txn().map_err(convert)?;
        let done = work(&mut txn)?;
        txn.commit().map_err(convert)?;
        Ok(done)
    }

    /// Runs a part of a transaction that changes nothing when it fails.
    ///
    /// # Errors
    /// Those of the work, and LMDB's.
    pub(super) fn nested<T>(
        &self,
        txn: &mut RwTxn<'_>,
        work: impl FnOnce(&mut RwTxn<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut part = self.env.nested_write_txn(txn).map_err(convert)?;
        let done = work(&mut part)?;
        part.commit().map_err(convert)?;
        Ok(done)
    }

    fn larger(&self, size: usize) -> Option<usize> {
        let next = size.saturating_mul(2).min(self.max_map);
        (next > size).then_some(next)
    }

    /// Changes the address space, to what `size` makes of its size: 0 takes over what another process set.
    fn resize(&self, size: impl FnOnce(usize) -> Result<usize>) -> Result<()> {
        let _alone = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let now = self.env.info().map_size;
        let next = size(now)?;
        // SAFETY: every transaction of this process holds `map` for reading, so there is none now.
        unsafe { self.env.resize(next) }.map_err(convert)?;
        if next > 0 {
            tracing::info!(from = now, to = next, "lmdb address space enlarged");
        }
        Ok(())
    }
}

fn open_env(path: &Path, options: &LmdbOptions) -> heed::Result<Env<WithoutTls>> {
    let mut open = EnvOpenOptions::new().read_txn_without_tls();
    open.map_size(LmdbOptions::bytes(options.map_size.min(options.max_map_size)));
    open.max_readers(MAX_READERS).max_dbs(3);
    let mut flags = EnvFlags::NO_SUB_DIR | EnvFlags::NO_READ_AHEAD;
    match options.synchronous {
        Synchronous::Full => {}
        Synchronous::Normal => flags |= EnvFlags::NO_META_SYNC,
        Synchronous::Off => flags |= EnvFlags::NO_SYNC,
    }
    // SAFETY: none of the flags gives up locking or the protection of the mapped pages; NO_SYNC gives up
    // the file when the power is lost, and says so in its documentation.
    unsafe { open.flags(flags) };
    // SAFETY: the file is private to its owner, who changes it through LMDB only, as the module says; it is
    // opened once in this process.
    unsafe { open.open(path) }
}

fn open_buckets(env: &Env<WithoutTls>) -> heed::Result<(Bucket, Bucket, Bucket)> {
    let txn = env.write_txn()?;
    let made = env.create_databases_and_commit(txn, |opener, txn| {
        let mut bucket = |name| opener.create_database::<Bytes, Bytes>(txn, Some(name));
        let buckets = (bucket("tables")?, bucket("rows")?, bucket("entries")?);
        Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(buckets))
    })?;
    made.commit().ok_or(heed::Error::Mdb(heed::MdbError::NotFound))
}

fn cannot_use(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the database file cannot be used")
        .detail(path.display().to_string())
        .source(error)
}
