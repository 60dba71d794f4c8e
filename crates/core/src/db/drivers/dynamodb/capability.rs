//! What DynamoDB can do, and what it refuses beside that.

use crate::ErrorKind;
use crate::db::driver::Capabilities;
use crate::db::drivers::product::{Refusal, refused};

/// What it can do.
pub(in crate::db::drivers) const CAPABILITIES: Capabilities = Capabilities {
    transaction_limit: super::commit::MAX_ACTIONS,
    custom_columns: false,
    raw_query: false,
    ..Capabilities::ALL
};

/// What it refuses.
pub(in crate::db::drivers) const REFUSALS: &[Refusal] = &[
    refused(
        ErrorKind::Unsupported,
        "a table without a primary key, or with a key column that is no text, number, boolean or bytes",
    ),
    refused(
        ErrorKind::Unsupported,
        "a table whose name, with the prefix, has fewer than 3 or more than 240 characters",
    ),
    refused(
        ErrorKind::Unsupported,
        "a transaction of more than 100 changes; every unique value that is taken or given up is one too",
    ),
    refused(ErrorKind::TooLarge, "a record of more than 400 KB"),
    refused(
        ErrorKind::Invalid,
        "a first key column of more than 2048 bytes, or further ones of more than 1024 together",
    ),
    refused(ErrorKind::Invalid, "a real in the key that is beyond the numbers of the service"),
    refused(ErrorKind::OverCapacity, "a call that would have to read more than `scan_limit` records"),
    refused(
        ErrorKind::OverCapacity,
        "a page in another order than that of the range key, more than `sort_limit` rows from the start by its number, or one row for each of more than so many values",
    ),
];
