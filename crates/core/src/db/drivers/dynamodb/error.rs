//! The service's errors as kinds of the framework: one table.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::connect::aws::{self, Refusal};
use crate::db::refusal::no_table;
use crate::{Error, ErrorKind};

/// The error of a call on a table. Its text goes to the log; the caller learns what it can act on.
pub(super) fn convert<E, R>(error: SdkError<E, R>, table: &str, writes: bool) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    let Refusal::Service(code, text) = aws::refusal(&error) else { return aws::error(error, writes) };
    let (kind, message) = match code.as_str() {
        "ResourceNotFoundException" => return no_table(table).source(error),
        "ValidationException" if text.contains("Item size") || text.contains("item size") => (
            ErrorKind::TooLarge,
            format!("the record is larger than 400 KB, which is the most that table {table} takes"),
        ),
        "ValidationException" if text.contains("size of") || text.contains("Size of") => {
            (ErrorKind::Invalid, format!("a key of table {table} is longer than dynamodb takes"))
        }
        "ValidationException" if text.contains("Expression size") || text.contains("too many operators") => {
            (ErrorKind::Invalid, "the condition is too long or nested too deeply".to_owned())
        }
        "ValidationException" | "SerializationException" => {
            (ErrorKind::Invalid, format!("a value does not fit table {table}"))
        }
        "RequestEntityTooLarge" => (ErrorKind::TooLarge, "the request is too large for dynamodb".to_owned()),
        "ItemCollectionSizeLimitExceededException" => {
            (ErrorKind::TooLarge, format!("the records of one hash key of table {table} are too large"))
        }
        "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => {
            return contended(table);
        }
        _ => return aws::error(error, writes),
    };
    Error::new(kind, message).detail("dynamodb").source(error)
}

/// Too many writers at once for an attempt to succeed in time; nothing was done.
pub(super) fn contended(table: &str) -> Error {
    let message = format!("too many writes of one record of table {table} at once, please try again later");
    Error::new(ErrorKind::OverCapacity, message)
}

/// The conditional check of a single write did not hold.
pub(super) fn is_condition<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    code(error) == Some("ConditionalCheckFailedException")
}

/// The code of the service, if it answered.
pub(super) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    match error {
        SdkError::ServiceError(failure) => failure.err().meta().code(),
        _ => None,
    }
}
