//! Writes that the service can carry out in one request, without reading first. Pure.

use aws_sdk_dynamodb::types::ReturnValue;

use super::action::{Action, Body};
use super::change::{Update, update};
use super::condition;
use super::convert::{Item, encode};
use super::expiry::{expired, live};
use super::expression::{Terms, all_of};
use super::key::KeyShape;
use super::unique::unique_columns;
use crate::Result;
use crate::db::driver::{Verb, Write};
use crate::db::layout::expiry_of;
use crate::db::plain::key_values;
use crate::db::{Query, Returning};
use crate::schema::Table;
use crate::value::{Name, Row, Value};

/// A write as one request.
pub(super) struct Direct {
    /// The request.
    pub(super) action: Action,
    /// The item to give back.
    pub(super) wanted: Option<ReturnValue>,
    /// What it means when the condition does not hold.
    pub(super) otherwise: Otherwise,
}

/// What it means when the condition of a request does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// No record is affected.
    Leave,
    /// There is such a record already.
    Conflict,
    /// It has to be read to be told.
    Unknown,
}

/// The write as one request; none when it needs more: because of unique columns, of conditions or changes
/// that the service does not have, or of values for a new record only.
///
/// # Errors
/// `KeyIncomplete`, or `Invalid` for a key that the service cannot have.
pub(super) fn direct(write: &Write, stored_in: &str) -> Result<Option<Direct>> {
    let table = &*write.table;
    let shape = KeyShape::of(table)?;
    let unique = unique_columns(table);
    let mut terms = Terms::default();
    let hash = shape.hash();
    let (body, condition, otherwise) = match &write.verb {
        Verb::Add { row, do_nothing } if unique.is_empty() => {
            let mut absent = format!("attribute_not_exists({})", terms.name(hash));
            if let Some(expired) = expired(&mut terms, table) {
                absent = format!("{absent} OR {expired}");
            }
            let otherwise = if *do_nothing { Otherwise::Leave } else { Otherwise::Conflict };
            (Body::Put(item(&shape, table, row)?), Some(absent), otherwise)
        }
        Verb::Put { row, defaults }
            if unique.is_empty() && defaults.is_empty() && expiry_of(table).is_none() =>
        {
            let mut update = Update::default();
            for (name, value) in row.iter() {
                if let Some(column) = table.find(name).filter(|c| c.primary.is_none() && !c.hidden) {
                    update.set(&mut terms, column, value);
                }
            }
            let key = shape.item(&key_values(table, row)?)?;
            if shape.is_joined() {
                // The parts of a joined range are attributes of their own.
                for column in &shape.columns[1..] {
                    update.set(&mut terms, column, row.get(&column.name).unwrap_or(&Value::Null));
                }
            }
            // A record of its key alone is left to the other way, for emulators know no such update.
            let Some(expression) = update.expression() else { return Ok(None) };
            (Body::Update(key, Some(expression)), None, Otherwise::Unknown)
        }
        Verb::Update { key, changes, condition, insert } => {
            if changes.iter().any(|change| unique.contains(&change.column)) {
                return Ok(None);
            }
            let Some(update) = update(&mut terms, table, changes) else { return Ok(None) };
            let Some(only_if) = only_if(&mut terms, &shape, table, condition.as_ref()) else {
                return Ok(None);
            };
            let exact = insert.is_none() && update.guards.is_empty();
            let mut parts = vec![only_if];
            parts.extend(update.guards.iter().cloned());
            let otherwise = if exact { Otherwise::Leave } else { Otherwise::Unknown };
            let Some(expression) = update.expression() else { return Ok(None) };
            (Body::Update(shape.item(key)?, Some(expression)), all_of(&parts), otherwise)
        }
        Verb::Del { key, condition } if unique.is_empty() => {
            let Some(only_if) = only_if(&mut terms, &shape, table, condition.as_ref()) else {
                return Ok(None);
            };
            (Body::Delete(shape.item(key)?), Some(only_if), Otherwise::Leave)
        }
        _ => return Ok(None),
    };
    let wanted = match (&body, write.returning) {
        (_, Returning::Nothing) | (Body::Put(_), _) => None,
        (Body::Delete(_), _) | (_, Returning::Old) => Some(ReturnValue::AllOld),
        (_, Returning::New) => Some(ReturnValue::AllNew),
    };
    let action =
        Action { table: table.name.clone(), stored_in: stored_in.to_owned(), body, condition, terms };
    Ok(Some(Direct { action, wanted, otherwise }))
}

