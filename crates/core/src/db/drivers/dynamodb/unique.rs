//! Unique columns: for each value in use there is an item in a table beside, which says whose it is.
//!
//! Record and reservation are written in one transaction. A reservation whose record is gone, because the
//! service removed an expired record by itself, is found out when somebody else wants the value.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest as _, Sha256};

use super::action::{Action, Body};
use super::client::Connection;
use super::convert::{Item, decode_row};
use super::expression::Terms;
use super::key::KeyShape;
use crate::Result;
use crate::db::layout::{IndexPlan, indexes_of};
use crate::db::plain::{is_live, key_bytes, key_values, push_value};
use crate::db::prepare::now_seconds;
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// The key of a reservation.
pub(super) const ID: &str = "id";
/// Whose it is: the bytes of a primary key.
const OWNER: &str = "owner";
/// The key attributes of the record.
const RECORD: &str = "record";
/// Longer ids are hashed: the service takes keys of 2048 bytes.
const MAX_ID: usize = 1024;

/// The columns that take part in unique indexes.
pub(super) fn unique_columns(table: &Table) -> Vec<Name> {
    unique_indexes(table).into_iter().flat_map(|plan| plan.columns).collect()
}

/// The unique indexes of a table.
pub(super) fn unique_indexes(table: &Table) -> Vec<IndexPlan> {
    indexes_of(table).into_iter().filter(|plan| plan.unique).collect()
}

/// The reservations that a record needs, by id. Null is never in use.
pub(super) fn reservations(table: &Table, row: Option<&Row>) -> Vec<Vec<u8>> {
    let Some(row) = row else { return Vec::new() };
    unique_indexes(table).iter().filter_map(|plan| reservation(plan, row)).collect()
}

fn reservation(plan: &IndexPlan, row: &Row) -> Option<Vec<u8>> {
    let mut id = plan.name.as_bytes().to_vec();
    id.push(0);
    for name in &plan.columns {
        let value = row.get(name).filter(|value| !value.is_null())?;
        push_value(&mut id, value, None);
    }
    if id.len() > MAX_ID {
        let digest = Sha256::digest(&id);
        id.truncate(plan.name.len() + 1);
        id.extend(digest);
    }
    Some(id)
}

impl Connection {
    /// The table of the reservations of a table. No table of an application has a dot in its name.
    pub(super) fn unique_table_name(&self, table: &Table) -> String {
        format!("{}.unique", self.table_name(table))
    }

    /// Takes a reservation for the record with this key, from the one with the key `from` if that gives it
    /// up in the same transaction.
    ///
    /// # Errors
    /// `KeyIncomplete`, which does not happen to a record that is stored.
    pub(super) fn take(
        &self,
        table: &Table,
        id: &[u8],
        key: &[Value],
        from: Option<&[Value]>,
    ) -> Result<Action> {
        let owner = binary(key_bytes(table, key)?);
        let mut item = id_item(id);
        item.insert(OWNER.to_owned(), owner.clone());
        item.insert(RECORD.to_owned(), AttributeValue::M(KeyShape::of(table)?.item(key)?));
        let mut action = self.reservation_action(table, Body::Put(item));
        action.owned_by(owner, from.map(|from| key_bytes(table, from).map(binary)).transpose()?);
        Ok(action)
    }

    /// Gives up the reservation of the record with this key.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(super) fn release(&self, table: &Table, id: &[u8], key: &[Value]) -> Result<Action> {
        let mut action = self.reservation_action(table, Body::Delete(id_item(id)));
        action.owned_by(binary(key_bytes(table, key)?), None);
        Ok(action)
    }

    fn reservation_action(&self, table: &Table, body: Body) -> Action {
        let stored_in = self.unique_table_name(table);
        Action { table: table.name.clone(), stored_in, body, condition: None, terms: Terms::default() }
    }

    /// Whether a reservation stands in the way of the record with this key; one whose record does not have
    /// the value any more is taken away.
    ///
    /// # Errors
    /// Those of the service.
    pub(super) async fn is_taken(&self, table: &Table, id: &[u8], key: &[Value]) -> Result<bool> {
        let client = self.repeating().await?;
        let call = client.get_item().table_name(self.unique_table_name(table)).consistent_read(true);
        let found = call.set_key(Some(id_item(id))).send().await;
        let found = found.map_err(|e| super::error::convert(e, &table.name, false))?.item;
        let Some(mut found) = found else { return Ok(false) };
        let owner = found.remove(OWNER);
        if owner == Some(binary(key_bytes(table, key)?)) {
            return Ok(false);
        }
        if let Some(AttributeValue::M(record)) = found.remove(RECORD)
            && let Some(item) = self.item(table, record).await?
        {
            let row = decode_row(table, &item)?;
            let has_it = reservations(table, Some(&row)).iter().any(|other| other == id);
            if has_it
                && is_live(table, &row, now_seconds())
                && owner == key_values(table, &row).and_then(|k| key_bytes(table, &k)).ok().map(binary)
            {
                return Ok(true);
            }
        }
        let mut action = self.reservation_action(table, Body::Delete(id_item(id)));
        action.owned_by(owner.unwrap_or(AttributeValue::Null(true)), None);
        self.send(&action, None).await?;
        Ok(false)
    }
}

impl Action {
    fn owned_by(&mut self, owner: AttributeValue, or: Option<AttributeValue>) {
        let (id, name) = (self.terms.name(ID), self.terms.name(OWNER));
        let mut test = format!("attribute_not_exists({id})");
        for owner in [Some(owner), or].into_iter().flatten() {
            test.push_str(&format!(" OR {name} = {}", self.terms.value(owner)));
        }
        self.condition = Some(test);
    }
}

fn id_item(id: &[u8]) -> Item {
    Item::from([(ID.to_owned(), binary(id.to_vec()))])
}

fn binary(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    fn table() -> Table {
        Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::text("a").unique())
            .column(Column::text("b").unique())
    }

    #[test]
    fn a_record_reserves_its_values_but_not_null() {
        let row = Row::new().with("id", "1").with("a", "x").with("b", Value::Null);
        assert_eq!(reservations(&table(), Some(&row)).len(), 1);
        let both = Row::new().with("a", "x").with("b", "x");
        let ids = reservations(&table(), Some(&both));
        assert!(ids.len() == 2 && ids[0] != ids[1]);
    }

    #[test]
    fn long_values_are_reserved_by_their_hash() {
        let id = |text: String| reservations(&table(), Some(&Row::new().with("a", text)));
        let (one, two) = (id("x".repeat(5000)), id(format!("{}y", "x".repeat(4999))));
        assert!(one[0].len() < 100 && one != two);
    }
}
