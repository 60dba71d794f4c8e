use std::sync::Arc;

use super::capability::CAPABILITIES;
use super::keys::Base;
use super::layout::Layouts;
use super::locks::Locks;
use crate::connect::redis::{RedisClient, RedisOptions};
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::db::layout::indexes_of;
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// Redis as a database; see the [module](super) for what it promises.
pub struct RedisDriver {
    store: Store,
}

/// A server and what this process knows of the tables in it.
pub(super) struct Store {
    pub(super) client: RedisClient,
    pub(super) prefix: String,
    pub(super) layouts: Layouts,
    pub(super) locks: Locks,
}

impl Store {
    /// Where a table is.
    pub(super) fn base(&self, table: &Table) -> Base {
        Base::new(&self.prefix, table)
    }
}

/// Whether the table has a unique index.
pub(super) fn has_unique(table: &Table) -> bool {
    indexes_of(table).iter().any(|index| index.unique)
}

impl RedisDriver {
    /// The driver; connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &RedisOptions) -> Result<Self> {
        let client = RedisClient::new(options)?;
        let prefix = options.prefix.clone();
        Ok(Self { store: Store { client, prefix, layouts: Layouts::default(), locks: Locks::default() } })
    }

    /// The client, for what the database has no word for.
    pub fn client(&self) -> &RedisClient {
        &self.store.client
    }
}

impl Driver for RedisDriver {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(self.store.get(get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(self.store.list(table, keys, select))
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(self.store.select(select))
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.store.count(table, query))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(self.store.write(write))
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(self.store.batch(writes))
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(self.store.transact(writes))
    }

    fn query(&self, _text: String, _values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        let message = "a redis pool has no statements: use its client";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unsupported, message))))
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(self.store.differences(tables))
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(self.store.create(tables))
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(self.store.indexes(table))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.store.drop_table(table))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.store.client.close();
        Box::pin(std::future::ready(()))
    }
}
