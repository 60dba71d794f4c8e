//! aws-sdk-dynamodb, on the tables of the other side.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use bkjs_core::connect::aws::AwsOptions;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::product::Place;
use crate::record::{BATCH, GROUP, GROUPED, MTIME, Record, SINGLE, group, id};
use crate::side::Side;

/// Calls of a batch in flight at once, as in the driver.
const AT_ONCE: usize = 16;

type Item = HashMap<String, AttributeValue>;

/// A client and the names of both tables.
pub(crate) struct DynamoDb {
    client: Client,
    single: String,
    grouped: String,
}

impl DynamoDb {
    /// A client of the service of the other side.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let options = AwsOptions { endpoint: Some(place.url.clone()), ..AwsOptions::default() };
        let table = |name: &str| format!("{}{name}", place.room);
        Ok(Self {
            client: Client::new(&options.load().await?),
            single: table(SINGLE),
            grouped: table(GROUPED),
        })
    }

    async fn add(&self, record: Record) -> Result<()> {
        let put = self.client.put_item().table_name(&self.single).set_item(Some(item(record)));
        put.condition_expression("attribute_not_exists(id)").send().await?;
        Ok(())
    }
}

fn item(record: Record) -> Item {
    let number = |n: i64| AttributeValue::N(n.to_string());
    Item::from([
        ("id".to_owned(), AttributeValue::S(record.id)),
        ("name".to_owned(), AttributeValue::S(record.name)),
        ("num".to_owned(), number(record.num)),
        ("mtime".to_owned(), number(record.mtime)),
    ])
}

fn record(mut item: Item) -> Result<Record> {
    let mut text = |name: &str| match item.remove(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Ok(text),
        other => anyhow::bail!("{name} is {other:?}"),
    };
    Ok(Record {
        id: text("id")?,
        name: text("name")?,
        num: text("num")?.parse()?,
        mtime: text("mtime")?.parse()?,
    })
}

impl Side for DynamoDb {
    async fn get(&self, number: u64) -> Result<()> {
        let get = self.client.get_item().table_name(&self.single).consistent_read(true);
        let found = get.key("id", AttributeValue::S(id(number))).send().await?;
        ensure!(record(found.item.context("no record")?)?.mtime == MTIME, "another record");
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<()> {
        self.add(Record::numbered(number)).await
    }

    async fn update(&self, number: u64) -> Result<()> {
        let update = self.client.update_item().table_name(&self.single);
        update
            .key("id", AttributeValue::S(id(number)))
            .condition_expression("attribute_exists(id)")
            .update_expression("SET num = :num")
            .expression_attribute_values(":num", AttributeValue::N("8".to_owned()))
            .send()
            .await?;
        Ok(())
    }

    async fn select(&self, number: u64) -> Result<()> {
        let query = self.client.query().table_name(&self.grouped).consistent_read(true);
        let found = query
            .key_condition_expression("grp = :grp")
            .expression_attribute_values(":grp", AttributeValue::S(group(number)))
            .limit(GROUP as i32)
            .send()
            .await?;
        let found =
            found.items.unwrap_or_default().into_iter().map(record).collect::<Result<Vec<Record>>>()?;
        ensure!(found.len() as u64 == GROUP, "{} records", found.len());
        Ok(())
    }

    async fn batch(&self, first: u64) -> Result<()> {
        // The service's own batches of writes know no conditions.
        let calls = stream::iter(first..first + BATCH).map(|number| self.add(Record::numbered(number)));
        calls.buffer_unordered(AT_ONCE).try_collect().await
    }
}
