//! Redis and its kin (Valkey): how a server is found, reached, and reached again.
//!
//! ```no_run
//! # async fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::connect::redis::{RedisClient, RedisOptions, cmd};
//! let options = RedisOptions::default().at("redis://:secret@a.example,b.example/1")?;
//! let client = RedisClient::new(&options)?;
//! let value: Option<String> = client.read(cmd("GET").arg("greeting")).await?;
//! # Ok(()) }
//! ```
//!
//! # Addresses
//!
//! | form | meaning |
//! | --- | --- |
//! | nothing, `default`, `redis` | `redis://127.0.0.1:6379` |
//! | `redis://[[user]:password@]host[:port][/db]` | one server |
//! | `rediss://...` | the same with TLS |
//! | `redis://host[:port],host[:port]/db` | servers of one replication: the one that is master is used |
//! | `redis+sentinel://[[user]:password@]host[:port],.../name[/db]` | the master that these sentinels name; their port is 26379 |
//! | `rediss+sentinel://...` | the same with TLS to sentinels and servers |
//! | `redis+unix:///path/to/socket` | a socket of this machine |
//!
//! `?prefix=text` after any of them sets the option `prefix`.
//!
//! # How it works
//!
//! A [`RedisClient`] is made without a connection; the first call connects. Calls share `max` connections,
//! on which requests of all callers follow each other without waiting for replies. A connection that ends,
//! that does not answer in time, or whose server has become a replica is given up, and the next call makes a
//! new one, asking the sentinels again. When that fails, further calls fail at once for a short time that
//! doubles up to a second, so that nothing piles up.
//!
//! No call hangs: making a connection takes at most `connect_timeout`, a reply at most `response_timeout`.
//! What blocks on the server by intention ([`RedisClient::blocking`], [`RedisClient::subscriber`]) has a
//! connection of its own, on which the reply may take as long as it likes.
//!
//! What is sent twice: reads ([`RedisClient::read`]), and what the server refused to run. A write whose
//! connection ends before the reply fails with `Unavailable`, and its detail says that the outcome is unknown.
//!
//! Needs Redis 6.0 or later (its protocol 3 tells at once when a connection has ended). Redis Cluster is not
//! supported.

mod address;
mod client;
mod error;
mod locate;
mod options;
mod script;
mod slot;

pub use client::RedisClient;
pub use error::error;
pub use options::RedisOptions;
pub use redis::{Cmd, FromRedisValue, Pipeline, Value, cmd, pipe};
pub use script::Script;
