//! The errors of MySQL and MariaDB: one table.

use sqlx::mysql::MySqlDatabaseError;

use super::connection::MySession;
use crate::Error;
use crate::db::drivers::pooled::{self, Failure, Fate};
use crate::db::sql::Cause;

/// The number of the error, or of the warning in a read, when matching failed.
pub(super) const REGEXP_FAILED: u16 = 1139;

/// What an error of the server means.
pub(super) fn failure(error: &MySqlDatabaseError) -> Failure {
    let number = error.number();
    Failure {
        fate: fate(number),
        cause: match number {
            REGEXP_FAILED if error.message().contains("limit") => Cause::TooHard,
            number => cause(number, error.code().unwrap_or_default()),
        },
        code: number.to_string(),
        table: (number == 1146).then(|| table(error.message())).flatten(),
    }
}

/// The server's own error behind one of the framework.
pub(super) fn native(error: &Error) -> Option<&MySqlDatabaseError> {
    pooled::native::<MySession>(std::error::Error::source(error)?.downcast_ref()?)
}

/// Whether an error is about the database, which is not there.
pub(super) fn is_no_database(error: &MySqlDatabaseError) -> bool {
    error.number() == 1049
}

/// Whether an error is about two records with the same key, not about another unique value. The name of the
/// index is the last thing that is said; the values before it can be anything.
pub(super) fn is_same_key(error: &Error) -> bool {
    native(error).is_some_and(|error| {
        let message = error.message();
        error.number() == 1062 && (message.ends_with("for key 'PRIMARY'") || message.ends_with(".PRIMARY'"))
    })
}

/// The name in `Table 'database.name' doesn't exist`.
fn table(message: &str) -> Option<String> {
    message.split('\'').nth(1)?.split_once('.').map(|(_, table)| table.to_owned())
}

fn fate(number: u16) -> Fate {
    match number {
        // A deadlock, a record or table that changed in between: the server took all of it back.
        1213 | 1020 | 1412 => Fate::Conflict,
        1243 | 1615 => Fate::Stale,
        1053 | 1077..=1079 | 1152..=1161 | 1189 | 1190 | 1927 | 3169 | 4031 => Fate::Lost,
        _ => Fate::Refused,
    }
}

fn cause(number: u16, state: &str) -> Cause {
    match number {
        1022 | 1062 | 1169 | 1586 | 1859 => Cause::Exists,
        1048 | 1263 | 1364 => Cause::Null,
        1264 | 1690 => Cause::OutOfRange,
        1139 | 3685..=3699 => Cause::Pattern,
        1046 | 1049 | 1146 => Cause::NoTable,
        1054 => Cause::NoColumn,
        1064 | 1065 | 1149 | 1295 => Cause::Malformed,
        1406 | 1071 | 1118 | 1153 | 1301 => Cause::TooLarge,
        1038 | 1119 | 1390 | 1436 | 3170 => Cause::TooLong,
        1317 | 1969 | 3024 => Cause::Late,
        1290 | 1792 | 1836 => Cause::ReadOnly,
        1020 | 1205 | 1213 => Cause::InTheWay,
        1040 | 1203 | 1226 | 1461 => Cause::TooMany,
        1243 | 1412 | 1615 => Cause::Stale,
        1044 | 1045 | 1130 | 1251 | 1698 => Cause::Login,
        1021 | 1041 | 1053 | 1077..=1079 | 1114 | 1152..=1161 | 1189 | 1190 | 1927 | 3169 | 4031 => {
            Cause::Lost
        }
        1265 | 1292 | 1366 | 1367 | 1411 | 1426 => Cause::WrongType,
        _ => match state.get(..2).unwrap_or_default() {
            "23" => Cause::Constraint,
            "22" => Cause::WrongType,
            "08" => Cause::Lost,
            _ => Cause::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_mean_what_other_drivers_say() {
        let cause = |number| cause(number, "HY000");
        assert_eq!(cause(1062), Cause::Exists);
        assert_eq!(cause(1690), Cause::OutOfRange);
        assert_eq!(cause(1969), Cause::Late);
        assert_eq!(cause(1205), Cause::InTheWay);
        assert_eq!(cause(9999), Cause::Unknown);
        assert_eq!(super::cause(9999, "23000"), Cause::Constraint);
    }

    #[test]
    fn the_table_is_read_out_of_the_message() {
        assert_eq!(table("Table 'app.todo' doesn't exist").as_deref(), Some("todo"));
        assert_eq!(table("No database selected"), None);
    }
}