/// That the record is there, has not expired, and a condition holds of it; none when the service cannot say that.
fn only_if(
    terms: &mut Terms,
    shape: &KeyShape<'_>,
    table: &Table,
    condition: Option<&Query>,
) -> Option<String> {
    let mut there = format!("attribute_exists({})", terms.name(shape.hash()));
    if let Some(live) = live(terms, table) {
        there = format!("{there} AND {live}");
    }
    match condition.filter(|query| !query.is_empty()) {
        Some(query) => Some(format!("{there} AND {}", condition::exact(terms, table, query)?)),
        None => Some(there),
    }
}

/// A whole record as it is stored.
///
/// # Errors
/// `KeyIncomplete`, or `Invalid` for a key that the service cannot have.
pub(super) fn item(shape: &KeyShape<'_>, table: &Table, row: &Row) -> Result<Item> {
    let mut item = shape.item(&key_values(table, row)?)?;
    for (name, value) in row.iter() {
        if let Some(column) = table.find(name).filter(|c| !c.hidden)
            && let Some(attribute) = encode(column, value)
        {
            item.insert(name.to_string(), attribute);
        }
    }
    Ok(item)
}

/// The columns that a condition speaks of; of a path, the column it is in.
pub(super) fn columns_of(query: &Query, table: &Table, into: &mut Vec<Name>) {
    for condition in &query.conditions {
        let base = condition.column.split_once('.').map_or(&*condition.column, |(base, _)| base);
        if let Some(column) = table.find(&condition.column).or_else(|| table.find(base))
            && !into.contains(&column.name)
        {
            into.push(column.name.clone());
        }
    }
    for group in &query.groups {
        columns_of(&group.query, table, into);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Op;
    use crate::db::driver::Change;
    use crate::schema::Column;

    fn plan(verb: Verb) -> Option<(String, String, Otherwise)> {
        let table = Table::new("t")
            .column(Column::text("id").primary())
            .column(Column::counter("n"))
            .column(Column::text("u").unique());
        let write = Write { table: Arc::new(table), verb, returning: Returning::Nothing };
        let direct = direct(&write, "p_t").expect("fits")?;
        assert_eq!((&*direct.action.table, &*direct.action.stored_in), ("t", "p_t"));
        let expression = match direct.action.body {
            Body::Update(_, expression) => expression.unwrap_or_default(),
            other => format!("{other:?}"),
        };
        Some((expression, direct.action.condition.unwrap_or_default(), direct.otherwise))
    }

    fn update(column: &str, op: Op, insert: Option<Row>) -> Verb {
        let changes = vec![Change { column: column.into(), op, value: 1.into() }];
        Verb::Update { key: vec!["a".into()], changes, condition: None, insert }
    }

    #[test]
    fn a_count_is_one_request_with_a_guard_against_overflow() {
        let (expression, condition, otherwise) = plan(update("n", Op::Incr, None)).expect("direct");
        assert_eq!(expression, "SET #n0 = if_not_exists(#n0, :v0) + :v1");
        assert_eq!(condition, "attribute_exists(#n1) AND (attribute_not_exists(#n0) OR #n0 <= :v2)");
        assert_eq!(otherwise, Otherwise::Unknown);
    }

    #[test]
    fn an_expired_record_gives_way_and_is_not_changed() {
        let table = Table::new("t").column(Column::text("id").primary()).column(Column::ttl("until"));
        let table = Arc::new(table);
        let condition = |verb| {
            let write = Write { table: table.clone(), verb, returning: Returning::Nothing };
            direct(&write, "t").expect("fits").and_then(|direct| direct.action.condition)
        };
        let add = Verb::Add { row: Row::new().with("id", "a"), do_nothing: false };
        assert_eq!(condition(add), Some("attribute_not_exists(#n0) OR #n1 <= :v0".into()));
        let del = Verb::Del { key: vec!["a".into()], condition: None };
        assert_eq!(condition(del), Some("attribute_exists(#n0) AND (NOT #n1 <= :v0)".into()));
    }

    #[test]
    fn unique_columns_and_inexact_conditions_need_reading() {
        assert!(plan(update("u", Op::Set, None)).is_none());
        assert!(plan(Verb::Add { row: Row::new().with("id", "a"), do_nothing: false }).is_none());
        let condition = Some(Query::new().op("u", Op::EndsWith, "x"));
        let changes = vec![Change { column: "n".into(), op: Op::Set, value: 1.into() }];
        assert!(plan(Verb::Update { key: vec!["a".into()], changes, condition, insert: None }).is_none());
    }

    #[test]
    fn what_does_not_hold_without_a_guard_affects_nothing() {
        let (.., otherwise) = plan(update("n", Op::Set, None)).expect("direct");
        assert_eq!(otherwise, Otherwise::Leave);
        let (.., otherwise) = plan(update("n", Op::Set, Some(Row::new()))).expect("direct");
        assert_eq!(otherwise, Otherwise::Unknown);
    }
}
