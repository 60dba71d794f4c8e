//! Redis as a database: records as hashes, orders and indexes as sorted sets.
//!
//! Capabilities: transactions of any size, unique columns, sorting by any column, regular expressions (Rust's
//! syntax), comparisons that ignore case (Unicode), paths within objects, expiry. Not: columns that were not
//! declared; statements of its own language (for those there is [`RedisDriver::client`]); in a transaction,
//! changes of all records that match.
//!
//! ```no_run
//! # fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::connect::redis::RedisOptions;
//! use bkjs_core::db::drivers::redis::RedisDriver;
//! let driver = RedisDriver::new(&RedisOptions::default().at("redis://127.0.0.1/1?prefix=app")?)?;
//! # Ok(()) }
//! ```
//!
//! Settings, forms of addresses, Sentinel and timeouts are those of [`connect::redis`](crate::connect::redis).
//!
//! # How it works
//!
//! A write reads the record, decides in this process what it becomes, and sends the change to a script that
//! applies it only if the record is still the one that was read; else the write starts over. One run of the
//! script changes record, order, indexes and unique values together. It may carry changes of many records,
//! which makes transactions. Writers of a process take turns at a record.
//!
//! A select goes along the index that fits its condition and order best, and compares each record it finds
//! with the whole condition. What no index answers is found by going through all records of the table, some
//! hundreds at a time; an order that no index has is made in memory, of at most 100,000 rows.
//!
//! # Guarantees
//!
//! - Each write of one record is atomic, its condition and changes and unique values included; so is a
//!   transaction. A change of all that match is applied a thousand records at a time, each thousand together.
//! - Integers, reals, texts with NUL, lists and objects read back exactly.
//! - A record expires on the server's clock; its entries in indexes go when a reader or writer meets them.
//! - A process that runs with an older description of a table maintains the indexes that newer ones made.
//! - "Acknowledged" means what the server's persistence means. With `appendonly yes` and `appendfsync always`
//!   an acknowledged write survives the loss of power; with `everysec` it survives the end of the server's
//!   process, and up to two seconds of writes may be lost with the power; with `no`, as much as the system has
//!   not written yet. Without `appendonly` the records are those of the last snapshot. Replication is
//!   asynchronous: a failover may lose what the replica had not received.
//! - `maxmemory-policy` must be `noeviction`: a server that evicts keys loses records.
//!
//! Redis Cluster is not supported: records, indexes and description of a table, and the tables of a
//! transaction, are changed by one script, and would have to be on one node.

mod capability;
mod commit;
mod convert;
mod driver;
mod keys;
mod layout;
mod locks;
mod plan;
mod read;
mod scan;
mod schema;
mod write;

pub(super) use capability::{CAPABILITIES, REFUSALS};
pub use driver::RedisDriver;
