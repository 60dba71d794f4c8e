//! Tables from their descriptions: what differs, making what is missing, and remembering what was made.
//!
//! The service knows keys only. What columns and indexes a table was declared with stands in a table
//! beside, so that an upgrade can say what is new and make reservations for what has become unique.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableDescription, TableStatus, TimeToLiveSpecification,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::access::Access;
use super::action::Sent;
use super::client::Connection;
use super::convert::Item;
use super::error::{code, convert};
use super::key::KeyShape;
use super::read::Walk;
use super::unique::{ID, reservations};
use crate::db::Query;
use crate::db::driver::{Difference, Differs, Gravity};
use crate::db::layout::expiry_of;
use crate::db::plain::key_values;
use crate::db::refusal::not_unique;
use crate::db::upgrade::{
    Fit, HeldColumn, MAKE_ANEW, Rules, Stored, StoredIndex, differences, is_alike, kind_name,
};
use crate::schema::{Column, Table};
use crate::value::Row;
use crate::{Error, ErrorKind, Result};

/// The key of the table of declarations, and its attributes.
const NAME: &str = "name";
const COLUMNS: &str = "columns";
const KEY: &str = "key";
const INDEXES: &str = "indexes";
const UNIQUE: &str = "unique";
/// Tables that are looked at or made side by side.
const CREATIONS: usize = 4;
/// How long a table may take to be made, and how often that is asked.
const MAX_CREATION: Duration = Duration::from_secs(300);
const CREATION_STEP: Duration = Duration::from_millis(500);

/// How tables are stored here.
struct DynamoDb;

impl Rules for DynamoDb {
    const INDEX_ADVICE: &'static str = MAKE_ANEW;

    fn kind(&self, _: &Table, column: &Column) -> String {
        kind_name(column)
    }

    fn fit(&self, stored: &str, wanted: &str, _: bool) -> Fit {
        if is_alike(stored, wanted) { Fit::Same } else { Fit::Other }
    }
}

/// What a table was declared with: types by column, the key in order, names of indexes and of those that are unique.
#[derive(Debug, Default)]
struct Declared {
    columns: BTreeMap<String, String>,
    key: Vec<String>,
    indexes: BTreeSet<String>,
    unique: BTreeSet<String>,
}

impl Declared {
    /// Takes over what was missing.
    fn add(&mut self, table: &Table, found: &[Difference]) {
        for Difference { what, .. } in found {
            match what {
                Differs::Table { columns, .. } => {
                    self.columns
                        .extend(columns.iter().map(|column| (column.name.clone(), column.kind.clone())));
                }
                Differs::Column { column, kind } => {
                    self.columns.insert(column.clone(), kind.clone());
                }
                Differs::Index { index, unique, .. } => {
                    self.indexes.insert(index.clone());
                    self.unique.extend(unique.then(|| index.clone()));
                }
                _ => {}
            }
        }
        self.key = table.keys().map(|column| column.name.to_string()).collect();
    }

    fn decode(item: &Item) -> Self {
        let mut declared = Self::default();
        if let Some(AttributeValue::M(columns)) = item.get(COLUMNS) {
            let pairs = columns.iter().filter_map(|(name, v)| Some((name.clone(), v.as_s().ok()?.clone())));
            declared.columns = pairs.collect();
        }
        let names = |attribute: &str| -> Vec<String> {
            let names =
                item.get(attribute).and_then(|names| names.as_l().ok()).map_or(&[][..], Vec::as_slice);
            names.iter().filter_map(|name| name.as_s().ok().cloned()).collect()
        };
        declared.key = names(KEY);
        declared.indexes = names(INDEXES).into_iter().collect();
        declared.unique = names(UNIQUE).into_iter().collect();
        declared
    }

    fn encode(&self, table: &Table) -> Item {
        let text = |text: &String| AttributeValue::S(text.clone());
        let columns = self.columns.iter().map(|(name, kind)| (name.clone(), text(kind))).collect();
        Item::from([
            (NAME.to_owned(), AttributeValue::S(table.name.to_string())),
            (COLUMNS.to_owned(), AttributeValue::M(columns)),
            (KEY.to_owned(), AttributeValue::L(self.key.iter().map(text).collect())),
            (INDEXES.to_owned(), AttributeValue::L(self.indexes.iter().map(text).collect())),
            (UNIQUE.to_owned(), AttributeValue::L(self.unique.iter().map(text).collect())),
        ])
    }
}

impl Connection {
    /// In what the service differs from these tables.
    ///
    /// # Errors
    /// Those of the service; `Unsupported` for a name or key that it cannot have.
    pub(super) async fn plan(&self, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
        let mut found: Vec<Difference> = self.missing(self.declarations()).await?.into_iter().collect();
        let calls: Vec<_> = tables.iter().map(|table| self.plan_table(table)).collect();
        let plans: Vec<Vec<Difference>> = stream::iter(calls).buffered(CREATIONS).try_collect().await?;
        found.extend(plans.concat());
        Ok(found)
    }

    async fn plan_table(&self, table: &Table) -> Result<Vec<Difference>> {
        self.check(table)?;
        let stored = self.stored(table).await?;
        let mut found = differences(&DynamoDb, table, stored.as_ref());
        // What a unique index is here.
        if found.iter().any(|one| matches!(one.what, Differs::Index { unique: true, .. })) {
            let missing = self.missing(self.unique_table_name(table)).await?;
            let at = found.iter().position(|one| matches!(one.what, Differs::Index { .. })).unwrap_or(0);
            found.splice(at..at, missing);
        }
        Ok(found)
    }

    /// A table of the driver's own, unless it is there.
    async fn missing(&self, name: String) -> Result<Option<Difference>> {
        let is_missing = self.status(&name).await?.is_none();
        Ok(is_missing.then_some(Difference { table: None, what: Differs::Base { base: "table", name } }))
    }

