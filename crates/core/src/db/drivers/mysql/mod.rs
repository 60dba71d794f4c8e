//! MySQL from version 8.0 on, and MariaDB from 10.5 on, with tables of InnoDB.
//!
//! Capabilities: transactions of any size, unique columns, sorting by any column, regular expressions (Rust's
//! syntax), comparisons that ignore case (Unicode), paths within JSON columns, statements of its own language,
//! expiry, texts with NUL. Not: columns that were not declared.
//!
//! ```
//! # fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::db::drivers::mysql::{MysqlDriver, MysqlOptions};
//! let driver = MysqlDriver::new(&MysqlOptions::url("mysql://app@db.example.com/app?max=20")?)?;
//! # Ok(()) }
//! ```
//!
//! | setting | default | |
//! | --- | --- | --- |
//! | `database` | that of the URL | the database that holds the tables, created with them |
//! | `max`, `min` | 10, 0 | connections: the most, and those that stay open when idle |
//! | `idle` | 60000 | milliseconds after which an idle connection is closed |
//! | `test_after` | 5000 | milliseconds of idleness after which a connection is tested before its use |
//! | `connect_timeout` | 5000 | milliseconds to wait for a connection |
//! | `statement_timeout` | 30000 | milliseconds a statement may take |
//! | `statement_cache` | 256 | prepared statements kept by a connection |
//!
//! TLS is asked for in the URL, as with other clients: `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`.
//!
//! # How it works
//!
//! Texts are of a collation that compares every byte, trailing blanks included. Texts that are keys or unique are
//! VARCHAR, as long as the server's limit for an index allows (768 characters for a single one), others LONGTEXT.
//! Lists and sets are JSON in which every comma within an element is escaped, so that the elements are found
//! by plain comparison of texts.
//!
//! Every connection sets its own mode (strict, READ COMMITTED, UTC), whatever the server's is. A put or upsert is
//! an update, followed by an insert when there was nothing to update: so an equal value of a unique column is
//! told from an equal key. A row that is returned is read in the same transaction.
//!
//! # Guarantees
//!
//! A write is answered after its commit. No call waits longer than `connect_timeout` for a connection and
//! some more than `statement_timeout` for an answer. When the server goes away, calls fail with `Unavailable`
//! and connections are made anew as soon as it is back. Reads are then tried once more. A write is tried again only
//! when the server said that it was not applied (a deadlock); one whose outcome is not known fails, and its
//! error says so in the detail. Integers, reals, decimals (of 35 digits before and 30 after the point), JSON and
//! lists read back exactly. Creating tables is not one transaction, as the product has none for that: what was
//! made before an error stays, and creating again makes the rest.
//!
//! Limits: texts are sorted by their first 64 KiB.

mod capability;
mod connection;
mod convert;
mod dialect;
mod driver;
mod error;
mod execute;
mod kind;
mod options;
mod schema;
mod statement;

pub use super::pooled::PoolLimits;
pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::MysqlDriver;
pub use options::MysqlOptions;
