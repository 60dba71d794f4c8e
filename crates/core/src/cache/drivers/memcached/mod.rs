//! The cache in memcached, on one server or spread over several.
//!
//! | key | what |
//! | --- | --- |
//! | `PREFIX:cache:KEY` | a value, or a map as one value |
//! | `PREFIX:row:DIGEST`, `PREFIX:stamp:DIGEST` | kept rows of a database, and what tells that they are good |
//! | `PREFIX:lock:NAME`, `PREFIX:fence` | a lock, and the last number that was given to an owner |
//! | `PREFIX:rate:NAME` | a bucket |
//! | `PREFIX:#DIGEST` | one of these whose name memcached does not take |
//!
//! Addresses and options are those of [`connect::memcached`](crate::connect::memcached).
//!
//! Values are read and put in one round trip. What looks at something before it changes it (`incr`, `set_max`, maps,
//! locks, buckets) reads, and writes in place of what it has read; when somebody else was faster it begins anew, for
//! two seconds at most, then it is `OverCapacity`. So they are right, but not for hundreds of writers of one key: for
//! those there is Redis.
//!
//! Times are whole seconds and rounded up. Buckets are counted with the clocks of the clients, whose difference is
//! given away or withheld once for each client that comes in. A server that has too little memory lets go of what was
//! not asked for lately, locks and buckets included; one that is started again has nothing. The number of a lock is
//! then the time of day of the client, so that it still grows.

mod change;
mod driver;
mod flags;

pub use driver::MemcachedCache;

use std::time::Duration;

use crate::cache::{Capabilities, Held};

/// What the driver can do.
pub const CAPABILITIES: Capabilities =
    Capabilities { keys: false, shared: Held::Everywhere, ttl_step: Duration::from_secs(1), holds: false };
