//! Level two: rows that processes share.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::counts::Counter;
use crate::Result;
use crate::task;
use crate::value::Name;

/// How long a reader or writer waits for the shared cache before it goes on without.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long readers do without a shared cache that failed.
const REST: Duration = Duration::from_secs(1);
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
    patience: Duration,
    rest: Duration,
    resting: Mutex<Option<Instant>>,
    puts: Arc<Semaphore>,
    pub(super) failures: Counter,
}

impl Shared {
    pub(super) fn new(rows: Arc<dyn SharedRows>) -> Self {
        Self::with_limits(rows, PATIENCE, REST)
    }

    /// With other limits: `patience` is how long a call is waited for, `rest` how long none follows a failure.
    pub(super) fn with_limits(rows: Arc<dyn SharedRows>, patience: Duration, rest: Duration) -> Self {
        let (resting, puts) = (Mutex::new(None), Arc::new(Semaphore::new(PUTS)));
        Self { rows, patience, rest, resting, puts, failures: Counter::default() }
    }

    /// What is shared under a key; none when the shared cache is not there.
    pub(super) async fn get(&self, scope: &Scope, key: &str) -> Option<Found> {
        if self.rests() {
            return None;
        }
        self.answer("get", self.rows.get(scope, key)).await
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
            shared.answer("put", shared.rows.put(&scope, &key, lease, bytes, ttl)).await;
        });
    }

    /// Forgets keys, or all. It is tried also while the cache rests: it may be this process only that it has left.
    pub(super) async fn forget(&self, scope: &Scope, keys: Option<&[String]>) {
        self.answer("forget", self.rows.forget(scope, keys)).await;
    }

    fn rests(&self) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = resting.is_some_and(|until| Instant::now() < until);
        if !rests {
            *resting = None;
        }
        rests
    }

    async fn answer<T>(&self, verb: &'static str, call: impl Future<Output = Result<T>>) -> Option<T> {
        let error = match timeout(self.patience, call).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.log_text(),
            Err(_) => format!("no answer in {} ms", self.patience.as_millis()),
        };
        self.failures.count();
        let until = Instant::now() + self.rest;
        let before = self.resting.lock().unwrap_or_else(PoisonError::into_inner).replace(until);
        // Once for each rest, not for each call that finds out.
        if before.is_none() {
            tracing::warn!(verb, error, "the shared cache does not work, rows are read from the database");
        }
        None
    }
}
