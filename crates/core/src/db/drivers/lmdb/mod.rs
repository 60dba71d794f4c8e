//! LMDB: the other embedded database, one memory-mapped file, several processes.
//!
//! Capabilities: transactions of any size, unique columns, sorting by any column, regular expressions,
//! comparisons that ignore case, paths within objects, expiry. Not: a language of its own, columns that
//! were not declared.
//!
//! ```
//! # fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::db::drivers::lmdb::{LmdbDriver, LmdbOptions};
//! let driver = LmdbDriver::open(&LmdbOptions::file("var/app.lmdb"))?;
//! # Ok(()) }
//! ```
//!
//! | setting | default | |
//! | --- | --- | --- |
//! | `synchronous` | `normal` | when a commit waits for the disk: `normal`, `full`, `off` |
//! | `readers` | 2 | reads that scan at the same time |
//! | `read_queue` | 1024 | reads that may wait for that |
//! | `write_queue` | 65536 | writes that may wait |
//! | `statement_timeout` | 30000 | milliseconds a call may take, 0 is no limit |
//! | `map_size` | 16384 | MiB of address space to begin with |
//! | `max_map_size` | 1048576 | MiB the file may grow to |
//! | `sort_rows` | 100000 | rows that a page may put in order in memory |
//!
//! # How it works
//!
//! A read by key takes a microsecond or two and runs on the caller's thread. What can scan runs on some
//! blocking threads. All writes of a process go through one thread, because LMDB binds a write transaction
//! to its thread, and those that wait share a commit; other processes wait for their turn in LMDB.
//!
//! The file has three databases, opened once: descriptions of tables, records, index entries. Tables and
//! indexes have numbers which their keys start with. A database of LMDB for each of them was rejected:
//! opening one excludes all other transactions of the process, a handle may be dead after another
//! process dropped the table, and every transaction pays for every handle.
//!
//! Keys and index entries are values in a form whose bytes order as the values do, so that ranges of bytes
//! serve equality, ranges, prefixes, orders and the start of a page. A record is checked against the whole
//! condition in any case. The order of a page comes from the key or an index where that fits; else the
//! first rows are chosen in memory.
//!
//! # Limits
//!
//! A primary key may take 1200 bytes (a text its UTF-8 and three). Longer ones cannot be stored,
//! `TooLarge`. Index entries hold the first 700 bytes of long values; uniqueness looks at all of them.
//!
//! # Guarantees
//!
//! A write is answered after its commit: it survives the death of every process, and with
//! `synchronous = full` the loss of power; with `normal` the power may take the last commits, never the
//! database. A read that starts after a write was answered sees it, in every process. The file is not
//! accessible to other users, and must be on a local disk.

mod access;
mod capability;
mod catalog;
mod driver;
mod error;
mod index;
mod options;
mod reader;
mod scan;
mod schema;
mod select;
mod store;
mod write;
mod writer;

pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::LmdbDriver;
pub use options::LmdbOptions;
pub(super) use options::file_of;

pub use super::embedded::Synchronous;
