use std::sync::{Arc, PoisonError, RwLock};

use heed::RoTxn;

use super::capability::CAPABILITIES;
use super::options::LmdbOptions;
use super::reader::Readers;
use super::store::Store;
use super::writer::Writer;
use super::{schema, select};
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::db::drivers::embedded::unavailable;
use crate::db::plain::PageLimits;
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// The most keys of a list that are read on the caller's thread: some tens of microseconds.
const INLINE_KEYS: usize = 16;

/// The embedded key-value store; see the [module](super) for what it promises.
pub struct LmdbDriver {
    /// None after it was closed.
    pool: RwLock<Option<Arc<Pool>>>,
}

/// What an open driver works with.
struct Pool {
    store: Arc<Store>,
    readers: Readers,
    writer: Writer,
    limits: PageLimits,
}

impl LmdbDriver {
    /// Opens the file, making it if it is not there, and starts the thread that writes.
    ///
    /// Blocks for some milliseconds.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be used.
    pub fn open(options: &LmdbOptions) -> Result<Self> {
        let store = Store::open(options)?;
        let writer = Writer::start(store.clone(), options)?;
        let limits = PageLimits { rows: options.sort_rows };
        let pool = Pool { store, readers: Readers::new(options), writer, limits };
        Ok(Self { pool: RwLock::new(Some(Arc::new(pool))) })
    }

    fn pool(&self) -> Result<Arc<Pool>> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.clone().ok_or_else(|| unavailable("the driver was closed"))
    }

    /// A short read on this thread, or on another one when it would have to wait.
    async fn read_short<R, T>(&self, request: R, read: fn(&Store, &RoTxn<'_>, &R) -> Result<T>) -> Result<T>
    where
        R: Send + 'static,
        T: Send + 'static,
    {
        let pool = self.pool()?;
        match pool.store.try_read(|txn| read(&pool.store, txn, &request)) {
            Some(done) => done,
            None => {
                let store = pool.store.clone();
                pool.readers.run(store, move |store, txn, _| read(store, txn, &request)).await
            }
        }
    }
}

impl Driver for LmdbDriver {
    fn name(&self) -> &'static str {
        "lmdb"
    }

    fn is_embedded(&self) -> bool {
        true
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(self.read_short(get, select::get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            if keys.len() <= INLINE_KEYS {
                let request = (table, keys, select);
                return self.read_short(request, |s, txn, (t, k, c)| select::list(s, txn, t, k, c)).await;
            }
            let pool = self.pool()?;
            let read = move |s: &Store, txn: &RoTxn<'_>, _| select::list(s, txn, &table, &keys, &select);
            pool.readers.run(pool.store.clone(), read).await
        })
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            let pool = self.pool()?;
            let limits = pool.limits;
            let read = move |s: &Store, txn: &RoTxn<'_>, end| select::select(s, txn, &select, limits, end);
            pool.readers.run(pool.store.clone(), read).await
        })
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let pool = self.pool()?;
            let read = move |s: &Store, txn: &RoTxn<'_>, end| select::count(s, txn, &table, &query, end);
            pool.readers.run(pool.store.clone(), read).await
        })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(async move { self.pool()?.writer.write(write).await })
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(async move {
            match self.pool() {
                Ok(pool) => pool.writer.batch(writes).await,
                Err(error) => writes.iter().map(|_| Err(error.duplicate())).collect(),
            }
        })
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(async move { self.pool()?.writer.transact(writes).await })
    }

    fn query(&self, _text: String, _values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        let refused = Error::new(ErrorKind::Unsupported, "lmdb has no query language of its own");
        Box::pin(std::future::ready(Err(refused)))
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(self.read_short(tables, |store, txn, tables| schema::plan(store, txn, tables)))
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(async move { self.pool()?.writer.run(move |store| schema::create(store, &tables)).await })
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(self.read_short(table, |store, txn, table| schema::index_names(store, txn, table)))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.pool()?.writer.run(move |store| schema::drop_table(store, &table)).await })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let pool = self.pool.write().unwrap_or_else(PoisonError::into_inner).take();
            let Some(pool) = pool else { return };
            // The file is let go with the last call that still uses it.
            if let Err(error) = tokio::task::spawn_blocking(move || pool.writer.close()).await {
                tracing::error!(%error, "lmdb driver not closed");
            }
        })
    }
}
