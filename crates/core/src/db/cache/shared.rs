//! Level two: rows that processes share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::everywhere::FarRows;
use crate::Result;
use crate::cache::{CacheDriver, Patience};
use crate::task;
use crate::value::Name;

/// What a reader does without the shared cache.
const REMARK: &str = "the shared cache does not work, rows are read from the database";
/// Rows on their way into the shared cache; more are not put.
const PUTS: usize = 64;

/// The rows of one table in one store, as every process that shares them knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The table.
    pub table: Name,
    /// A text that no other table has, nor this one in another store or with other columns.
    pub id: Name,
}

/// The permission to put a row that is read from now on. What it says is the implementation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(pub u64);

/// What a look into the shared cache gave.
#[derive(Debug)]
pub struct Found {
    /// What was put under the key, if it is up to date.
    pub bytes: Option<Vec<u8>>,
    /// For a row that is read from the database after this look.
    pub lease: Lease,
}

/// Rows that processes share.
///
/// The one rule: after [`forget`](Self::forget) has returned, no [`get`](Self::get) that begins gives what was put
/// with a lease from before, also when that [`put`](Self::put) comes later. Losing what was put breaks no rule.
///
/// Keys are texts; of one scope, no two records have the same. Bytes hold whole records, secret columns included:
/// they are not to be shown or logged. All calls may be dropped, and have happened then or not.
pub trait SharedRows: Send + Sync + fmt::Debug + 'static {
    /// Looks for a record.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: readers ask the database.
    fn get<'a>(&'a self, scope: &'a Scope, key: &'a str) -> BoxFuture<'a, Result<Found>>;

    /// Puts a record for at most `ttl`; does nothing when it was forgotten since the lease was given.
    ///
    /// # Errors
    /// As [`get`](Self::get); nobody is told.
    fn put<'a>(
        &'a self,
        scope: &'a Scope,
        key: &'a str,
        lease: Lease,
        bytes: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<()>>;

    /// Forgets the records of these keys, or all of the scope's table, also those of stores and columns that this
    /// process does not know.
    ///
    /// # Errors
    /// As [`get`](Self::get); the write that wanted it stands, and a row may be out of date until its time is over.
    fn forget<'a>(&'a self, scope: &'a Scope, keys: Option<&'a [String]>) -> BoxFuture<'a, Result<()>>;
}

/// The shared rows as this process uses them: never for longer than it pays.
#[derive(Debug)]
pub(super) struct Shared {
    rows: Arc<dyn SharedRows>,
    /// Whether hosts share them that see no stamp of this home.
    pub(super) is_far: bool,
    pub(super) patience: Patience,
    puts: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(rows: Arc<dyn SharedRows>) -> Self {
        Self::with_patience(rows, Patience::new(REMARK))
    }

    /// Rows in a cache that hosts share.
    pub(super) fn everywhere(cache: Arc<dyn CacheDriver>) -> Self {
        Self { is_far: true, ..Self::new(Arc::new(FarRows(cache))) }
    }

    /// Rows that hosts share in some other place.
    #[cfg(test)]
    pub(super) fn far(rows: Arc<dyn SharedRows>) -> Self {
        Self { is_far: true, ..Self::new(rows) }
    }

    /// With other limits: `limit` is how long a call is waited for, `rest` how long none follows a failure.
    #[cfg(test)]
    pub(super) fn with_limits(rows: Arc<dyn SharedRows>, limit: Duration, rest: Duration) -> Self {
        Self::with_patience(rows, Patience::with_limits(REMARK, limit, rest))
    }

    fn with_patience(rows: Arc<dyn SharedRows>, patience: Patience) -> Self {
        Self { rows, is_far: false, patience, puts: Arc::new(Semaphore::new(PUTS)) }
    }

    /// What is shared under a key; none when the shared cache is not there.
    pub(super) async fn get(&self, scope: &Scope, key: &str) -> Option<Found> {
        self.patience.ask("get", || self.rows.get(scope, key)).await
    }

    /// Puts a row in the background, if there is room for that.
    pub(super) fn put(
        self: &Arc<Self>,
        scope: &Scope,
        key: String,
        lease: Lease,
        bytes: Vec<u8>,
        ttl: Duration,
    ) {
        let Ok(permit) = self.puts.clone().try_acquire_owned() else { return };
        let (shared, scope) = (self.clone(), scope.clone());
        task::spawn("cache", async move {
            let _permit = permit;
            shared.patience.insist("put", shared.rows.put(&scope, &key, lease, bytes, ttl)).await;
        });
    }

    /// Forgets keys, or all; says whether it did. It is tried also while the cache rests: it may be this process only
    /// that it has left.
    pub(super) async fn forget(&self, scope: &Scope, keys: Option<&[String]>) -> bool {
        self.patience.insist("forget", self.rows.forget(scope, keys)).await.is_some()
    }
}
