//! The errors of sqlx, and of the server behind it, as kinds of the framework.

use std::borrow::Cow;

use sqlx::error::{BoxDynError, DatabaseError as _};

use super::{Fate, Session};
use crate::db::refusal::{no_column, no_table};
use crate::db::sql::Cause;
use crate::{Error, ErrorKind};

/// What an error of a server means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::db::drivers) struct Failure {
    /// For the connection and the statement.
    pub(in crate::db::drivers) fate: Fate,
    /// For the caller.
    pub(in crate::db::drivers) cause: Cause,
    /// The code of the product, for the log.
    pub(in crate::db::drivers) code: String,
    /// The table that is not there, if that is what it says.
    pub(in crate::db::drivers) table: Option<String>,
}

/// The server's own error, if it is one.
pub(in crate::db::drivers) fn native<S: Session>(error: &sqlx::Error) -> Option<&S::Native> {
    error.as_database_error()?.try_downcast_ref()
}

/// What became of a statement that failed.
pub(super) fn fate<S: Session>(error: &sqlx::Error) -> Fate {
    match (native::<S>(error), error) {
        (Some(native), _) => S::failure(native).fate,
        (None, sqlx::Error::Encode(_) | sqlx::Error::Configuration(_)) => Fate::Refused,
        (None, _) => Fate::Lost,
    }
}

/// Whether the server did not take a statement because of its size.
pub(super) fn is_too_large<S: Session>(error: &sqlx::Error) -> bool {
    native::<S>(error).is_some_and(|native| S::failure(native).cause == Cause::TooLarge)
}

/// Whether trying to connect again is in vain: a login that is refused stays refused.
pub(super) fn is_final<S: Session>(error: &sqlx::Error) -> bool {
    match native::<S>(error) {
        Some(native) => S::failure(native).cause == Cause::Login,
        None => fate::<S>(error) == Fate::Refused,
    }
}

/// The error of a statement. Its text goes to the log; the caller learns what it can act on.
pub(super) fn convert<S: Session>(error: sqlx::Error) -> Error {
    let Some(native) = native::<S>(&error) else {
        return match &error {
            sqlx::Error::Encode(_) => encoded(error.into()),
            _ => Error::new(ErrorKind::Unavailable, Cause::Lost.told().1).source(error),
        };
    };
    let failure = S::failure(native);
    let detail = format!("{} {}: {}", S::NAME, failure.code, native.message());
    let (kind, message) = failure.cause.told();
    let told = match (failure.cause, kind, failure.table) {
        (_, _, Some(table)) => return no_table(&table).source(error),
        (Cause::NoColumn, ..) => return no_column().source(error),
        (_, ErrorKind::Internal, _) => Error::internal(S::NAME),
        _ => Error::new(kind, Cow::Borrowed(message)),
    };
    told.detail(detail).source(error)
}

/// A failure of the connection itself.
pub(super) fn unavailable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, Cause::Lost.told().1).detail(detail)
}

/// A value that cannot be sent.
pub(in crate::db::drivers) fn encoded(error: BoxDynError) -> Error {
    Error::internal("a value does not fit its placeholder").source(error)
}

/// A stored value that cannot be read.
pub(in crate::db::drivers) fn damaged(error: BoxDynError) -> Error {
    Error::internal("a stored value is malformed").source(error)
}
