//! What PostgreSQL can do, and what it refuses beside that.

use crate::ErrorKind;
use crate::db::driver::Capabilities;
use crate::db::drivers::product::{Refusal, refused};

/// What it can do.
pub(in crate::db::drivers) const CAPABILITIES: Capabilities =
    Capabilities { custom_columns: false, nul_in_text: false, ..Capabilities::ALL };

/// What it refuses.
pub(in crate::db::drivers) const REFUSALS: &[Refusal] = &[
    refused(ErrorKind::Invalid, "a text with a NUL character, anywhere in a value"),
    refused(
        ErrorKind::Unsupported,
        "a pattern with the edge of a word (`\\b`), with more than 255 repetitions of one part, or about bytes",
    ),
    refused(
        ErrorKind::TooLarge,
        "a value in the key or an index that is longer than an entry of the server may be, about 2700 bytes after compression",
    ),
    refused(ErrorKind::Invalid, "a name of a table or column of more than 63 bytes"),
    refused(
        ErrorKind::Invalid,
        "in `query`: transactions, settings, cursors, files and programs of the server, several statements at once",
    ),
];