    /// Refuses a name or key that the service cannot have.
    fn check(&self, table: &Table) -> Result<()> {
        let name = self.table_name(table);
        if name.len() < 3 || name.len() > 240 {
            let message = format!("dynamodb has no table names as short or long as {name:.60}: set a prefix");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        KeyShape::of(table).map(drop)
    }

    /// What the service and the table of declarations hold of a table; none when it is not there.
    async fn stored(&self, table: &Table) -> Result<Option<Stored>> {
        let Some(described) = self.describe(&self.table_name(table)).await? else { return Ok(None) };
        let declared = self.declared(table).await?;
        let columns = declared.columns.into_iter().map(|(name, kind)| HeldColumn::new(name, kind));
        let indexes = declared.indexes.into_iter().map(|name| {
            let unique = declared.unique.contains(&name);
            StoredIndex { name, unique }
        });
        let columns = columns.collect();
        let indexes = indexes.collect();
        let key = match other_key(&KeyShape::of(table)?, &described) {
            Some(other) => other,
            // Of a range that is made of several columns only the declaration tells which.
            None if !declared.key.is_empty() => declared.key,
            None => table.keys().map(|column| column.name.to_string()).collect(),
        };
        Ok(Some(Stored { columns, key, indexes }))
    }

    /// Carries out the changes of the plan, several tables side by side; the whole plan.
    ///
    /// # Errors
    /// Those of the service; `Unsupported` for a name or key that it cannot have, `AlreadyExists` when a column shall
    /// be unique and is not.
    pub(super) async fn create(&self, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
        tables.iter().try_for_each(|table| self.check(table))?;
        let mut found = Vec::new();
        let missing = self.missing(self.declarations()).await?;
        let id = [(NAME, ScalarAttributeType::S)];
        if self.make("of declarations", &self.declarations(), &id).await? {
            found.extend(missing);
        }
        let calls: Vec<_> = tables.iter().map(|table| self.create_table(table)).collect();
        let done: Vec<Vec<Difference>> = stream::iter(calls).buffered(CREATIONS).try_collect().await?;
        found.extend(done.concat());
        Ok(found)
    }

    /// What was done is declared last, so that a creator that dies is followed by one that does the rest.
    async fn create_table(&self, table: &Table) -> Result<Vec<Difference>> {
        let name = self.table_name(table);
        // Another process may be making it.
        self.until(&name, |status| status != Some(&TableStatus::Creating)).await?;
        let mut found = self.plan_table(table).await?;
        if found.iter().all(|one| one.gravity() != Gravity::Change) {
            return Ok(found);
        }
        let was_missing = found.iter().any(|one| matches!(one.what, Differs::Table { .. }));
        let made = was_missing && self.make(&table.name, &name, &KeyShape::of(table)?.attributes()).await?;
        if made && let Some(column) = expiry_of(table) {
            self.expire_by(&name, &column.name).await;
        }
        if found.iter().any(|one| matches!(one.what, Differs::Index { unique: true, .. })) {
            self.make(&table.name, &self.unique_table_name(table), &[(ID, ScalarAttributeType::B)]).await?;
            if !made {
                self.reserve_all(table).await?;
            }
        }
        // What a dropped table was declared with means nothing to the one made now.
        let mut known = if made { Declared::default() } else { self.declared(table).await? };
        known.add(table, &found);
        self.declare(table, &known).await?;
        found.retain(|one| made || !matches!(one.what, Differs::Table { .. }));
        Ok(found)
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
        table: &str,
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
            Err(error) => return Err(convert(error, table, true)),
        };
        self.until(name, |status| status == Some(&TableStatus::Active)).await?;
        Ok(made)
    }

    async fn status(&self, name: &str) -> Result<Option<TableStatus>> {
        Ok(self.describe(name).await?.and_then(|table| table.table_status))
    }

    async fn describe(&self, name: &str) -> Result<Option<TableDescription>> {
        match self.repeating().await?.describe_table().table_name(name).send().await {
            Ok(found) => Ok(found.table),
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
        match call.set_key(Some(key)).send().await {
            Ok(found) => Ok(found.item.as_ref().map(Declared::decode).unwrap_or_default()),
            Err(error) if code(&error) == Some("ResourceNotFoundException") => Ok(Declared::default()),
            Err(error) => Err(convert(error, &table.name, false)),
        }
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

/// The key that a table has in the service, if that is not the one of its description; an attribute of another type
/// with that.
fn other_key(shape: &KeyShape<'_>, described: &TableDescription) -> Option<Vec<String>> {
    let mut attributes: Vec<&KeySchemaElement> = described.key_schema().iter().collect();
    attributes.sort_by_key(|element| *element.key_type() != KeyType::Hash);
    let type_of = |name: &str| {
        let found = described.attribute_definitions().iter().find(|known| known.attribute_name() == name);
        found.map(|known| known.attribute_type().clone())
    };
    let stored: Vec<(&str, Option<ScalarAttributeType>)> =
        attributes.iter().map(|e| (e.attribute_name(), type_of(e.attribute_name()))).collect();
    let wanted = shape.attributes();
    let is_same = stored.len() == wanted.len()
        && stored
            .iter()
            .zip(&wanted)
            .all(|((name, kind), (known, of))| name == known && kind.as_ref() == Some(of));
    let told = |(name, kind): &(&str, Option<ScalarAttributeType>)| match kind {
        Some(kind) if wanted.iter().any(|(known, of)| known == name && of != kind) => {
            format!("{name} as {kind}")
        }
        _ => (*name).to_owned(),
    };
    (!is_same).then(|| stored.iter().map(told).collect())
}
