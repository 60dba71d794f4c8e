//! Primary keys as callers give them.

use super::join::join_text;
use super::names::is_ignored;
use super::{Checked, Context, check_query, split_operator};
use crate::db::{Condition, Key, Op, Query};
use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};
use crate::{Error, ErrorKind, Result};

/// A complete key and what else the caller said of the record.
pub(in crate::db) struct AnyKey {
    /// The values of the key columns, in order.
    pub(in crate::db) values: Vec<Value>,
    /// Further conditions.
    pub(in crate::db) filter: Checked,
}

/// Completes a key; known columns beside the key become conditions, unknown ones are ignored.
///
/// # Errors
/// `KeyIncomplete` when a part is missing; `Invalid` when a value does not fit its column.
pub(in crate::db) fn key(context: &Context<'_>, key: Key) -> Result<AnyKey> {
    let (values, filter) = match unwrap(key) {
        Key::Values(values) => (in_order(context, values)?, Checked::Always),
        Key::Columns(row) => (by_name(context, &row)?, rest(context, row)?),
    };
    let filter = if can_be_stored(context, &values) { filter } else { Checked::Never };
    Ok(AnyKey { values, filter })
}

/// Completes a key of a list, in which columns beside the key mean nothing; none when a part is missing, or when no
/// record can have it.
pub(in crate::db) fn list_key(context: &Context<'_>, key: Key) -> Result<Option<Vec<Value>>> {
    let values = match unwrap(key) {
        Key::Values(values) => in_order(context, values),
        Key::Columns(row) => by_name(context, &row),
    };
    match values {
        Err(e) if e.kind() == ErrorKind::KeyIncomplete => Ok(None),
        other => other.map(|values| Some(values).filter(|values| can_be_stored(context, values))),
    }
}

/// Whether a record can have this key. One that cannot is as absent as with a product that could store it.
fn can_be_stored(context: &Context<'_>, key: &[Value]) -> bool {
    context.can.nul_in_text
        || !key.iter().any(|part| matches!(part, Value::Text(text) if text.contains('\0')))
}

/// A list or map that was given as one value.
fn unwrap(key: Key) -> Key {
    match key {
        Key::Values(mut values) if values.len() == 1 => match values.pop() {
            Some(Value::List(list)) => Key::Values(list),
            Some(Value::Map(row)) => Key::Columns(row),
            one => Key::Values(one.into_iter().collect()),
        },
        other => other,
    }
}

fn in_order(context: &Context<'_>, mut values: Vec<Value>) -> Result<Vec<Value>> {
    let keys = context.plan.table.keys();
    if values.len() > keys.len() {
        return Err(Error::invalid(format!(
            "the key of {} has {} columns",
            context.plan.table.name,
            keys.len()
        )));
    }
    let given = values.len();
    for (at, column) in keys.enumerate() {
        if at >= given {
            return Err(incomplete(context, column));
        }
        // The usual text key is taken as it is.
        let plain = column.convert.is_empty() && column.column_type() == ColumnType::Text;
        if !(plain && matches!(values[at], Value::Text(_))) {
            let value = std::mem::take(&mut values[at]);
            values[at] = context.stored_value(column, value)?;
        }
        present(context, column, &values[at])?;
    }
    if given == 0 {
        return Err(no_key(context));
    }
    Ok(values)
}

fn by_name(context: &Context<'_>, row: &Row) -> Result<Vec<Value>> {
    let keys = context.plan.table.keys();
    if keys.len() == 0 {
        return Err(no_key(context));
    }
    let mut values = Vec::with_capacity(keys.len());
    for column in keys {
        let joined = join_text(column, |part| match (row.get(part), context.plan.table.find(part)) {
            (Some(value), Some(part)) => context.stored_value(part, value.clone()).map(Some),
            (value, _) => Ok(value.cloned()),
        })?;
        let value = match joined.or_else(|| row.get(&column.name).cloned()) {
            Some(value) => context.stored_value(column, value)?,
            None => return Err(incomplete(context, column)),
        };
        present(context, column, &value)?;
        values.push(value);
    }
    Ok(values)
}

/// The conditions on columns beside the key and its parts.
fn rest(context: &Context<'_>, row: Row) -> Result<Checked> {
    let table = &context.plan.table;
    let is_part = |name: &str| {
        table.keys().any(|k| k.join.as_ref().is_some_and(|j| j.columns.iter().any(|c| &**c == name)))
    };
    let mut query = Query::new();
    for (name, value) in row {
        let (base, op) = split_operator(&name);
        let Some(column) = table.find(base) else { continue };
        if is_ignored(&name) || column.primary.is_some() || column.hidden || is_part(base) {
            continue;
        }
        let op = op.map(Op::parse).transpose()?;
        query.conditions.push(Condition { column: column.name.clone(), op, value });
    }
    if query.is_empty() { Ok(Checked::Always) } else { check_query(context, query, false) }
}

/// Null and empty text name no record: several engines cannot store them as keys.
pub(super) fn present(context: &Context<'_>, column: &Column, value: &Value) -> Result<()> {
    if value.is_empty() { Err(incomplete(context, column)) } else { Ok(()) }
}

/// A part of the key is missing.
pub(super) fn incomplete(context: &Context<'_>, column: &Column) -> Error {
    let text =
        format!("no value for {}, which is part of the key of {}", column.name, context.plan.table.name);
    Error::new(ErrorKind::KeyIncomplete, text)
}

/// The table has no key.
pub(super) fn no_key(context: &Context<'_>) -> Error {
    Error::new(ErrorKind::KeyIncomplete, format!("table {} has no primary key", context.plan.table.name))
}
