//! PostgreSQL's errors: one table.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::db::drivers::pooled::{Failure, Fate};
use crate::db::sql::Cause;

/// What an error of the server means.
pub(super) fn failure(error: &PgDatabaseError) -> Failure {
    let code = error.code();
    Failure {
        fate: fate(error),
        cause: cause(code),
        code: code.to_owned(),
        table: (code == "42P01").then(|| quoted(error.message())).flatten(),
    }
}

/// The name in `relation "name" does not exist`.
fn quoted(message: &str) -> Option<String> {
    message.split('"').nth(1).map(str::to_owned)
}

fn fate(error: &PgDatabaseError) -> Fate {
    match error.code() {
        "40001" | "40P01" => Fate::Conflict,
        "0A000" if error.routine() == Some("RevalidateCachedQuery") => Fate::Stale,
        code if code.starts_with("57P") || code.starts_with("08") => Fate::Lost,
        _ if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) => Fate::Lost,
        _ => Fate::Refused,
    }
}

fn cause(code: &str) -> Cause {
    match code {
        "23505" => Cause::Exists,
        "23502" => Cause::Null,
        "22003" => Cause::OutOfRange,
        "2201B" => Cause::Pattern,
        "42P01" => Cause::NoTable,
        "42703" => Cause::NoColumn,
        "42601" => Cause::Malformed,
        "54001" | "54011" | "54023" => Cause::TooLong,
        "57014" => Cause::Late,
        "25006" => Cause::ReadOnly,
        "40001" | "40P01" | "55P03" => Cause::InTheWay,
        "53300" => Cause::TooMany,
        "0A000" => Cause::Stale,
        _ => match code.get(..2).unwrap_or_default() {
            "23" => Cause::Constraint,
            "22" => Cause::WrongType,
            "53" | "58" | "57" | "08" => Cause::Lost,
            "28" | "3D" => Cause::Login,
            "54" => Cause::TooLarge,
            _ => Cause::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_other_drivers_say() {
        assert_eq!(cause("23505"), Cause::Exists);
        assert_eq!(cause("23514"), Cause::Constraint);
        assert_eq!(cause("22003"), Cause::OutOfRange);
        assert_eq!(cause("57014"), Cause::Late);
        assert_eq!(cause("57P01"), Cause::Lost);
        assert_eq!(cause("XX000"), Cause::Unknown);
    }

    #[test]
    fn the_table_is_read_out_of_the_message() {
        assert_eq!(quoted("relation \"todo\" does not exist").as_deref(), Some("todo"));
    }
}
