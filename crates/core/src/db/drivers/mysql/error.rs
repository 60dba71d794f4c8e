//! The errors of MySQL and MariaDB as kinds of the framework: one table.

use sqlx::mysql::MySqlDatabaseError;

use crate::db::drivers::pooled::{Fate, LOST};
use crate::{Error, ErrorKind};

/// The number of the error when there is no such database.
pub(super) const NO_DATABASE: u16 = 1049;

/// The number of the error, or of the warning in a read, when matching failed.
pub(super) const REGEXP_FAILED: u16 = 1139;
/// What the caller is told when matching was given up.
pub(super) const TOO_HARD: &str =
    "this database cannot match the pattern: a stored text takes too many steps";

/// What became of a statement that failed.
pub(super) fn fate(error: &sqlx::Error) -> Fate {
    let Some(error) = native(error) else {
        return match error {
            sqlx::Error::Encode(_) | sqlx::Error::Configuration(_) => Fate::Refused,
            _ => Fate::Lost,
        };
    };
    match error.number() {
        // A deadlock, a record or table that changed in between: the server took all of it back.
        1213 | 1020 | 1412 => Fate::Conflict,
        1243 | 1615 => Fate::Stale,
        1053 | 1077..=1079 | 1152..=1161 | 1189 | 1190 | 1927 | 3169 | 4031 => Fate::Lost,
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
    let number = native.number();
    let (kind, message) = match number {
        REGEXP_FAILED if native.message().contains("limit") => (ErrorKind::Unsupported, TOO_HARD),
        number => classify(number, native.code().unwrap_or_default()),
    };
    let detail = format!("mysql {number}: {}", native.message());
    let message = match (kind, number) {
        (ErrorKind::Internal, _) => return Error::internal("mysql").detail(detail).source(error),
        (_, 1146) => match table(native.message()) {
            Some(table) => format!("no table {table:.60}: run with -db-create-tables").into(),
            None => std::borrow::Cow::Borrowed(message),
        },
        _ => std::borrow::Cow::Borrowed(message),
    };
    Error::new(kind, message).detail(detail).source(error)
}

/// The server's own error, if it is one.
pub(super) fn native(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// Whether an error is about two records with the same key, not about another unique value. The name of the
/// index is the last thing that is said; the values before it can be anything.
pub(super) fn is_same_key(error: &sqlx::Error) -> bool {
    native(error).is_some_and(|error| {
        let message = error.message();
        error.number() == 1062 && (message.ends_with("for key 'PRIMARY'") || message.ends_with(".PRIMARY'"))
    })
}

/// The name in `Table 'database.name' doesn't exist`.
fn table(message: &str) -> Option<&str> {
    message.split('\'').nth(1)?.split_once('.').map(|(_, table)| table)
}

fn classify(number: u16, state: &str) -> (ErrorKind, &'static str) {
    use ErrorKind as K;
    match number {
        1022 | 1062 | 1169 | 1586 | 1859 => {
            (K::AlreadyExists, "a record with this key or unique value exists already")
        }
        1048 | 1263 | 1364 => (K::ValidationFailed, "a column that must not be null is null"),
        1264 | 1690 => (K::Invalid, "a number is out of range after adding, or for its column"),
        1139 | 3685..=3699 => (K::Invalid, "the pattern is not a regular expression, or too large"),
        1046 | 1049 | 1146 => (K::NotFound, "there is no such table: run with -db-create-tables"),
        1054 => (K::NotFound, "a column of the table is missing in the database: run with -db-create-tables"),
        1064 | 1065 | 1149 | 1295 => (K::Invalid, "the statement is malformed, or is more than one"),
        1406 | 1071 | 1118 | 1153 | 1301 => {
            (K::TooLarge, "a value is too large for its column, an index or the database")
        }
        1038 | 1119 | 1390 | 1436 | 3170 => (K::Invalid, "the condition is too long or nested too deeply"),
        1317 | 1969 | 3024 => (K::Timeout, "the database took too long"),
        1290 | 1792 | 1836 => (K::Unavailable, "the database takes no writes now, please try again later"),
        1020 | 1205 | 1213 => (K::Unavailable, "other writers are in the way, please try again later"),
        1040 | 1203 | 1226 | 1461 => {
            (K::OverCapacity, "the database has too many connections, please try again later")
        }
        1243 | 1412 | 1615 => (K::Unavailable, "the tables of the database have changed, please try again"),
        1044 | 1045 | 1130 | 1251 | 1698 => {
            (K::Unavailable, "the database refuses the login: check the url and password of the pool")
        }
        1021 | 1041 | 1053 | 1077..=1079 | 1114 | 1152..=1161 | 1189 | 1190 | 1927 | 3169 | 4031 => {
            (K::Unavailable, LOST)
        }
        1265 | 1292 | 1366 | 1367 | 1411 | 1426 => {
            (K::Invalid, "a value does not fit the type of its column")
        }
        _ => match state.get(..2).unwrap_or_default() {
            "23" => (K::ValidationFailed, "a constraint of the table is not met"),
            "22" => (K::Invalid, "a value does not fit the type of its column"),
            "08" => (K::Unavailable, LOST),
            _ => (K::Internal, ""),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_kinds_that_other_drivers_give() {
        let kind = |number| classify(number, "HY000").0;
        assert_eq!(kind(1062), ErrorKind::AlreadyExists);
        assert_eq!(kind(1690), ErrorKind::Invalid);
        assert_eq!(kind(1969), ErrorKind::Timeout);
        assert_eq!(kind(1205), ErrorKind::Unavailable);
        assert_eq!(kind(9999), ErrorKind::Internal);
        assert_eq!(classify(9999, "23000").0, ErrorKind::ValidationFailed);
    }

    #[test]
    fn a_broken_connection_leaves_the_outcome_open() {
        let error = sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(fate(&error), Fate::Lost);
        assert_eq!(convert(error).kind(), ErrorKind::Unavailable);
    }
}
