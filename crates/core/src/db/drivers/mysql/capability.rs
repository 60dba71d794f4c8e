//! What MySQL can do, and what it refuses beside that.

use crate::ErrorKind;
use crate::db::driver::Capabilities;
use crate::db::drivers::product::{Refusal, refused};

/// What it can do.
pub(in crate::db::drivers) const CAPABILITIES: Capabilities =
    Capabilities { custom_columns: false, ..Capabilities::ALL };

/// What it refuses.
pub(in crate::db::drivers) const REFUSALS: &[Refusal] = &[
    refused(
        ErrorKind::TooLarge,
        "a text in the key or a unique column of more than 768 characters, which the columns of one index share",
    ),
    refused(ErrorKind::Invalid, "a decimal of more than 35 digits before the point or 30 after it"),
    refused(ErrorKind::TooLarge, "a value larger than the `max_allowed_packet` of the server"),
    refused(
        ErrorKind::Unsupported,
        "a pattern with the edge of a word (`\\b`), with more than 255 repetitions of one part, or about bytes; on MariaDB one that takes too many steps on a stored text",
    ),
    refused(ErrorKind::Invalid, "a name of a table or column of more than 64 characters"),
    refused(
        ErrorKind::Invalid,
        "in `query`: transactions, settings, cursors, files and programs of the server, several statements at once",
    ),
];
