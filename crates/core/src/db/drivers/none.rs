//! The pool that holds nothing: every read is empty, every write is no error and affects no record.
//!
//! It needs no tables, so that nothing is ever missing in it.
//!
//! It answers when no pool is configured, and is the smallest example of a [`Driver`].

use std::future::ready;
use std::sync::Arc;

use crate::Result;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// The driver of the pool `none`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneDriver;

impl NoneDriver {
    /// The driver.
    pub const fn new() -> Self {
        Self
    }
}

impl Driver for NoneDriver {
    fn name(&self) -> &'static str {
        "none"
    }

    fn is_embedded(&self) -> bool {
        true
    }

    fn capabilities(&self) -> &Capabilities {
        &Capabilities::ALL
    }

    fn get(&self, _get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(ready(Ok(None)))
    }

    fn list(
        &self,
        _table: Arc<Table>,
        _keys: Vec<Vec<Value>>,
        _select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn select(&self, _select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn count(&self, _table: Arc<Table>, _query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(ready(Ok(0)))
    }

    fn write(&self, _write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(ready(Ok(Affected::default())))
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(ready(writes.iter().map(|_| Ok(Affected::default())).collect()))
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(ready(Ok(vec![Affected::default(); writes.len()])))
    }

    fn query(&self, _text: String, _values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn plan(&self, _tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn create(&self, _tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn indexes(&self, _table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn drop_table(&self, _table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}
