//! What a caller is told of a statement that failed, in terms of the request.

use super::Cause;
use crate::db::Op;
use crate::db::driver::{Verb, Write};
use crate::db::refusal::{exists, no_table};
use crate::schema::Table;
use crate::value::{Name, Value};
use crate::{Error, ErrorKind};

/// The error of a write, with the names of the table and the column.
pub(crate) fn explain(error: Error, write: &Write) -> Error {
    match error.kind() {
        ErrorKind::AlreadyExists => exists(&write.table).source(error),
        ErrorKind::Invalid if error.message() == Cause::OutOfRange.told().1 => match incremented(write) {
            Some(name) => Error::invalid(format!("{name} is out of range after adding")).source(error),
            None => error,
        },
        _ => name_table(error, &write.table),
    }
}

/// The error of a statement, with the name of a table that is not there where the product does not say it.
pub(crate) fn name_table(error: Error, table: &Table) -> Error {
    if error.message() != Cause::NoTable.told().1 {
        return error;
    }
    no_table(&table.name).source(error)
}

/// The column that a write adds to, if it is one only.
fn incremented(write: &Write) -> Option<&Name> {
    let changes = match &write.verb {
        Verb::Update { changes, .. } | Verb::UpdateAll { changes, .. } => changes,
        _ => return None,
    };
    let mut names = changes
        .iter()
        .filter(|c| matches!(c.op, Op::Incr | Op::Add) && !matches!(c.value, Value::List(_) | Value::Set(_)))
        .map(|c| &c.column);
    names.next().filter(|_| names.next().is_none())
}
