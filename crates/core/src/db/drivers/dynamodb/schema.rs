//! Creating tables, and remembering what they were created with.
//!
//! The service knows keys only. What columns and indexes a table was declared with stands in a table
//! beside, so that an upgrade can say what is new and make reservations for what has become unique.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableStatus, TimeToLiveSpecification,
};

use super::access::Access;
use super::action::Sent;
use super::client::Connection;
use super::convert::Item;
use super::error::{code, convert};
use super::key::KeyShape;
use super::read::Walk;
use super::unique::{ID, reservations, unique_indexes};
use crate::db::Query;
use crate::db::layout::{expiry_of, indexes_of};
use crate::db::plain::key_values;
use crate::db::refusal::not_unique;
use crate::schema::Table;
use crate::value::Row;
use crate::{Error, ErrorKind, Result};

/// The key of the table of declarations, and its attributes.
const NAME: &str = "name";
const COLUMNS: &str = "columns";
const INDEXES: &str = "indexes";
/// How long a table may take to be made, and how often that is asked.
const MAX_CREATION: Duration = Duration::from_secs(300);
const CREATION_STEP: Duration = Duration::from_millis(500);

/// What a table was declared with: types by column, names of indexes.
#[derive(Debug, Default, PartialEq)]
struct Declared {
    columns: BTreeMap<String, String>,
    indexes: BTreeSet<String>,
}

impl Declared {
    fn of(table: &Table) -> Self {
        let columns = table.columns().iter().filter(|c| !c.hidden);
        Self {
            columns: columns
                .map(|c| (c.name.to_string(), format!("{:?}", c.column_type()).to_lowercase()))
                .collect(),
            indexes: indexes_of(table).into_iter().map(|plan| plan.name).collect(),
        }
    }

    fn decode(item: &Item) -> Self {
        let mut declared = Self::default();
        if let Some(AttributeValue::M(columns)) = item.get(COLUMNS) {
            let pairs = columns.iter().filter_map(|(name, v)| Some((name.clone(), v.as_s().ok()?.clone())));
            declared.columns = pairs.collect();
        }
        if let Some(AttributeValue::L(indexes)) = item.get(INDEXES) {
            declared.indexes = indexes.iter().filter_map(|v| v.as_s().ok().cloned()).collect();
        }
        declared
    }

    fn encode(&self, table: &Table) -> Item {
        let text = |text: &String| AttributeValue::S(text.clone());
        let columns = self.columns.iter().map(|(name, kind)| (name.clone(), text(kind))).collect();
        Item::from([
            (NAME.to_owned(), AttributeValue::S(table.name.to_string())),
            (COLUMNS.to_owned(), AttributeValue::M(columns)),
            (INDEXES.to_owned(), AttributeValue::L(self.indexes.iter().map(text).collect())),
        ])
    }
}

