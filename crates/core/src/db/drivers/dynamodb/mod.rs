//! Amazon DynamoDB.
//!
//! Capabilities: transactions of up to 100 writes, unique columns, sorting by any column, regular expressions
//! (Rust's syntax), comparisons that ignore case (Unicode), paths within JSON columns, expiry. Not: statements
//! of its own language, columns that were not declared.
//!
//! ```
//! use bkjs_core::db::drivers::dynamodb::{DynamoDbDriver, DynamoDbOptions};
//! let options = DynamoDbOptions::default().at("http://127.0.0.1:8000?prefix=test_")?;
//! let driver = DynamoDbDriver::new(options);
//! # Ok::<(), bkjs_core::Error>(())
//! ```
//!
//! # Settings
//!
//! | URL | meaning |
//! | --- | --- |
//! | nothing, `default`, `dynamodb://` | the service, in the region of the options or the environment |
//! | `http://HOST:PORT`, `https://HOST` | an emulator or private endpoint |
//! | `dynamodb://HOST:PORT` | the same as `http://HOST:PORT` |
//!
//! `?prefix=TEXT` after any of them is what the names of all tables start with, `?region=NAME` the region.
//! The others are fields of [`DynamoDbOptions`]. The driver connects at its first call.
//!
//! # Tables
//!
//! A table has the name of the framework's, after the prefix. The first key column is the hash key, the second
//! the range key; of further ones the range key `_range` is made. Columns are attributes of their names; null
//! is an attribute that is not there; JSON is text, since the service's maps keep neither order nor the
//! difference of 1 and 1.0. Beside them are the table `bkjs.tables`, which holds what was declared, and for a
//! table with unique columns `NAME.unique`, which holds what values are in use.
//!
//! # What it costs
//!
//! | operation | requests |
//! | --- | --- |
//! | get | 1, strongly consistent |
//! | list | 1 for 100 keys |
//! | add, put, update, incr, del | 1 where the service can do it alone, else a read and a write at least |
//! | the same with unique columns | a read and a transaction |
//! | select, count with the first key column given | what is under it is read, in order of the range key when the page is |
//! | select, count without | **the whole table is read**, for every page anew |
//! | `update_all`, `del_all` | as a count, then a write for each record or one transaction for all |
//!
//! The service has no order over hash keys: pages in any other order than that of a range key are put in order
//! in memory, for which the matching part of the table is read. `scan_limit` bounds what one call may
//! read; beyond it the call fails with `OverCapacity` and nothing is returned. Declared indexes are not
//! made in the service: its secondary indexes answer late, so that a select would miss what was just written.
//!
//! # What is atomic
//!
//! Every write of one record, with its condition, and every transaction. What expressions of the service
//! cannot say exactly (patterns, text at the end, elements taken out by value, sums of reals) is decided
//! here, and written only if the columns that the decision rests on are still what was read. `update_all`
//! and `del_all` of up to 100 records are one transaction; of more, each record is written on its own, except
//! that `del_all` of a whole table removes in batches.
//!
//! A write is never sent twice when it may have been carried out, so that no counter counts twice: it fails
//! with `Unavailable` or `Timeout`, and the detail says that the outcome is unknown. Transactions carry a
//! token by which the service knows them again.

mod access;
mod action;
mod capability;
mod change;
mod client;
mod commit;
mod condition;
mod convert;
mod driver;
mod error;
mod expiry;
mod expression;
mod key;
mod options;
mod read;
mod schema;
mod statement;
mod unique;
mod write;

pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::DynamoDbDriver;
pub use options::DynamoDbOptions;
