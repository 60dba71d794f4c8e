//! Records that are moved as they are, from one pool to another or through a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Context;
use super::key::{incomplete, no_key};
use super::types::typed;
use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// The record with every value of the type of its column, and nothing else changed.
///
/// # Errors
/// `Invalid` for a name that is no column, or a value of another type; `KeyIncomplete`.
pub(in crate::db) fn exact(context: &Context<'_>, record: Row) -> Result<Row> {
    let table = &context.plan.table;
    if table.keys().len() == 0 {
        return Err(no_key(context));
    }
    let mut row = Row::with_capacity(record.len());
    for (name, value) in record {
        let column = context.column(&name)?.filter(|column| !column.hidden);
        let column =
            column.ok_or_else(|| Error::invalid(format!("table {} has no column {name:.40}", table.name)))?;
        row.set(column.name.clone(), exact_value(&column, value)?);
    }
    match table.keys().find(|key| row.get(&key.name).is_none_or(Value::is_empty)) {
        Some(key) => Err(incomplete(context, key)),
        None => Ok(row),
    }
}

/// The value that a column holds, from itself or from its image in JSON, which has no bytes and no sets.
///
/// # Errors
/// `Invalid`, naming the column, when the column could not hold that.
pub(in crate::db) fn exact_value(column: &Column, value: Value) -> Result<Value> {
    let kind = column.column_type();
    let texts = |list: &[Value]| list.iter().all(|v| matches!(v, Value::Text(_)));
    let ints = |list: &[Value]| list.iter().all(|v| matches!(v, Value::Int(_)));
    let reason = match (kind, &value) {
        (_, Value::Null) => return Ok(value),
        (ColumnType::Text | ColumnType::Email | ColumnType::Phone, Value::Text(_))
        | (ColumnType::Int | ColumnType::Counter | ColumnType::Time | ColumnType::Ttl, Value::Int(_))
        | (ColumnType::Real, Value::Real(_))
        | (ColumnType::Bool, Value::Bool(_))
        | (ColumnType::Bytes, Value::Bytes(_)) => return Ok(value),
        // A text is itself here, not JSON to be parsed.
        (ColumnType::Json, Value::Text(_)) => return Ok(value),
        (ColumnType::Json, _) | (ColumnType::Object, Value::Map(_)) | (ColumnType::Array, Value::List(_)) => {
            return typed(column, value);
        }
        (ColumnType::List, Value::List(list)) if texts(list) => return Ok(value),
        (ColumnType::Set, Value::List(list) | Value::Set(list))
            if if column.of_int { ints(list) } else { texts(list) } =>
        {
            return typed(column, value);
        }
        (ColumnType::Decimal, Value::Text(_)) => return typed(column, value),
        (ColumnType::Real, Value::Int(i)) if (*i as f64) as i128 == i128::from(*i) => {
            return Ok(Value::Real(*i as f64));
        }
        (ColumnType::Bytes, Value::Text(text)) => match STANDARD.decode(text) {
            Ok(bytes) => return Ok(Value::Bytes(bytes)),
            Err(_) => "must be bytes in base64",
        },
        (ColumnType::Text | ColumnType::Email | ColumnType::Phone, _) => "must be a text",
        (ColumnType::Int | ColumnType::Counter, _) => "must be an integer of at most 64 bits",
        (ColumnType::Time, _) => "must be a time in milliseconds since 1970",
        (ColumnType::Ttl, _) => "must be a time in seconds since 1970",
        (ColumnType::Real, _) => "must be a number that a double holds exactly",
        (ColumnType::Bool, _) => "must be true or false",
        (ColumnType::Bytes, _) => "must be bytes in base64",
        (ColumnType::Object, _) => "must be an object",
        (ColumnType::Array, _) => "must be an array",
        (ColumnType::List, _) => "must be a list of texts",
        (ColumnType::Set, _) if column.of_int => "must be a set of integers",
        (ColumnType::Set, _) => "must be a set of texts",
        (ColumnType::Decimal, _) => "must be a decimal number in a text",
    };
    Err(Error::invalid(format!("{} {reason}", column.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(column: &Column, value: impl Into<Value>) {
        let value = value.into();
        assert_eq!(exact_value(column, value.clone()).expect("fits"), value);
        let image = Value::from_json(value.to_json()).expect("has an image");
        assert_eq!(exact_value(column, image).expect("its image fits"), value);
    }

    fn refuses(column: &Column, value: impl Into<Value>) {
        let value = value.into();
        let error = exact_value(column, value.clone()).expect_err(&format!("{value:?} must be refused"));
        assert!(error.message().starts_with(&*column.name), "{error}");
    }

    #[test]
    fn a_value_is_what_itself_and_its_image_in_json_say() {
        keeps(&Column::text("a"), " A ");
        keeps(&Column::int("a"), i64::MIN);
        keeps(&Column::real("a"), 5e-324);
        keeps(&Column::real("a"), 2.0);
        keeps(&Column::decimal("a"), "123456789012345678.120");
        keeps(&Column::bool("a"), true);
        keeps(&Column::json("a"), "not { JSON");
        keeps(&Column::json("a"), Row::new());
        keeps(&Column::list("a"), vec!["b,c", "a"]);
        keeps(&Column::set("a").of_int(), Value::Set(vec![1.into(), 3.into()]));
        keeps(&Column::bytes("a"), Value::Bytes(vec![0, 255]));
        keeps(&Column::ttl("a"), i64::MAX);
        keeps(&Column::email("a"), "");
        keeps(&Column::text("a").convert(crate::schema::Convert::Lower), "OLD");
    }

    #[test]
    fn nothing_is_converted() {
        refuses(&Column::int("a"), "1");
        refuses(&Column::int("a"), 1.0);
        refuses(&Column::text("a"), 1);
        refuses(&Column::bool("a"), 1);
        refuses(&Column::real("a"), i64::MAX);
        refuses(&Column::time("a"), "2024-01-01");
        refuses(&Column::list("a"), "a,b");
        refuses(&Column::list("a"), vec![Value::Int(1)]);
        refuses(&Column::set("a").of_int(), vec!["1"]);
        refuses(&Column::bytes("a"), "?");
        refuses(&Column::object("a"), "{}");
        refuses(&Column::decimal("a"), "1e5");
    }
}
