//! PostgreSQL's errors as kinds of the framework: one table.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::db::drivers::pooled::{Fate, LOST};
use crate::{Error, ErrorKind};

/// What became of a statement that failed.
pub(super) fn fate(error: &sqlx::Error) -> Fate {
    let Some(error) = native(error) else {
        return match error {
            sqlx::Error::Encode(_) | sqlx::Error::Configuration(_) => Fate::Refused,
            _ => Fate::Lost,
        };
    };
    match error.code() {
        "40001" | "40P01" => Fate::Conflict,
        "0A000" if error.routine() == Some("RevalidateCachedQuery") => Fate::Stale,
        code if code.starts_with("57P") || code.starts_with("08") => Fate::Lost,
        _ if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) => Fate::Lost,
        _ => Fate::Refused,
    }
}

/// The error of a statement. Its text goes to the log; the caller learns what it can act on.
pub(super) fn convert(error: sqlx::Error) -> Error {
    let Some(native) = native(&error) else {
        return match &error {
            sqlx::Error::Encode(_) => Error::internal("a value does not fit its placeholder").source(error),
            _ => Error::new(ErrorKind::Unavailable, LOST).source(error),
        };
    };
    let (kind, message) = classify(native.code());
    let detail = format!("postgres {}: {}", native.code(), native.message());
    let message = match kind {
        ErrorKind::Internal => return Error::internal("postgres").detail(detail).source(error),
        ErrorKind::NotFound if native.code() == "42P01" => match quoted(native.message()) {
            Some(table) => format!("no table {table:.60}: run with -db-create-tables").into(),
            None => message.into(),
        },
        _ => std::borrow::Cow::Borrowed(message),
    };
    Error::new(kind, message).detail(detail).source(error)
}

/// The server's own error, if it is one.
pub(super) fn native(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn quoted(message: &str) -> Option<&str> {
    message.split('"').nth(1)
}

fn classify(code: &str) -> (ErrorKind, &'static str) {
    use ErrorKind as K;
    match code {
        "23505" => (K::AlreadyExists, "a record with this key or unique value exists already"),
        "23502" => (K::ValidationFailed, "a column that must not be null is null"),
        "22003" => (K::Invalid, "a number is out of range after adding, or for its column"),
        "2201B" => (K::Invalid, "the pattern is not a regular expression, or too large"),
        "42P01" => (K::NotFound, "there is no such table: run with -db-create-tables"),
        "42703" => {
            (K::NotFound, "a column of the table is missing in the database: run with -db-create-tables")
        }
        "42601" => (K::Invalid, "the statement is malformed, or is more than one"),
        "54000" => (K::TooLarge, "a value is too large for an index or for the database"),
        "54001" | "54011" | "54023" => (K::Invalid, "the condition is too long or nested too deeply"),
        "57014" => (K::Timeout, "the database took too long"),
        "25006" => (K::Unavailable, "the database takes no writes now, please try again later"),
        "40001" | "40P01" | "55P03" => {
            (K::Unavailable, "other writers are in the way, please try again later")
        }
        "53300" => (K::OverCapacity, "the database has too many connections, please try again later"),
        "0A000" => (K::Unavailable, "the tables of the database have changed, please try again"),
        _ => match code.get(..2).unwrap_or_default() {
            "23" => (K::ValidationFailed, "a constraint of the table is not met"),
            "22" => (K::Invalid, "a value does not fit the type of its column"),
            "53" | "58" | "57" | "08" => (K::Unavailable, LOST),
            "28" | "3D" => {
                (K::Unavailable, "the database refuses the login: check the url and password of the pool")
            }
            "54" => (K::TooLarge, "a value or statement is too large for the database"),
            _ => (K::Internal, ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_kinds_that_other_drivers_give() {
        let kind = |code| classify(code).0;
        assert_eq!(kind("23505"), ErrorKind::AlreadyExists);
        assert_eq!(kind("23514"), ErrorKind::ValidationFailed);
        assert_eq!(kind("22003"), ErrorKind::Invalid);
        assert_eq!(kind("57014"), ErrorKind::Timeout);
        assert_eq!(kind("57P01"), ErrorKind::Unavailable);
        assert_eq!(kind("XX000"), ErrorKind::Internal);
    }

    #[test]
    fn a_broken_connection_leaves_the_outcome_open() {
        let error = sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(fate(&error), Fate::Lost);
        assert_eq!(convert(error).kind(), ErrorKind::Unavailable);
    }
}
