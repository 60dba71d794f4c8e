//! SQLite: the embedded database, one file, several processes.
//!
//! Capabilities: transactions of any size, unique columns, sorting by any column, regular expressions
//! (Rust's syntax), comparisons that ignore case (Unicode), paths within JSON columns, statements of its
//! own language, expiry. Not: columns that were not declared.
//!
//! ```
//! # async fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::db::drivers::sqlite::{SqliteDriver, SqliteOptions};
//! let driver = SqliteDriver::open(&SqliteOptions::file("var/app.db"))?;
//! # Ok(()) }
//! ```
//!
//! # How it works
//!
//! The file is in WAL mode: readers never wait for the writer. A read by key takes some microseconds, less
//! than handing it to another thread, so it runs on the caller's thread when a connection is free. What can
//! scan runs on reader threads, is interrupted after `statement_timeout`, and waits in a bounded queue.
//! All writes of a process go through one connection. A caller that is alone writes on its own thread;
//! several share a commit on the writer's thread. Other processes are waited for up to `busy_timeout`.
//! A thread of its own copies the write-ahead log into the database, so that no commit waits for that.
//!
//! # Guarantees
//!
//! A write is answered after its commit: it survives the death of every process, and the loss of power too
//! with `synchronous = full`. A read that starts after a write was answered sees it, in every process.
//! Integers and reals read back exactly, text with NUL as well. Files are not accessible to other users.

mod capability;
mod checkpoint;
mod connection;
mod convert;
mod dialect;
mod driver;
mod error;
mod execute;
mod file;
mod functions;
mod group;
mod options;
mod raw;
mod reader;
mod schema;
mod writer;

pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::SqliteDriver;
pub use options::SqliteOptions;
pub(in crate::db) use options::{TEMPORARY, file_of};

pub use super::embedded::Synchronous;
