use std::sync::Arc;

use super::access::Access;
use super::capability::CAPABILITIES;
use super::client::Connection;
use super::convert::decode_row;
use super::key::KeyShape;
use super::options::DynamoDbOptions;
use super::read::Walk;
use crate::db::Query;
use crate::db::driver::{Affected, BoxFuture, Capabilities, Difference, Driver, Get, Select, Write};
use crate::db::evaluate::Matcher;
use crate::db::plain::{Page, PageLimits, is_live, project};
use crate::db::prepare::now_seconds;
use crate::schema::Table;
use crate::value::{Name, Row, Value};
use crate::{Error, ErrorKind, Result};

/// Amazon DynamoDB; see the [module](super) for what it promises.
pub struct DynamoDbDriver {
    connection: Arc<Connection>,
}

impl DynamoDbDriver {
    /// The driver. Nothing is connected before the first call.
    pub fn new(options: DynamoDbOptions) -> Self {
        Self { connection: Connection::new(options) }
    }

    /// The service's own client, for what the framework does not cover.
    ///
    /// # Errors
    /// `Unavailable` when region and credentials cannot be looked up.
    pub async fn client(&self) -> Result<aws_sdk_dynamodb::Client> {
        self.connection.single().await.cloned()
    }

    async fn select_page(&self, select: &Select) -> Result<Vec<Row>> {
        let table = &*select.table;
        let access = Access::of_page(&KeyShape::of(table)?, select)?;
        let in_order = matches!(access, Access::Query { order: Some(_), .. });
        let limits = PageLimits { rows: self.connection.options.sort_limit };
        let mut page = Page::new(select, in_order, limits)?;
        // The row at the start was on the page before.
        let wanted = in_order.then_some(select.skip.saturating_add(select.count as u64).saturating_add(1));
        let walk = Walk { table, query: &select.query, access, wanted };
        self.connection.walk(&walk, &mut |row| page.push(row)).await?;
        page.finish()
    }

    async fn get_one(&self, get: &Get) -> Result<Option<Row>> {
        let key = KeyShape::of(&get.table)?.item(&get.key)?;
        let Some(item) = self.connection.item(&get.table, key).await? else { return Ok(None) };
        let row = decode_row(&get.table, &item)?;
        let fits = match &get.filter {
            Some(filter) => Matcher::new(&get.table, filter)?.matches(&row),
            None => true,
        };
        let fits = fits && is_live(&get.table, &row, now_seconds());
        Ok(fits.then(|| project(&get.table, &row, &get.select, &[])))
    }
}

impl Driver for DynamoDbDriver {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get(&self, get: Get) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(async move { self.get_one(&get).await })
    }

    fn list(
        &self,
        table: Arc<Table>,
        keys: Vec<Vec<Value>>,
        select: Vec<Name>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            let shape = KeyShape::of(&table)?;
            let keys = keys.iter().map(|key| shape.item(key)).collect::<Result<Vec<_>>>()?;
            let items = self.connection.items(&table, keys).await?;
            let rows = items.iter().map(|item| decode_row(&table, item)).collect::<Result<Vec<_>>>()?;
            let now = now_seconds();
            let live = rows.iter().filter(|row| is_live(&table, row, now));
            Ok(live.map(|row| project(&table, row, &select, &[])).collect())
        })
    }

    fn select(&self, select: Select) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move { self.select_page(&select).await })
    }

    fn count(&self, table: Arc<Table>, query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move { self.connection.count(&table, &query).await })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Affected>> {
        Box::pin(async move { self.connection.write(&write).await })
    }

    fn batch(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Affected>>> {
        Box::pin(async move { self.connection.batch(&writes).await })
    }

    fn transact(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Vec<Affected>>> {
        Box::pin(async move { self.connection.commit(&writes, true).await })
    }

    fn query(&self, _text: String, _values: Vec<Value>) -> BoxFuture<'_, Result<Vec<Row>>> {
        let message = "dynamodb has no statements of its own here: use the client of the driver";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unsupported, message))))
    }

    fn plan(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(async move { self.connection.plan(&tables).await })
    }

    fn create(&self, tables: Vec<Arc<Table>>) -> BoxFuture<'_, Result<Vec<Difference>>> {
        Box::pin(async move { self.connection.create(&tables).await })
    }

    fn indexes(&self, table: Arc<Table>) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(async move { self.connection.indexes(&table).await })
    }

    fn drop_table(&self, table: Arc<Table>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.connection.drop_table(&table).await })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.connection.close();
        Box::pin(std::future::ready(()))
    }
}
