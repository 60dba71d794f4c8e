//! Records that change others.

use super::given::Given;
use super::join::join_text;
use super::key::{incomplete, no_key, present};
use super::validate::{Failures, check};
use super::{Context, Purpose, generate};
use crate::Result;
use crate::db::Op;
use crate::db::driver::Change;
use crate::schema::Column;
use crate::value::Value;

/// The changes that `given` asks for, those of automatic columns included. Empty values of columns that
/// must not be empty are left out: the old value stays.
///
/// # Errors
/// `ValidationFailed` with every rule that is broken.
pub(in crate::db) fn changes(context: &Context<'_>, given: &[Given<'_>]) -> Result<Vec<Change>> {
    let mut changes = Vec::with_capacity(given.len() + 1);
    let mut failures = Failures::default();
    for one in given {
        let column = &*one.column;
        if column.primary.is_some() || !context.writable(column, Purpose::Update) || is_automatic(column) {
            continue;
        }
        if let Some(change) = change(one, &mut failures) {
            changes.push(change);
        }
    }
    for column in context.plan.table.columns() {
        if column.primary.is_some() || column.hidden || context.skips(column) {
            continue;
        }
        if column.join.is_some() {
            if let Some(value) = join_text(column, |name| Ok(set_value(given, name)))? {
                let value = context.stored_value(column, value)?;
                changes.retain(|c| c.column != column.name);
                changes.push(Change { column: column.name.clone(), op: Op::Set, value });
            }
        } else if let (true, false, Some(rule)) = (is_automatic(column), column.read_only, &column.generate) {
            changes.push(Change { column: column.name.clone(), op: Op::Set, value: generate::make(rule) });
        }
    }
    failures.into_result()?;
    Ok(changes)
}

/// The key that `given` holds.
///
/// # Errors
/// `KeyIncomplete` when a part is missing.
pub(in crate::db) fn key_of(context: &Context<'_>, given: &[Given<'_>]) -> Result<Vec<Value>> {
    let keys = context.plan.table.keys();
    if keys.len() == 0 {
        return Err(no_key(context));
    }
    let mut values = Vec::with_capacity(keys.len());
    for column in keys {
        let joined = join_text(column, |name| Ok(set_value(given, name)))?;
        let value = match joined {
            Some(text) => context.stored_value(column, text)?,
            None => set_value(given, &column.name).ok_or_else(|| incomplete(context, column))?,
        };
        present(context, column, &value)?;
        values.push(value);
    }
    Ok(values)
}

/// The value that a column is set to, not changed relative to what it has.
fn set_value(given: &[Given<'_>], name: &str) -> Option<Value> {
    given.iter().find(|g| g.op == Op::Set && &*g.column.name == name).map(|g| g.value.clone())
}

/// Whether every write sets the column, whatever the caller says.
fn is_automatic(column: &Column) -> bool {
    column.primary.is_none() && column.generate.as_ref().is_some_and(generate::is_time)
}

fn change(given: &Given<'_>, failures: &mut Failures) -> Option<Change> {
    let column = &*given.column;
    let mut value = given.value.clone();
    let sets = matches!(given.op, Op::Set | Op::NotExists | Op::Unset);
    if sets && value.is_empty() && (column.not_empty || (column.skip_empty && given.op != Op::Unset)) {
        return None;
    }
    if sets && value.is_null() && column.not_null {
        failures.push(column, "must not be null");
        return None;
    }
    match &column.generate {
        // A name that was given to a record stays, whatever form it came with from elsewhere.
        Some(rule) if sets && generate::is_name(rule) && value.is_empty() => return None,
        Some(rule) if sets && !generate::is_name(rule) && !generate::accepts(rule, &value) => {
            value = generate::make(rule);
        }
        _ => {}
    }
    if sets {
        check(column, &mut value, failures);
    }
    Some(Change { column: column.name.clone(), op: given.op, value })
}
