use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use regex::Regex;

use super::builder::DbBuilder;
use super::driver::Driver;
use super::entry::Entry;
use super::{IntoKey, IntoQuery, Operation, Options, Outcome, Page, Written};
use crate::Result;
use crate::schema::{Schema, Table};
use crate::value::{FromRow, IntoRow, Row, Value};

/// The database pools of an application and the schema they share. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) schema: Arc<Schema>,
    /// By name and alias.
    pub(super) entries: HashMap<String, Arc<Entry>>,
    pub(super) pools: HashMap<String, Arc<dyn Driver>>,
    pub(super) default: Arc<dyn Driver>,
    pub(super) token_key: [u8; 32],
    pub(super) protected: Vec<Regex>,
}

impl Db {
    /// Starts to describe a database with the tables of `schema`.
    pub fn builder(schema: Arc<Schema>) -> DbBuilder {
        DbBuilder::new(schema)
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The tables, in order of declaration.
    pub fn tables(&self) -> &[Arc<Table>] {
        self.inner.schema.tables()
    }

    /// The pool of a name; the default pool when there is none of that name.
    pub fn pool(&self, name: &str) -> &Arc<dyn Driver> {
        self.inner.pools.get(name).unwrap_or(&self.inner.default)
    }

    /// Closes every pool: what was acknowledged is stored.
    pub async fn close(&self) {
        for driver in self.inner.pools.values() {
            driver.close().await;
        }
    }
}

#[allow(unused_variables, clippy::unimplemented)]
impl Db {
    /// The tables that this database knows.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.inner.schema
    }

    /// One record by its primary key, or none.
    pub async fn get<T: FromRow>(
        &self,
        table: &str,
        key: impl IntoKey,
        options: &Options,
    ) -> Result<Option<T>> {
        unimplemented!()
    }

    /// As [`get`](Self::get), through the cache of the table.
    pub async fn get_cached<T: FromRow>(
        &self,
        table: &str,
        key: impl IntoKey,
        options: &Options,
    ) -> Result<Option<T>> {
        unimplemented!()
    }

    /// The records of a list of keys, each once, missing ones left out.
    pub async fn list<T: FromRow, K: IntoKey>(
        &self,
        table: &str,
        keys: impl IntoIterator<Item = K> + Send,
        options: &Options,
    ) -> Result<Vec<T>> {
        unimplemented!()
    }

    /// A page of the records that match.
    pub async fn select<T: FromRow>(
        &self,
        table: &str,
        query: impl IntoQuery,
        options: &Options,
    ) -> Result<Page<T>> {
        unimplemented!()
    }

    /// Every record that matches, each once, in batches of `options.count`, to an async callback that may stop early.
    pub async fn scan<T: FromRow>(
        &self,
        table: &str,
        query: impl IntoQuery,
        options: &Options,
        each: impl AsyncFnMut(Vec<T>) -> Result<ControlFlow<()>>,
    ) -> Result<u64> {
        unimplemented!()
    }

    /// Stores a new record.
    pub async fn add(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Stores a record, new or in place of the one with its key.
    pub async fn put(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Changes columns of a record; with `options.condition` only if that holds.
    pub async fn update(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Adds to counter columns of a record, atomically.
    pub async fn incr(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Removes a record.
    pub async fn del(&self, table: &str, key: impl IntoKey, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Stores a record unless the stored one is newer or the same.
    pub async fn replace(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Changes columns of every record that matches.
    pub async fn update_all(
        &self,
        table: &str,
        query: impl IntoQuery,
        record: impl IntoRow,
        options: &Options,
    ) -> Result<Written> {
        unimplemented!()
    }

    /// Removes every record that matches.
    pub async fn del_all(&self, table: &str, query: impl IntoQuery, options: &Options) -> Result<Written> {
        unimplemented!()
    }

    /// Tries every operation and says of each what happened.
    pub async fn batch(&self, operations: Vec<Operation>, options: &Options) -> Result<Vec<Result<Outcome>>> {
        unimplemented!()
    }

    /// Applies all operations or none.
    pub async fn transact(&self, operations: Vec<Operation>, options: &Options) -> Result<Vec<Written>> {
        unimplemented!()
    }

    /// Runs a statement of the driver's own language with bound parameters.
    pub async fn query(&self, text: &str, values: Vec<Value>, options: &Options) -> Result<Vec<Row>> {
        unimplemented!()
    }

    /// Creates missing tables, columns and indexes in every pool; returns what was done, a line each.
    pub async fn create_tables(&self) -> Result<Vec<String>> {
        unimplemented!()
    }

    /// Removes a table and its records; not being there is no error.
    pub async fn drop_table(&self, table: &str, options: &Options) -> Result<()> {
        unimplemented!()
    }
}
