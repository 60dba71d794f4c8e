use std::path::Path;
use std::sync::Arc;

use bkjs_core::Result;
use bkjs_core::db::driver::{Affected, Driver, Get, Select, Verb, Write};
use bkjs_core::db::drivers::lmdb::{LmdbDriver, LmdbOptions};
use bkjs_core::db::{Options, Query, Returning};
use bkjs_core::schema::Table;
use bkjs_core::value::Row;

/// A driver with one table.
pub(crate) struct Fixture {
    pub(crate) driver: LmdbDriver,
    pub(crate) table: Arc<Table>,
}

/// A database with this table.
pub(crate) async fn open(options: &LmdbOptions, table: Table) -> Fixture {
    let driver = LmdbDriver::open(options).expect("opens");
    let table = Arc::new(table);
    driver.create(vec![table.clone()]).await.expect("creates");
    Fixture { driver, table }
}

/// A database in this folder with this table.
pub(crate) async fn within(folder: &Path, table: Table) -> Fixture {
    open(&LmdbOptions::file(folder.join("t.lmdb")), table).await
}

impl Fixture {
    pub(crate) async fn add(&self, row: Row) -> Result<Affected> {
        let verb = Verb::Add { row, do_nothing: false };
        self.driver.write(Write { table: self.table.clone(), verb, returning: Returning::Nothing }).await
    }

    pub(crate) async fn get(&self, id: &str) -> Option<Row> {
        let get = Get { table: self.table.clone(), key: vec![id.into()], filter: None, select: Vec::new() };
        self.driver.get(get).await.expect("reads")
    }

    /// A page of the records that match.
    pub(crate) fn page(&self, query: Query, sort: &[&str]) -> Select {
        let sort = sort.iter().fold(Options::new(), |options, name| options.sort(name)).sort;
        Select {
            table: self.table.clone(),
            query,
            select: Vec::new(),
            sort,
            count: 1000,
            after: None,
            skip: 0,
            unique: None,
        }
    }

    /// The ids of the records of a page, in order.
    pub(crate) async fn ids(&self, page: Select) -> Vec<String> {
        let rows = self.driver.select(page).await.expect("selects");
        rows.iter().map(|row| row.text("id").to_owned()).collect()
    }
}
