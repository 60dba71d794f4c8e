//! The description of a table as it is stored, which all processes go by.
//!
//! A process that runs with an older description of the table must still maintain an index that a newer one
//! has made. So writers go by what is stored and not by what they declare, and every write says which
//! version of it they know; the server refuses a write that goes by an old one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::keys::{Base, index_part};
use crate::connect::redis::{RedisClient, cmd};
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::plain::push_value;
use crate::db::refusal::no_table;
use crate::db::upgrade::kind_name;
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// A description and its version.
#[derive(Debug)]
pub(super) struct Layout {
    /// Changes with the description.
    pub(super) version: String,
    /// What is stored.
    pub(super) shape: Shape,
}

/// What is stored of a table's description.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// Types of columns by name.
    pub(super) columns: BTreeMap<String, String>,
    /// The columns of the key in order.
    pub(super) keys: Vec<String>,
    /// The indexes.
    pub(super) indexes: Vec<StoredIndex>,
    /// The table is being removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) dropped: bool,
}

/// An index as it is maintained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredIndex {
    /// Its name.
    pub(super) name: String,
    /// Its columns, and whether each holds decimals.
    pub(super) columns: Vec<(String, bool)>,
    /// Whether two records may not have the same values.
    pub(super) unique: bool,
    /// Whether all records are in it. Writers maintain it before that, readers must not use it.
    pub(super) ready: bool,
}

impl Shape {
    /// The description of a table that is made now.
    pub(super) fn of(table: &Table) -> Self {
        let columns = table.columns().iter().filter(|c| !c.hidden);
        Self {
            columns: columns.map(|c| (c.name.to_string(), kind_name(c))).collect(),
            keys: table.keys().map(|c| c.name.to_string()).collect(),
            indexes: indexes_of(table).iter().map(|plan| StoredIndex::of(table, plan, true)).collect(),
            dropped: false,
        }
    }
}

impl StoredIndex {
    /// An index that a table describes.
    pub(super) fn of(table: &Table, plan: &IndexPlan, ready: bool) -> Self {
        let is_decimal =
            |name: &Name| table.find(name).is_some_and(|c| c.column_type() == ColumnType::Decimal);
        Self {
            name: plan.name.clone(),
            columns: plan.columns.iter().map(|name| (name.to_string(), is_decimal(name))).collect(),
            unique: plan.unique,
            ready,
        }
    }

    /// Its sorted set, within the table.
    pub(super) fn part(&self) -> String {
        index_part(&self.name)
    }

    /// The member of its sorted set for a record: the values, the key, and the length of the key.
    pub(super) fn member(&self, row: &Row, key: &[u8]) -> Vec<u8> {
        let mut member = self.values(row);
        member.extend(key);
        member.extend((key.len() as u32).to_be_bytes());
        member
    }

    /// What no other record may have; none when the index is not unique, or a value is null.
    pub(super) fn reservation(&self, row: &Row) -> Option<Vec<u8>> {
        let is_null = |(name, _): &(String, bool)| row.get(name).is_none_or(Value::is_null);
        (self.unique && !self.columns.iter().any(is_null)).then(|| self.values(row))
    }

    fn values(&self, row: &Row) -> Vec<u8> {
        let decimal = Column::decimal("");
        let mut bytes = Vec::new();
        for (name, is_decimal) in &self.columns {
            let value = row.get(name).unwrap_or(&Value::Null);
            push_value(&mut bytes, value, is_decimal.then_some(&decimal));
        }
        bytes
    }
}

/// The key of the record that a member of an index stands for.
pub(super) fn key_of_member(member: &[u8]) -> Option<&[u8]> {
    let (rest, length) = member.split_last_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    rest.len().checked_sub(length).map(|start| &rest[start..])
}

/// The descriptions that this process has read.
#[derive(Default)]
pub(super) struct Layouts {
    known: RwLock<HashMap<Base, Arc<Layout>>>,
}

impl Layouts {
    /// The description of a table, read when it is not known.
    ///
    /// # Errors
    /// `NotPrepared` when there is no such table, and errors of the connection.
    pub(super) async fn get(&self, client: &RedisClient, base: &Base, table: &Table) -> Result<Arc<Layout>> {
        if let Some(layout) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(base) {
            return Ok(layout.clone());
        }
        let layout = Arc::new(
            read(client, base).await?.filter(|l| !l.shape.dropped).ok_or_else(|| no_table(&table.name))?,
        );
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(base.clone(), layout.clone());
        Ok(layout)
    }

    /// Has the description read again when it is needed next.
    pub(super) fn forget(&self, base: &Base) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(base);
    }
}

/// The description that is stored now.
///
/// # Errors
/// `Internal` for one that cannot be read, and errors of the connection.
pub(super) async fn read(client: &RedisClient, base: &Base) -> Result<Option<Layout>> {
    let (version, shape): (Option<String>, Option<Vec<u8>>) =
        client.read(cmd("HMGET").arg(base.layout()).arg("v").arg("d")).await?;
    let (Some(version), Some(shape)) = (version, shape) else { return Ok(None) };
    let shape = serde_json::from_slice(&shape)
        .map_err(|e| Error::internal("the stored description of a table cannot be read").source(e))?;
    Ok(Some(Layout { version, shape }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_an_index_tells_its_record() {
        let table = Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::int("n").index())
            .column(Column::text("u").unique());
        let shape = Shape::of(&table);
        let row = Row::new().with("n", 5);
        let member = shape.indexes[0].member(&row, b"key");
        assert_eq!(key_of_member(&member), Some(&b"key"[..]));
        assert_eq!(key_of_member(b"\0\0\0\x09x"), None);
        assert_eq!(key_of_member(b"x"), None);
        assert_eq!(shape.indexes[1].reservation(&row), None);
        assert!(shape.indexes[1].reservation(&row.with("u", "")).is_some());
    }
}
