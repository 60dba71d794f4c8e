//! Statements of SQLite's own language.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::connection::Session;
use super::convert::decode_plain;
use super::error::convert;
use crate::db::sql::{Bind, kind_of};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// The pragmas that a query may use: those that only tell.
const PRAGMAS: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "page_count",
    "page_size",
    "freelist_count",
    "quick_check",
    "integrity_check",
];

/// Runs a statement that only reads; none when it writes.
///
/// # Errors
/// `Invalid` for several statements, or one that would change how the driver's connections work.
pub(super) fn read(session: &Session, text: &str, values: &[Value]) -> Result<Option<Vec<Row>>> {
    let statement = prepare(session, text)?;
    if !statement.readonly() {
        return Ok(None);
    }
    run(statement, values).map(Some)
}

/// Runs a statement that writes.
///
/// # Errors
/// As [`read`].
pub(super) fn write(session: &Session, text: &str, values: &[Value]) -> Result<Vec<Row>> {
    run(prepare(session, text)?, values)
}

/// Prepares under supervision: the driver owns transactions, settings and files of its connections.
fn prepare<'c>(session: &'c Session, text: &str) -> Result<rusqlite::Statement<'c>> {
    session.supervise(true);
    let prepared = session.connection.prepare(text);
    session.supervise(false);
    match prepared {
        Err(error @ rusqlite::Error::SqlInputError { .. }) => {
            let error = convert(error);
            match error.kind() {
                crate::ErrorKind::Internal => Err(Error::invalid("the statement is malformed").source(error)),
                _ => Err(error),
            }
        }
        prepared => prepared.map_err(convert),
    }
}

/// What a supervised statement may do.
pub(super) fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => Authorization::Deny,
        AuthAction::Pragma { pragma_name, .. } if !PRAGMAS.contains(&pragma_name) => Authorization::Deny,
        _ => Authorization::Allow,
    }
}

fn run(mut statement: rusqlite::Statement<'_>, values: &[Value]) -> Result<Vec<Row>> {
    let expected = statement.parameter_count();
    if values.len() != expected {
        return Err(Error::invalid(format!(
            "the statement has {expected} parameters and {} values",
            values.len()
        )));
    }
    for (at, value) in values.iter().enumerate() {
        let bind = Bind { value: std::borrow::Cow::Borrowed(value), kind: kind_of(value) };
        statement.raw_bind_parameter(at + 1, bind).map_err(convert)?;
    }
    let names: Vec<Name> = statement.column_names().map(Name::from).collect();
    let mut rows = statement.raw_query();
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(convert)? {
        let mut record = Row::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            // Two columns of one name: the later one stands, as in a map.
            record.set(name.clone(), decode_plain(row.get_ref(at).map_err(convert)?)?);
        }
        records.push(record);
    }
    Ok(records)
}
