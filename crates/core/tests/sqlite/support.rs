use std::sync::Arc;

use bkjs_core::Result;
use bkjs_core::db::driver::{Affected, Change, Driver, Get, Select, Verb, Write};
use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
use bkjs_core::db::{Op, Options, Query, Returning};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::{Row, Value};

/// A driver with one table.
pub(crate) struct Fixture {
    pub(crate) driver: SqliteDriver,
    pub(crate) table: Arc<Table>,
}

/// A temporary database with this table.
pub(crate) async fn with(table: Table) -> Fixture {
    open(&SqliteOptions::temporary(), table).await
}

/// A database with this table.
pub(crate) async fn open(options: &SqliteOptions, table: Table) -> Fixture {
    let driver = SqliteDriver::open(options).expect("opens");
    let table = Arc::new(table);
    driver.create(vec![table.clone()]).await.expect("creates");
    Fixture { driver, table }
}

/// A table of every type.
pub(crate) fn every_type() -> Table {
    Table::new("t")
        .column(Column::text("id").primary())
        .column(Column::text("txt"))
        .column(Column::int("num"))
        .column(Column::real("real"))
        .column(Column::decimal("dec"))
        .column(Column::bool("flag"))
        .column(Column::counter("hits"))
        .column(Column::json("json"))
        .column(Column::object("obj"))
        .column(Column::array("arr"))
        .column(Column::list("value"))
        .column(Column::set("weights").of_int())
        .column(Column::time("when"))
        .column(Column::bytes("raw"))
}

impl Fixture {
    pub(crate) async fn add(&self, row: Row) -> Result<Affected> {
        self.write(Verb::Add { row, do_nothing: false }, Returning::Nothing).await
    }

    pub(crate) async fn put(&self, row: Row) -> Result<Affected> {
        self.write(Verb::Put { row, defaults: Row::new() }, Returning::Nothing).await
    }

    pub(crate) async fn write(&self, verb: Verb, returning: Returning) -> Result<Affected> {
        self.driver.write(Write { table: self.table.clone(), verb, returning }).await
    }

    pub(crate) fn update(&self, id: &str, op: Op, column: &str, value: impl Into<Value>) -> Write {
        let change = Change { column: column.into(), op, value: value.into() };
        let verb =
            Verb::Update { key: vec![id.into()], changes: vec![change], condition: None, insert: None };
        Write { table: self.table.clone(), verb, returning: Returning::New }
    }

    /// The column after a change of it.
    pub(crate) async fn change(
        &self,
        id: &str,
        op: Op,
        column: &str,
        value: impl Into<Value>,
    ) -> Result<Value> {
        let done = self.driver.write(self.update(id, op, column, value)).await?;
        Ok(done.row.and_then(|row| row.get(column).cloned()).unwrap_or_default())
    }

    pub(crate) async fn get(&self, id: &str) -> Option<Row> {
        let get = Get { table: self.table.clone(), key: vec![id.into()], filter: None, select: Vec::new() };
        self.driver.get(get).await.expect("reads")
    }

    pub(crate) async fn select(&self, query: Query, sort: &[&str]) -> Result<Vec<Row>> {
        self.driver.select(self.page(query, sort)).await
    }

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

    /// The ids of the rows that match, in order, joined by blanks.
    pub(crate) async fn ids(&self, query: Query) -> String {
        let rows = self.select(query, &["id"]).await.expect("selects");
        rows.iter().map(|row| row.text("id")).collect::<Vec<_>>().join(" ")
    }
}
