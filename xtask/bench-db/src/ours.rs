//! The side of the framework: the facade, with a driver behind it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Action, Db, Operation, Options, Query};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use bkjs_core::value::Row;
use serde_json::{Map, json};

use crate::record::{BATCH, Extent, GROUP, GROUPED, MTIME, SINGLE, group, id, name, place_in_group};
use crate::side::Side;

/// Records added at once while the tables are filled.
const FILL: u64 = 1000;

/// A database with both tables.
pub(crate) struct Ours {
    db: Db,
    usual: Options,
    in_order: Options,
}

impl Ours {
    /// Opens the pool of a product and makes the tables.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(
        product: &str,
        url: &str,
        file: &Path,
        connections: Option<usize>,
    ) -> Result<Self> {
        let options = connections.map(|max| ("max".to_owned(), json!(max)));
        let options: Map<_, _> = options.into_iter().collect();
        let driver = drivers::open(product, Location { url, default_file: file, options })?;
        let columns = |table: Table| {
            table.column(Column::text("name")).column(Column::int("num")).column(Column::int("mtime"))
        };
        let mut schema = SchemaBuilder::new();
        schema.add(columns(Table::new(SINGLE).column(Column::text("id").primary())));
        let grouped =
            Table::new(GROUPED).column(Column::text("grp").primary()).column(Column::text("id").primary());
        schema.add(columns(grouped));
        let db = Db::builder(Arc::new(schema.build())).pool(product, driver).token_key([7; 32]).build()?;
        db.create_tables().await?;
        let in_order = Options::new().sort("id").count(GROUP as usize);
        Ok(Self { db, usual: Options::new(), in_order })
    }

    /// Adds the records that are there from the start.
    ///
    /// # Errors
    /// When one cannot be added.
    pub(crate) async fn fill(&self, extent: Extent) -> Result<()> {
        let single = (0..extent.records).map(|number| (SINGLE, row(number)));
        let grouped = (0..extent.groups * GROUP).map(|number| {
            let row = row(number).with("grp", group(number / GROUP));
            (GROUPED, row.with("id", place_in_group(number % GROUP)))
        });
        let mut all = single.chain(grouped).peekable();
        while all.peek().is_some() {
            let part = all.by_ref().take(FILL as usize);
            self.add_all(part.map(|(table, row)| Operation::new(Action::Add, table, row)).collect()).await?;
        }
        Ok(())
    }

    /// Removes the tables, and what else the statement removes.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn end(&self, statement: Option<String>) -> Result<()> {
        for table in [SINGLE, GROUPED] {
            self.db.drop_table(table, &self.usual).await?;
        }
        if let Some(statement) = statement {
            self.db.query(&statement, Vec::new(), &self.usual).await?;
        }
        self.db.close().await;
        Ok(())
    }

    async fn add_all(&self, operations: Vec<Operation>) -> Result<()> {
        for done in self.db.batch(operations, &self.usual).await? {
            done?;
        }
        Ok(())
    }
}

impl Side for Ours {
    async fn get(&self, number: u64) -> Result<()> {
        let row: Option<Row> = self.db.get(SINGLE, id(number), &self.usual).await?;
        ensure!(row.context("no record")?.int("mtime") == Some(MTIME), "another record");
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<()> {
        ensure!(self.db.add(SINGLE, row(number), &self.usual).await?.affected == 1, "not inserted");
        Ok(())
    }

    async fn update(&self, number: u64) -> Result<()> {
        let change = Row::new().with("id", id(number)).with("num", 8);
        ensure!(self.db.update(SINGLE, change, &self.usual).await?.affected == 1, "not updated");
        Ok(())
    }

    async fn select(&self, number: u64) -> Result<()> {
        let page =
            self.db.select::<Row>(GROUPED, Query::new().eq("grp", group(number)), &self.in_order).await?;
        ensure!(page.rows.len() as u64 == GROUP, "{} records", page.rows.len());
        Ok(())
    }

    async fn batch(&self, first: u64) -> Result<()> {
        let numbers = first..first + BATCH;
        self.add_all(numbers.map(|number| Operation::new(Action::Add, SINGLE, row(number))).collect()).await
    }
}

fn row(number: u64) -> Row {
    Row::new().with("id", id(number)).with("name", name()).with("num", 7).with("mtime", MTIME)
}
