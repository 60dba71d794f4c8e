//! A schema of a test's own on the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bkjs_core::db::Returning;
use bkjs_core::db::driver::{Affected, Driver, Get, Verb, Write};
use bkjs_core::db::drivers::postgres::{PoolLimits, PostgresDriver, PostgresOptions};
use bkjs_core::schema::Table;
use bkjs_core::value::Row;

/// A driver in a schema of its own; none, with a word about it, where there is no server.
pub(crate) fn driver(set: impl FnOnce(&mut PoolLimits)) -> Option<Server> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Ok(url) = std::env::var("BKJS_TEST_POSTGRES_URL") else {
        eprintln!("skipped: needs BKJS_TEST_POSTGRES_URL");
        return None;
    };
    let schema = format!("own_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut options =
        PostgresOptions { schema: Some(schema.clone()), ..PostgresOptions::url(&url).expect("a url") };
    set(&mut options.limits);
    let driver = PostgresDriver::new(&options).expect("a driver");
    Some(Server { driver: Arc::new(driver), schema })
}

/// A driver and its schema.
pub(crate) struct Server {
    pub(crate) driver: Arc<PostgresDriver>,
    schema: String,
}

impl Server {
    /// Creates a table; what was said of it.
    pub(crate) async fn create(&self, table: &Arc<Table>) -> Vec<String> {
        let done = self.driver.create(vec![table.clone()]).await.expect("created");
        done.iter().filter(|one| one.table.is_some()).map(ToString::to_string).collect()
    }

    /// A statement of the product's own.
    pub(crate) async fn raw(&self, text: &str) -> Vec<Row> {
        self.driver.query(text.to_owned(), Vec::new()).await.expect("works")
    }

    /// Removes the schema.
    pub(crate) async fn end(self) {
        self.raw(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).await;
        self.driver.close().await;
    }
}

/// The record with an id.
pub(crate) async fn get(
    driver: &PostgresDriver,
    table: &Arc<Table>,
    id: &str,
) -> bkjs_core::Result<Option<Row>> {
    driver.get(Get { table: table.clone(), key: vec![id.into()], filter: None, select: Vec::new() }).await
}

/// One write.
pub(crate) fn write(table: &Arc<Table>, verb: Verb, returning: Returning) -> Write {
    Write { table: table.clone(), verb, returning }
}

/// Stores a row.
pub(crate) async fn put(
    driver: &PostgresDriver,
    table: &Arc<Table>,
    row: Row,
) -> bkjs_core::Result<Affected> {
    let verb = Verb::Put { row, defaults: Row::new() };
    driver.write(write(table, verb, Returning::Nothing)).await
}
