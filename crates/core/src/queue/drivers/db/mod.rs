//! A queue in a database: the table `bk_queue` of any pool, and `bk_queue_key` for unique keys.
//!
//! | URL | is in |
//! | --- | --- |
//! | nothing, `db://` | the pool of the table `bk_queue`, by default the default pool |
//! | `db://NAME` | the pool of that name; its tables are made when it is first used |
//! | `local://`, `local://FILE` | an SQLite file of its own, by default `queue.db`, in the folder of data: for one host |
//! | `local:///PATH` | the same, wherever it is |
//!
//! # How it works
//!
//! A message is a record. Those that can be taken are `available`, in the order of `place`; all others that live have
//! a time, `due`, at which they become available: the time of a delayed or failed one, and the end of the time of the
//! taker of one that is executing. So a taker that dies needs nobody to look after its messages.
//!
//! A taker reads the ids of the first messages, marks them as his in one conditional write, and reads those that are
//! his now. Two takers that read the same ids get different messages, and who got none of what he saw looks further
//! down. On products without statements each message is marked by a conditional write of its own.
//!
//! A taker that finds nothing waits for the bell that every put on this home rings, for the next message that is due,
//! and for the interval, whichever is first: the interval is what messages put on other hosts wait at most.
//!
//! # Guarantees
//!
//! - A put that was answered is as durable as a write of the pool. Messages can be put in one transaction with records
//!   of the same pool.
//! - Unique keys are taken in one transaction with the put, and freed when the message ends.
//! - Times are those of the clocks of the hosts: where several share a queue, these must agree within seconds.

mod claim;
mod driver;
mod keys;
mod put;
mod rows;
mod settle;
mod table;

#[cfg(feature = "sqlite")]
use std::path::Component;
use std::path::Path;
use std::sync::Arc;

use crate::db::Db;
#[cfg(feature = "sqlite")]
use crate::db::drivers::{self, Location};
use crate::queue::driver::Capabilities;
#[cfg(feature = "sqlite")]
use crate::queue::options::config;
use crate::schema::SchemaBuilder;
use crate::{Error, Result};

pub use driver::DbQueue;
pub use table::{KEYS, TABLE, tables};

/// What it can do, in every pool with transactions.
pub const CAPABILITIES: Capabilities = Capabilities::ALL;

/// Opens the file of a queue of its own; a path is one in the folder, unless it begins with `/`.
///
/// # Errors
/// `Config` for a path that leads out of the folder, those of the product.
#[cfg(feature = "sqlite")]
pub(super) fn open_file(path: &str, folder: &Path) -> Result<Db> {
    if Path::new(path).components().any(|part| part == Component::ParentDir) {
        return Err(config(format!(
            "local://{path:.200}: a file of a queue has no .. in its path; local:///PATH is one elsewhere"
        )));
    }
    let default_file = folder.join("queue.db");
    let url = match path {
        "" => String::new(),
        path => format!("sqlite://{}", folder.join(path).display()),
    };
    let location = Location { url: &url, default_file: &default_file, options: serde_json::Map::new() };
    let driver = drivers::open("sqlite", location)?;
    let mut schema = SchemaBuilder::new();
    tables().into_iter().for_each(|table| schema.add(table));
    Db::builder(Arc::new(schema.build())).pool("sqlite", driver).default_pool("sqlite").build()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A time as far from now as this.
fn later(time: std::time::Duration) -> i64 {
    now().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// What the other end of a transaction says when one of its conditions did not hold.
fn is_taken(error: &Error) -> bool {
    use crate::ErrorKind::{AlreadyExists, ConditionFailed};
    matches!(error.kind(), AlreadyExists | ConditionFailed)
}
