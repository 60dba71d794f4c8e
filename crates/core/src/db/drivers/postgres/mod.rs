//! PostgreSQL, from version 11 on, with databases of encoding UTF8.
//!
//! Capabilities: transactions of any size, unique columns, sorting by any column, regular expressions (Rust's
//! syntax), comparisons that ignore case (Unicode), paths within JSON columns, statements of its own language,
//! expiry. Not: columns that were not declared, and texts with a NUL character, which no type of text of
//! this product can hold (`Invalid`).
//!
//! ```
//! # fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::db::drivers::postgres::{PostgresDriver, PostgresOptions};
//! let driver = PostgresDriver::new(&PostgresOptions::url("postgres://app@db.example.com/app?max=20")?)?;
//! # Ok(()) }
//! ```
//!
//! | setting | default | |
//! | --- | --- | --- |
//! | `schema` | | the schema that holds the tables, created with them |
//! | `max`, `min` | 10, 0 | connections: the most, and those that stay open when idle |
//! | `idle` | 60000 | milliseconds after which an idle connection is closed |
//! | `test_after` | 5000 | milliseconds of idleness after which a connection is tested before its use |
//! | `connect_timeout` | 5000 | milliseconds to wait for a connection |
//! | `statement_timeout` | 30000 | milliseconds a statement may take |
//! | `statement_cache` | 256 | prepared statements kept by a connection |
//!
//! TLS is asked for in the URL, as with other clients: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`.
//!
//! # How it works
//!
//! sqlx speaks to the server; its connections are lent by a pool that asks the server nothing, where sqlx's
//! own pool asks it once before and once after each statement. Statements are kept prepared. Every
//! write is one statement, except that a record with a time of expiry is cleared first when it has expired, and that
//! the row before an upsert is read and locked first. Regular expressions and comparisons that ignore case
//! are rewritten with nothing but letters, sets and repetitions, so that they mean what they mean everywhere;
//! those that cannot be (`\b`, more than 255 repetitions) are refused with `Unsupported`.
//!
//! # Guarantees
//!
//! A write is answered after its commit. No call waits longer than `connect_timeout` for a connection and
//! some more than `statement_timeout` for an answer. When the server goes away, calls fail with `Unavailable`
//! and connections are made anew as soon as it is back. Reads are then tried once more. A write is tried again only
//! when the server said that it was not applied (a deadlock); one whose outcome is not known fails, and its
//! error says so in the detail. Integers, reals, decimals, JSON and lists read back exactly.

mod capability;
mod connection;
mod convert;
mod dialect;
mod driver;
mod error;
mod execute;
mod options;
mod schema;

pub use super::pooled::PoolLimits;
pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::PostgresDriver;
pub use options::PostgresOptions;
