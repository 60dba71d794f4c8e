//! What things are called in Redis.
//!
//! | key | type | what |
//! | --- | --- | --- |
//! | `PREFIX:TABLE:m` | hash | the description of the table `d` and its version `v` |
//! | `PREFIX:TABLE:r:KEY` | hash | a record: a field a column, and fields of the driver that start with NUL |
//! | `PREFIX:TABLE:k` | sorted set | the keys of all records, in their order |
//! | `PREFIX:TABLE:i:INDEX` | sorted set | an index: values and key, in their order |
//! | `PREFIX:TABLE:u:INDEX` | hash | a unique index: values to the key of the record that has them |
//! | `PREFIX::versions` | number | counts the versions of descriptions |
//!
//! The scores of the sorted sets are all 0, so that members are in the order of their bytes.

use crate::schema::Table;

/// The field with the version of a record.
pub(super) const VERSION: &[u8] = b"\0v";

/// The sorted set of the keys, within a table.
pub(super) const ORDER: &str = "k";

/// The start of the keys of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Base(String);

impl Base {
    /// The start of the keys of a table in a store with this prefix.
    pub(super) fn new(prefix: &str, table: &Table) -> Self {
        Self(format!("{prefix}:{}", table.name))
    }

    /// The start itself, as scripts take it.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Where the description is.
    pub(super) fn layout(&self) -> Vec<u8> {
        self.within("m")
    }

    /// Where a record is.
    pub(super) fn record(&self, key: &[u8]) -> Vec<u8> {
        [self.bytes(), b":r:", key].concat()
    }

    /// Where a sorted set is.
    pub(super) fn within(&self, part: &str) -> Vec<u8> {
        [self.bytes(), b":", part.as_bytes()].concat()
    }
}

/// The sorted set of an index, within a table.
pub(super) fn index_part(index: &str) -> String {
    format!("i:{index}")
}

/// The hash of a unique index, within a table.
pub(super) fn unique_part(index: &str) -> String {
    format!("u:{index}")
}

/// The field of a record with the value that it has in a unique index.
pub(super) fn unique_field(index: &str) -> Vec<u8> {
    [b"\0u", index.as_bytes()].concat()
}

/// Where the versions of descriptions are counted.
pub(super) fn versions(prefix: &str) -> Vec<u8> {
    format!("{prefix}::versions").into_bytes()
}
