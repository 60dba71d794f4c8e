//! A queue in Redis and its kin: one hash for each message, and a sorted set for each state.
//!
//! URLs, Sentinel and timeouts are those of [`connect::redis`](crate::connect::redis); `redisq://` is the same as
//! `redis://`. Needs Redis 6.2 or later.
//!
//! # How it works
//!
//! Each call is one script, so that a message is in one state at any moment, whoever dies. Available messages are
//! ordered by priority and time; the others that live by the time at which they become available, which a script that
//! takes messages sees to first. Times are those of the server's clock. A put leaves a token in a short list, on which
//! takers who found nothing wait: they are woken at once, on whatever host.
//!
//! # Guarantees
//!
//! "Stored" means what the server's persistence means: with `appendonly yes` and `appendfsync always` a put that was
//! answered survives the loss of power, with `everysec` the last seconds may be lost; replication is asynchronous, so
//! that a failover may lose or repeat what the replica had not received. `maxmemory-policy` must be `noeviction`.

mod driver;
mod reply;
mod scripts;

use crate::queue::driver::Capabilities;

pub use driver::RedisQueue;

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities { transactional: false, ..Capabilities::ALL };
