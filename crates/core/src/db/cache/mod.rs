//! Rows that are kept so that the database need not be asked.
//!
//! ```text
//! read   near: this process  ->  shared: all processes  ->  the database, once for all who wait
//! write  the database        ->  shared rows forget     ->  a new stamp, which every process on the home sees
//! ```
//!
//! | file | is |
//! | --- | --- |
//! | `stamps` | what tells that a kept row is out of date, in every process of a machine |
//! | `near` | level one: rows in the memory of a process |
//! | `flight` | one read for all who want the same at the same time |
//! | `shared` | level two: the contract of rows that processes share, and how long anybody waits for them |
//! | `host` | level two for one machine |
//! | `everywhere`, `debt` | level two for several hosts, and what they have not been told yet |
//! | `table` | a read through all of it |
//! | `marks` | a write to what is kept |
//! | `named` | selections that are kept, by keys that the configuration names |
//! | `settings`, `configure` | which tables, for how long, and where: as a builder is told, as parameters say |
//!
//! Records that are absent are kept as such. A cache never makes a call fail: what cannot be found out is read from
//! the database. A row is given out as the driver gave it; hooks, defaults and the choice of columns come after.

mod configure;
mod counts;
mod debt;
mod everywhere;
mod flight;
mod host;
mod marks;
mod named;
mod near;
mod settings;
mod shared;
mod stamps;
mod table;

pub(super) use configure::configure;
pub use counts::CacheStats;
pub(super) use marks::{TableMarks, Writing};
pub(super) use named::{keys_of, list_of};
pub use near::CacheBounds;
pub(super) use settings::{CacheSettings, Keeping};
pub use shared::{Found, Lease, Scope, SharedRows};
pub use stamps::Stamps;
pub(super) use table::TableCache;

use crate::value::Value;

/// A text that no other key of the same table has, nor a named key.
pub(super) fn key_text(key: &[Value]) -> String {
    match key {
        // The others begin with a bracket, those of named keys with NUL.
        [Value::Text(only)] if !only.starts_with(['[', '\0']) => only.clone(),
        _ => serde_json::Value::Array(key.iter().map(Value::to_json).collect()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_have_the_same_text() {
        let text = |value: &str| vec![Value::from(value)];
        let keys = [
            text("a"),
            text("1"),
            vec![1.into()],
            text("[1]"),
            text("[\"a\"]"),
            vec!["a".into(), "b".into()],
            text("[\"a\",\"b\"]"),
            text("\0"),
            text("\0email\0[\"a\"]"),
            text("[\"\\u0000\"]"),
        ];
        let texts: Vec<String> = keys.iter().map(|key| key_text(key)).collect();
        for (at, one) in texts.iter().enumerate() {
            assert!(!texts[..at].contains(one) && !one.starts_with('\0'), "{one:?}");
        }
    }
}