impl Connection {
    /// Creates what is missing of a table; returns what was done.
    ///
    /// # Errors
    /// Those of the service; `Unsupported` for a key that it cannot have, `AlreadyExists` when a column
    /// shall be unique and is not.
    pub(super) async fn create(&self, table: &Table) -> Result<Vec<String>> {
        let shape = KeyShape::of(table)?;
        let name = self.table_name(table);
        if name.len() < 3 || name.len() > 240 {
            let message = format!("dynamodb has no table names as short or long as {name:.60}: set a prefix");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut lines = Vec::new();
        let id = [(NAME, ScalarAttributeType::S)];
        self.make(table, &self.declarations(), &id).await?;
        let made = self.make(table, &name, &shape.attributes()).await?;
        if made {
            lines.push(format!("table {} created", table.name));
            if let Some(column) = expiry_of(table) {
                self.expire_by(&name, &column.name).await;
            }
        }
        let wanted = Declared::of(table);
        // What a dropped table was declared with means nothing to the one made now.
        let mut known = if made { Declared::default() } else { self.declared(table).await? };
        for (column, kind) in &wanted.columns {
            match known.columns.get(column) {
                None if !made => lines.push(format!("table {} column {column} added", table.name)),
                Some(stored) if stored != kind => lines.push(format!(
                    "table {} column {column} is {stored} in the database and not {kind}: left as it is",
                    table.name
                )),
                _ => {}
            }
        }
        let new: Vec<&String> = wanted.indexes.difference(&known.indexes).collect();
        if unique_indexes(table).iter().any(|plan| new.contains(&&plan.name)) {
            self.make(table, &self.unique_table_name(table), &[(ID, ScalarAttributeType::B)]).await?;
            if !made {
                self.reserve_all(table).await?;
            }
        }
        lines.extend(new.iter().map(|index| format!("table {} index {index} created", table.name)));
        if !wanted.indexes.is_subset(&known.indexes)
            || wanted.columns.keys().any(|c| !known.columns.contains_key(c))
        {
            for (column, kind) in wanted.columns {
                known.columns.entry(column).or_insert(kind);
            }
            known.indexes.extend(wanted.indexes);
            self.declare(table, &known).await?;
        }
        Ok(lines)
    }

    /// The names of the indexes that a table was declared with.
    ///
    /// # Errors
    /// Those of the service.
    pub(super) async fn indexes(&self, table: &Table) -> Result<Vec<String>> {
        Ok(self.declared(table).await?.indexes.into_iter().collect())
    }

    /// Removes a table with what stands beside it; not being there is no error.
    ///
    /// # Errors
    /// Those of the service.
    pub(super) async fn drop_table(&self, table: &Table) -> Result<()> {
        for name in [self.table_name(table), self.unique_table_name(table)] {
            let done = self.single().await?.delete_table().table_name(&name).send().await;
            match done {
                Err(error) if code(&error) == Some("ResourceNotFoundException") => {}
                Err(error) => return Err(convert(error, &table.name, true)),
                Ok(_) => self.until(&name, |status| status.is_none()).await?,
            }
        }
        let key = Item::from([(NAME.to_owned(), AttributeValue::S(table.name.to_string()))]);
        let call = self.single().await?.delete_item().table_name(self.declarations()).set_key(Some(key));
        match call.send().await {
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(()),
            Err(error) => Err(convert(error, &table.name, true)),
            Ok(_) => Ok(()),
        }
    }

    fn declarations(&self) -> String {
        format!("{}bkjs.tables", self.options.prefix)
    }

    /// Makes a table unless it is there; true when it was made here.
    async fn make(
        &self,
        table: &Table,
        name: &str,
        attributes: &[(&str, ScalarAttributeType)],
    ) -> Result<bool> {
        if self.status(name).await? == Some(TableStatus::Active) {
            return Ok(false);
        }
        let malformed = |e| Error::internal("a table of dynamodb").source(e);
        let mut call =
            self.single().await?.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for ((attribute, kind), role) in attributes.iter().zip([KeyType::Hash, KeyType::Range]) {
            let definition = AttributeDefinition::builder()
                .attribute_name(*attribute)
                .attribute_type(kind.clone())
                .build();
            let element = KeySchemaElement::builder().attribute_name(*attribute).key_type(role).build();
            call = call
                .attribute_definitions(definition.map_err(malformed)?)
                .key_schema(element.map_err(malformed)?);
        }
        let made = match call.send().await {
            Ok(_) => true,
            // Another process was faster.
            Err(error) if code(&error) == Some("ResourceInUseException") => false,
            Err(error) => return Err(convert(error, &table.name, true)),
        };
        self.until(name, |status| status == Some(&TableStatus::Active)).await?;
        Ok(made)
    }

    async fn status(&self, name: &str) -> Result<Option<TableStatus>> {
        match self.repeating().await?.describe_table().table_name(name).send().await {
            Ok(found) => Ok(found.table.and_then(|table| table.table_status)),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(convert(error, name, false)),
        }
    }

    /// Waits until a table is as it should be.
    async fn until(&self, name: &str, so: impl Fn(Option<&TableStatus>) -> bool) -> Result<()> {
        let wait = async {
            while !so(self.status(name).await?.as_ref()) {
                tokio::time::sleep(CREATION_STEP).await;
            }
            Ok(())
        };
        let late =
            |_| Error::new(ErrorKind::Timeout, format!("table {name} takes too long to be made or removed"));
        tokio::time::timeout(MAX_CREATION, wait).await.map_err(late)?
    }

    /// Asks the service to remove expired records in time. They are as if absent before that, and without it.
    async fn expire_by(&self, name: &str, column: &str) {
        let asked = async {
            let by = TimeToLiveSpecification::builder().attribute_name(column).enabled(true).build();
            let by = by.map_err(|e| Error::internal("an expiry of dynamodb").source(e))?;
            let call = self.single().await?.update_time_to_live().table_name(name);
            call.time_to_live_specification(by).send().await.map_err(|e| convert(e, name, true))
        };
        if let Err(error) = asked.await {
            tracing::warn!(table = name, ?error, "expired records will not be removed");
        }
    }

    async fn declared(&self, table: &Table) -> Result<Declared> {
        let key = Item::from([(NAME.to_owned(), AttributeValue::S(table.name.to_string()))]);
        let call = self.repeating().await?.get_item().table_name(self.declarations()).consistent_read(true);
        let found = call.set_key(Some(key)).send().await.map_err(|e| convert(e, &table.name, false))?;
        Ok(found.item.as_ref().map(Declared::decode).unwrap_or_default())
    }

    async fn declare(&self, table: &Table, declared: &Declared) -> Result<()> {
        let call = self.single().await?.put_item().table_name(self.declarations());
        let done = call.set_item(Some(declared.encode(table))).send().await;
        done.map(drop).map_err(|e| convert(e, &table.name, true))
    }

    /// Makes the reservations of all records.
    async fn reserve_all(&self, table: &Table) -> Result<()> {
        let query = Query::new();
        let access = Access::of(&KeyShape::of(table)?, &query)?;
        let mut rows: Vec<Row> = Vec::new();
        let mut visit = |row| {
            rows.push(row);
            Ok(ControlFlow::Continue(()))
        };
        self.walk(&Walk { table, query: &query, access, wanted: None }, &mut visit).await?;
        for row in rows {
            let key = key_values(table, &row)?;
            for id in reservations(table, Some(&row)) {
                let taken =
                    matches!(self.send(&self.take(table, &id, &key, None)?, None).await?, Sent::Refused);
                if taken && self.is_taken(table, &id, &key).await? {
                    return Err(not_unique(&format!("of table {}", table.name)));
                }
            }
        }
        Ok(())
    }
}
