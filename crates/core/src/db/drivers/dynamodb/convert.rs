//! Values to attributes and back.
//!
//! | column | attribute |
//! | --- | --- |
//! | text, email, phone, decimal | S |
//! | int, counter, time, ttl | N |
//! | real | N; S when beyond the range of N |
//! | bool | BOOL; N within a key |
//! | bytes | B |
//! | json, object, array | S, compact JSON: maps keep their order, 1.0 stays apart from 1 |
//! | list | L of S |
//! | set | SS or NS; an empty L when it is empty |
//!
//! Null is an attribute that is not there.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::db::evaluate::compare;
use crate::db::json::{from_json_text, to_json_text};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// A stored record as the service gives it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The least and greatest magnitude of a number attribute.
const MAGNITUDES: std::ops::Range<f64> = 1e-130..9.99e125;

/// The attribute of a column's value; none for null.
pub(super) fn encode(column: &Column, value: &Value) -> Option<AttributeValue> {
    Some(match (column.column_type(), value) {
        (_, Value::Null) => return None,
        (ColumnType::Json | ColumnType::Object | ColumnType::Array, value) => {
            AttributeValue::S(to_json_text(value))
        }
        (ColumnType::Set, Value::List(elements) | Value::Set(elements)) => encode_set(elements),
        (_, Value::Bool(b)) if column.primary.is_some() => AttributeValue::N(u8::from(*b).to_string()),
        (_, value) => encode_plain(value),
    })
}

/// The attribute of an element, or of a value whose column does not matter.
pub(super) fn encode_plain(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(b) => AttributeValue::Bool(*b),
        Value::Int(i) => AttributeValue::N(i.to_string()),
        Value::Real(r) if *r == 0.0 => AttributeValue::N("0".to_owned()),
        Value::Real(r) if MAGNITUDES.contains(&r.abs()) => AttributeValue::N(format!("{r:?}")),
        Value::Real(r) => AttributeValue::S(format!("{r:?}")),
        Value::Text(t) => AttributeValue::S(t.clone()),
        Value::Bytes(b) => AttributeValue::B(Blob::new(b.clone())),
        Value::List(elements) | Value::Set(elements) => {
            AttributeValue::L(elements.iter().map(encode_plain).collect())
        }
        Value::Map(_) => AttributeValue::S(to_json_text(value)),
    }
}

fn encode_set(elements: &[Value]) -> AttributeValue {
    let ints: Option<Vec<String>> = elements.iter().map(|v| Some(v.as_int()?.to_string())).collect();
    let texts: Option<Vec<String>> = elements.iter().map(|v| Some(v.as_str()?.to_owned())).collect();
    match (ints, texts) {
        _ if elements.is_empty() => AttributeValue::L(Vec::new()),
        (Some(ints), _) => AttributeValue::Ns(ints),
        (_, Some(texts)) => AttributeValue::Ss(texts),
        _ => AttributeValue::L(elements.iter().map(encode_plain).collect()),
    }
}

/// All declared columns of a record; a column without attribute is null.
///
/// # Errors
/// `Internal` when a stored value is damaged.
pub(super) fn decode_row(table: &Table, item: &Item) -> Result<Row> {
    let columns = table.columns();
    let mut row = Row::with_capacity(columns.len());
    for column in columns.iter().filter(|c| !c.hidden) {
        let value = match item.get(&*column.name) {
            Some(attribute) => decode(column, attribute)
                .map_err(|e| Error::internal(format!("column {} cannot be read", column.name)).source(e))?,
            None => Value::Null,
        };
        row.push(column.name.clone(), value);
    }
    Ok(row)
}

