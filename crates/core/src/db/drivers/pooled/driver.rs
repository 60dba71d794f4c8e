use std::sync::Arc;

use super::{Fate, Pool, Session, raw, read, transaction};
use crate::Result;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::db::sql::Sql;
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// A driver whose product is a server behind a pool of connections. It says which, and is a [`Driver`] by that.
pub(in crate::db::drivers) trait ServerDriver: Send + Sync + 'static {
    /// Its connections.
    type Session: Session;

    /// What the product can do.
    const CAPABILITIES: Capabilities;

    /// Where the connections are.
    fn pool(&self) -> &Pool<Self::Session>;
}

/// A read. One whose connection is lost is read again on another: reading twice does no harm.
macro_rules! read {
    ($driver:ident, $session:ident, $read:expr) => {
        Box::pin(async move {
            let mut $session = $driver.pool().get().await?;
            let done = $read.await;
            if done.is_ok() || $session.health().fate != Some(Fate::Lost) {
                return done;
            }
            drop($session);
            let mut $session = $driver.pool().get().await?;
            $read.await
        })
    };
}

impl<D: ServerDriver> Driver for D {
    fn name(&self) -> &'static str {
        D::Session::NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &D::CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        read!(self, session, read::get(&mut *session, &get))
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        read!(self, session, read::list(&mut *session, &table, &keys, &select))
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        read!(self, session, read::select(&mut *session, &select))
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        read!(self, session, read::count(&mut *session, &table, &query))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(async move { transaction::alone(self.pool(), &write).await })
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(async move { transaction::batch(self.pool(), &writes).await })
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(async move { transaction::transact(self.pool(), &writes).await })
    }

    fn query(&self, text: String, values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move { raw::query(&mut *self.pool().get().await?, &text, &values).await })
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        read!(self, session, session.differences(&tables))
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(async move { self.pool().get().await?.create(&tables).await })
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        read!(self, session, session.index_names(&table))
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut session = self.pool().get().await?;
            let mut sql = Sql::new(session.dialect());
            sql.push("DROP TABLE IF EXISTS ").name(&table.name);
            session.run(&sql).await.map(drop)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool().close())
    }
}
