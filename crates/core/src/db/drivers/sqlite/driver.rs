use std::sync::Arc;

use rusqlite::wal::CheckpointMode;

use super::capability::CAPABILITIES;
use super::checkpoint::{self, Checkpointer};
use super::connection::Session;
use super::error::of_file;
use super::file::File;
use super::options::SqliteOptions;
use super::reader::Readers;
use super::writer::Writer;
use super::{execute, raw, schema};
use crate::Result;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// The most keys of a list that are read on the caller's thread: about a tenth of a millisecond.
const INLINE_KEYS: usize = 16;

/// The embedded database; see the [module](super) for what it promises.
pub struct SqliteDriver {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
    checkpointer: Arc<Checkpointer>,
    file: Arc<File>,
}

impl SqliteDriver {
    /// Opens the database, making the file if it is not there, and starts the threads of the driver.
    ///
    /// Blocks for some milliseconds.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be used.
    pub fn open(options: &SqliteOptions) -> Result<Self> {
        let file = Arc::new(File::prepare(options)?);
        Self::start(&file, options).map_err(|error| of_file(error, file.path()))
    }

    fn start(file: &Arc<File>, options: &SqliteOptions) -> Result<Self> {
        let (checkpointer, signal) = Checkpointer::start(file, options)?;
        let writer = Writer::start(file, options, signal)?;
        let readers = Readers::start(file, options)?;
        Ok(Self {
            readers: Arc::new(readers),
            writer: Arc::new(writer),
            checkpointer: Arc::new(checkpointer),
            file: file.clone(),
        })
    }

    /// A call whose error names the file where that is damaged.
    fn named<'a, T>(&'a self, call: impl Future<Output = Result<T>> + Send + 'a) -> BoxFuture<'a, Result<T>> {
        Box::pin(async move { call.await.map_err(|error| of_file(error, self.file.path())) })
    }

    /// A short read on this thread if a connection is free, else on one of the readers'.
    async fn read_short<R, T>(&self, request: R, read: fn(&Session, &R) -> Result<T>) -> Result<T>
    where
        R: Send + 'static,
        T: Send + 'static,
    {
        match self.readers.try_inline(|session| read(session, &request)) {
            Some(done) => done,
            None => self.readers.run(move |session| read(session, &request)).await,
        }
    }
}

impl Driver for SqliteDriver {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn is_embedded(&self) -> bool {
        true
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        self.named(self.read_short(get, execute::get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.named(async move {
            if keys.len() > INLINE_KEYS {
                return self.readers.run(move |s| execute::list(s, &table, &keys, &select)).await;
            }
            self.read_short((table, keys, select), |s, (table, keys, select)| {
                execute::list(s, table, keys, select)
            })
            .await
        })
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.named(self.readers.run(move |session| execute::select(&session.connection, &select)))
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        self.named(self.readers.run(move |session| execute::count(&session.connection, &table, &query)))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        self.named(self.writer.write(write))
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(async move {
            let done = self.writer.batch(writes).await;
            done.into_iter().map(|one| one.map_err(|error| of_file(error, self.file.path()))).collect()
        })
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        self.named(self.writer.transact(writes))
    }

    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.named(async move {
            let request = Arc::new((text, values));
            let first = request.clone();
            let read = self.readers.run(move |session| raw::read(session, &first.0, &first.1)).await?;
            match read {
                Some(rows) => Ok(rows),
                None => self.writer.run(move |s| raw::write(s, &request.0, &request.1)).await,
            }
        })
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.named(self.readers.run(move |session| schema::plan(&session.connection, &tables)))
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        self.named(self.writer.run(move |session| schema::create(&session.connection, &tables)))
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        self.named(self.readers.run(move |session| schema::index_names(&session.connection, &table)))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        self.named(self.writer.run(move |session| schema::drop_table(&session.connection, &table)))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let (readers, writer, checkpointer) =
            (self.readers.clone(), self.writer.clone(), self.checkpointer.clone());
        Box::pin(async move {
            let close = move || {
                readers.close();
                writer.close(|session| {
                    checkpoint::run(&session.connection, CheckpointMode::TRUNCATE);
                });
                checkpointer.close();
            };
            if let Err(error) = tokio::task::spawn_blocking(close).await {
                tracing::error!(%error, "sqlite driver not closed");
            }
        })
    }
}
