//! SQLite's errors as kinds of the framework: one table.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use super::functions::CALLER_ERROR;
use crate::db::refusal::{no_column, no_table};
use crate::{Error, ErrorKind};

const DAMAGED: &str = "the database file is damaged or not one of sqlite";

/// The error of a statement. Its text goes to the log; the caller learns what it can act on.
pub(super) fn convert(error: rusqlite::Error) -> Error {
    if matches!(error, rusqlite::Error::MultipleStatement) {
        return Error::invalid("one statement at a time, please");
    }
    let (code, text) = match &error {
        rusqlite::Error::SqliteFailure(code, text) => (Some(*code), text.as_deref().unwrap_or_default()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (Some(*error), msg.as_str()),
        _ => (None, ""),
    };
    let Some(code) = code else {
        return Error::internal("sqlite").source(error);
    };
    if let Some(message) = text.strip_prefix(CALLER_ERROR) {
        return Error::invalid(message.to_owned());
    }
    if let Some(table) = text.strip_prefix("no such table: ") {
        return no_table(table).source(error);
    }
    if text.starts_with("no such column") || text.contains("has no column named") {
        return no_column().source(error);
    }
    if ["Expression tree is too large", "parser stack overflow", "too many SQL variables"]
        .iter()
        .any(|start| text.starts_with(start))
    {
        return Error::invalid("the condition is too long or nested too deeply").detail(text.to_owned());
    }
    let (kind, message) = classify(code);
    match kind {
        ErrorKind::Internal => Error::internal("sqlite").source(error),
        kind => Error::new(kind, message).source(error),
    }
}

fn classify(code: ffi::Error) -> (ErrorKind, &'static str) {
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_ROWID => {
            return (ErrorKind::AlreadyExists, "a record with this key or unique value exists already");
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            return (ErrorKind::ValidationFailed, "a column that must not be null is null");
        }
        ffi::SQLITE_CONSTRAINT_DATATYPE => {
            return (ErrorKind::Invalid, "a value does not fit the type of its column");
        }
        _ => {}
    }
    match code.code {
        ErrorCode::ConstraintViolation => {
            (ErrorKind::ValidationFailed, "a constraint of the table is not met")
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (ErrorKind::Unavailable, "the database is busy, please try again later")
        }
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly => {
            (ErrorKind::Unavailable, "the database cannot be used now, please try again later")
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => (ErrorKind::Unavailable, DAMAGED),
        ErrorCode::OperationInterrupted => (ErrorKind::Timeout, "the database took too long"),
        ErrorCode::TooBig => (ErrorKind::TooLarge, "a value is too large for the database"),
        ErrorCode::AuthorizationForStatementDenied => (
            ErrorKind::Invalid,
            "this statement is not allowed in a query: transactions, pragmas and attached files are managed by the driver",
        ),
        _ => (ErrorKind::Internal, ""),
    }
}

/// An error of this database: where the file is damaged, the log learns which file it is.
pub(super) fn of_file(error: Error, path: &Path) -> Error {
    if error.message() != DAMAGED {
        return error;
    }
    Error::new(error.kind(), DAMAGED).detail(path.display().to_string()).source(error)
}

/// Whether another connection holds what the statement needs, so that it may be tried again.
pub(super) fn is_busy(error: &Error) -> bool {
    std::error::Error::source(error)
        .and_then(|e| e.downcast_ref::<rusqlite::Error>())
        .and_then(rusqlite::Error::sqlite_error_code)
        .is_some_and(|code| matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
