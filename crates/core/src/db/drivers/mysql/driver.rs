use std::sync::Arc;

use super::connection::MySession;
use super::options::MysqlOptions;
use super::{execute, raw, schema};
use crate::Result;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Driver, Get, Select, Write};
use crate::db::drivers::pooled::{self, Pool, Session as _, read};
use crate::schema::Table;
use crate::value::{Name, Row, Value};

const CAPABILITIES: Capabilities = Capabilities {
    transactions: true,
    transaction_limit: 0,
    regexp: true,
    case_insensitive: true,
    nested_paths: true,
    custom_columns: false,
    sort: true,
    unique: true,
    raw_query: true,
    ttl: true,
    nul_in_text: true,
};

/// A MySQL or MariaDB server; see the [module](super) for what it promises.
pub struct MysqlDriver {
    pool: Pool<MySession>,
}

impl MysqlDriver {
    /// A driver for a server, which need not be there yet.
    ///
    /// # Errors
    /// `Config` for malformed options.
    pub fn new(options: &MysqlOptions) -> Result<Self> {
        Ok(Self { pool: Pool::new(options.connection()?, &options.pool())? })
    }
}

impl Driver for MysqlDriver {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        read!(self.pool, session, execute::get(&mut session, &get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        read!(self.pool, session, execute::list(&mut session, &table, &keys, &select))
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        read!(self.pool, session, execute::select(&mut session, &select))
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        read!(self.pool, session, execute::count(&mut session, &table, &query))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(async move { pooled::alone(&self.pool, &write).await })
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(async move { pooled::batch(&self.pool, &writes).await })
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(async move { pooled::transact(&self.pool, &writes).await })
    }

    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move { raw::query(&mut *self.pool.get().await?, text, &values).await })
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(async move { schema::create(&mut *self.pool.get().await?, &tables).await })
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        read!(self.pool, session, schema::index_names(&mut session, &table))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { schema::drop_table(&mut *self.pool.get().await?, &table).await })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}
