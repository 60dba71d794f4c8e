//! The cache in Redis and its kin: a server, the master of a replication, or the one that sentinels name.
//!
//! | key | type | what |
//! | --- | --- | --- |
//! | `PREFIX::cache:KEY` | string or hash | a value or a map |
//! | `PREFIX::row:DIGEST`, `PREFIX::stamp:DIGEST` | string | kept rows of a database, and what tells that they are good |
//! | `PREFIX::lock:NAME` | string | the owner of a lock and its number |
//! | `PREFIX::fence` | string | the last number that was given to an owner |
//! | `PREFIX::rate:NAME` | hash | a bucket: tokens `t` and the time `a` in microseconds |
//!
//! Addresses and options are those of [`connect::redis`](crate::connect::redis); `prefix` is `bk` unless it is said
//! otherwise. A database on the same server may have the same prefix: its keys are others.
//!
//! What belongs together runs as one script or command on the server, with the server's clock. A call is one round
//! trip; `keys` and `clear` are one for each thousand keys of the server. Redis Cluster is not supported.

mod driver;
mod scripts;

pub use driver::RedisCache;

use std::time::Duration;

use crate::cache::{Capabilities, Held};

/// What the driver can do.
pub const CAPABILITIES: Capabilities =
    Capabilities { keys: true, shared: Held::Everywhere, ttl_step: Duration::from_millis(1), holds: false };
