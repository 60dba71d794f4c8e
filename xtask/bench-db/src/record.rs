//! The records of both tables.

use serde::{Deserialize, Serialize};

/// The table of single records.
pub(crate) const SINGLE: &str = "bench";
/// The table of groups.
pub(crate) const GROUPED: &str = "bench_group";
/// Records of a group.
pub(crate) const GROUP: u64 = 20;
/// Records of a batch.
pub(crate) const BATCH: u64 = 100;
/// What is in `mtime`.
pub(crate) const MTIME: i64 = 1_700_000_000_000;

/// How much is in the tables at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Single records.
    pub(crate) records: u64,
    /// Groups of records.
    pub(crate) groups: u64,
}

/// A record as a program without the framework would hold it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) num: i64,
    pub(crate) mtime: i64,
}

impl Record {
    /// The record with this number.
    pub(crate) fn numbered(number: u64) -> Self {
        Self { id: id(number), name: name(), num: 7, mtime: MTIME }
    }

    /// A record of a group.
    pub(crate) fn of_group(place: u64) -> Self {
        Self { id: place_in_group(place), ..Self::numbered(place) }
    }
}

/// The key of a single record: neighbours in number are far apart in order.
pub(crate) fn id(number: u64) -> String {
    format!("{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The first part of the key of the records of a group.
pub(crate) fn group(number: u64) -> String {
    format!("g{number:08}")
}

/// The second part.
pub(crate) fn place_in_group(place: u64) -> String {
    format!("{place:02}")
}

/// A text of 100 bytes.
pub(crate) fn name() -> String {
    "x".repeat(100)
}
