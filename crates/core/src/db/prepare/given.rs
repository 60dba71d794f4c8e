//! What a record says, column by column, before it is known whether it will be stored or change another.

use std::borrow::Cow;

use super::names::is_ignored;
use super::types::{elements, int, real, typed};
use super::{Context, Purpose, split_operator};
use crate::db::Op;
use crate::schema::{Column, ColumnType};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// A known column, what is to be done with it, and the value for that.
#[derive(Clone)]
pub(in crate::db) struct Given<'a> {
    pub(super) column: Cow<'a, Column>,
    pub(super) op: Op,
    pub(super) value: Value,
}

impl Given<'_> {
    /// The value that the column has in a new record; none when the operator says nothing of it.
    pub(super) fn initial(&self) -> Option<Value> {
        match self.op {
            Op::Del => None,
            _ => Some(self.value.clone()),
        }
    }
}

/// The known columns of a record with their operators, each once, values converted.
///
/// # Errors
/// `Invalid` for an operator that does not fit the column, or a value that does not fit the operator, and for
/// every operator on a column of the key: `id_$set` would name another record behind the back of a caller who
/// has looked at `id`.
pub(in crate::db) fn collect<'a>(
    context: &Context<'a>,
    record: Row,
    purpose: Purpose,
) -> Result<Vec<Given<'a>>> {
    let mut all: Vec<Given<'a>> = Vec::with_capacity(record.len());
    for (name, value) in record {
        if is_ignored(&name) {
            continue;
        }
        let (base, suffix) = split_operator(&name);
        let Some(column) = context.column(base)? else { continue };
        let op = operator(context, &column, suffix, purpose)?;
        let given = if op == Op::None { None } else { operand(context, column, op, value)? };
        let Some(given) = given else { continue };
        match all.iter_mut().find(|g| g.column.name == given.column.name) {
            Some(known) => *known = given,
            None => all.push(given),
        }
    }
    Ok(all)
}

fn operator(context: &Context<'_>, column: &Column, suffix: Option<&str>, purpose: Purpose) -> Result<Op> {
    if column.primary.is_some() {
        return match suffix {
            None => Ok(Op::Set),
            Some(_) => Err(Error::invalid(format!(
                "{0}: a column of the key takes no operator in a record, name it {0}",
                column.name
            ))),
        };
    }
    let op = match suffix.map(Op::parse).transpose()? {
        Some(Op::Eq) => Op::Set,
        Some(op) if op.is_change() => op,
        Some(_) => {
            let text = format!("{}: an operator that compares does not change a column", column.name);
            return Err(Error::invalid(text));
        }
        None => match context.option_op(&column.name).filter(|op| op.is_change()) {
            Some(op) => op,
            None if purpose == Purpose::Incr && column.column_type() == ColumnType::Counter => Op::Incr,
            None => Op::Set,
        },
    };
    Ok(op)
}

/// Converts the value for its operator; none when nothing is left to do.
fn operand<'a>(
    context: &Context<'a>,
    column: Cow<'a, Column>,
    op: Op,
    value: Value,
) -> Result<Option<Given<'a>>> {
    let kind = column.column_type();
    let misfit = |wanted: &str| Err(Error::invalid(format!("{}: this change needs {wanted}", column.name)));
    let reason = |r: &str| Error::invalid(format!("{} {r}", column.name));
    let list = matches!(kind, ColumnType::List | ColumnType::Set);
    if value.is_null() && matches!(op, Op::Incr | Op::Add | Op::Del | Op::Append | Op::Prepend) {
        return Ok(None);
    }
    let (op, value) = match op {
        Op::Incr => match kind {
            ColumnType::Int | ColumnType::Counter => (op, int(value).map_err(reason)?),
            ColumnType::Real => (op, real(value).map_err(reason)?),
            _ => return misfit("a column of numbers"),
        },
        Op::Add | Op::Del | Op::Append if list => {
            let elements = Value::List(elements(value).map_err(reason)?);
            (if op == Op::Append { Op::Add } else { op }, context.stored_value(&column, elements)?)
        }
        Op::Add | Op::Del => return misfit("a list or a set"),
        Op::Append | Op::Prepend => match kind {
            ColumnType::Text => (op, typed(&column, value)?),
            _ => return misfit("a text"),
        },
        Op::Unset => (op, Value::Null),
        _ => (op, context.stored_value(&column, value)?),
    };
    let nothing = value.is_null() && op == Op::Incr;
    Ok((!nothing).then_some(Given { column, op, value }))
}