/// An attribute as the type of its column; of another kind, as tables that were not made by this driver
/// may have, as what it is.
pub(super) fn decode(column: &Column, attribute: &AttributeValue) -> Result<Value> {
    let json = matches!(column.column_type(), ColumnType::Json | ColumnType::Object | ColumnType::Array);
    Ok(match (column.column_type(), attribute) {
        (_, AttributeValue::S(text)) if json => from_json_text(text.as_bytes())?,
        (ColumnType::Bool, AttributeValue::N(n)) => Value::Bool(n != "0"),
        (ColumnType::Real, AttributeValue::N(text) | AttributeValue::S(text)) => {
            text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Real)
        }
        (ColumnType::Set, attribute) => match decode_plain(attribute) {
            Value::List(list) => Value::Set(list),
            other => other,
        },
        (ColumnType::List, attribute) => match decode_plain(attribute) {
            Value::Set(list) => Value::List(list),
            other => other,
        },
        (_, attribute) => decode_plain(attribute),
    })
}

/// An attribute as what it is.
fn decode_plain(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::Bool(b) => Value::Bool(*b),
        AttributeValue::S(text) => Value::Text(text.clone()),
        AttributeValue::N(text) => decode_number(text),
        AttributeValue::B(bytes) => Value::Bytes(bytes.as_ref().to_vec()),
        AttributeValue::L(list) => Value::List(list.iter().map(decode_plain).collect()),
        AttributeValue::Ss(texts) => sorted(texts.iter().map(|t| Value::Text(t.clone()))),
        AttributeValue::Ns(numbers) => sorted(numbers.iter().map(|n| decode_number(n))),
        AttributeValue::Bs(all) => sorted(all.iter().map(|b| Value::Bytes(b.as_ref().to_vec()))),
        AttributeValue::M(map) => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            Value::Map(names.into_iter().map(|(name, v)| (name.as_str().into(), decode_plain(v))).collect())
        }
        // Null, and kinds that this version of the service's client does not know.
        _ => Value::Null,
    }
}

fn decode_number(text: &str) -> Value {
    match (text.parse(), text.parse()) {
        (Ok(int), _) => Value::Int(int),
        (_, Ok(real)) => Value::Real(real),
        _ => Value::Text(text.to_owned()),
    }
}

fn sorted(elements: impl Iterator<Item = Value>) -> Value {
    let mut elements: Vec<Value> = elements.collect();
    elements.sort_by(|a, b| compare(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Value::Set(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(column: &Column, value: impl Into<Value>) {
        let value = value.into();
        let attribute = encode(column, &value).expect("not null");
        assert_eq!(decode(column, &attribute).expect("reads back"), value, "{attribute:?}");
    }

    #[test]
    fn values_read_back_as_they_were() {
        check(&Column::int("c"), i64::MIN);
        for real in [0.1, 1.0, -2.5e-7, 1e126, -1e300, 5e-324, f64::MAX] {
            check(&Column::real("c"), real);
        }
        check(&Column::text("c"), "");
        check(&Column::text("c"), "a\0é");
        check(&Column::bytes("c"), Value::Bytes(vec![0, 255]));
        check(&Column::bool("c").primary(), true);
        check(&Column::list("c"), vec!["b", "", "a"]);
        check(&Column::set("c"), Value::Set(Vec::new()));
        check(&Column::set("c"), Value::Set(vec!["a".into(), "b".into()]));
        check(&Column::set("c").of_int(), Value::Set(vec![2.into(), 10.into()]));
        check(
            &Column::json("c"),
            Value::Map(Row::new().with("z", 1.0).with("a", Value::List(vec![1.into()]))),
        );
        assert_eq!(encode(&Column::text("c"), &Value::Null), None);
    }

    #[test]
    fn what_others_stored_reads_as_what_it_is() {
        let native = AttributeValue::M(HashMap::from([("a".to_owned(), AttributeValue::N("1.5".into()))]));
        let read = decode(&Column::json("c"), &native).expect("reads");
        assert_eq!(read, Value::Map(Row::new().with("a", 1.5)));
        let unsorted = AttributeValue::Ns(vec!["10".into(), "9".into()]);
        let read = decode(&Column::set("c"), &unsorted).expect("reads");
        assert_eq!(read, Value::Set(vec![9.into(), 10.into()]));
        assert_eq!(decode(&Column::text("c"), &AttributeValue::Null(true)).expect("reads"), Value::Null);
    }
}
