//! What Redis can do, and what it refuses beside that.

use crate::ErrorKind;
use crate::db::driver::Capabilities;
use crate::db::drivers::product::{Refusal, refused};

/// What it can do.
pub(in crate::db::drivers) const CAPABILITIES: Capabilities =
    Capabilities { custom_columns: false, raw_query: false, ..Capabilities::ALL };

/// What it refuses.
pub(in crate::db::drivers) const REFUSALS: &[Refusal] = &[
    refused(ErrorKind::Unsupported, "a Redis Cluster"),
    refused(
        ErrorKind::OverCapacity,
        "a page in an order that neither the key nor an index has, more than 100000 rows from the start by its number, or one row for each of more than so many values",
    ),
];
