//! The cache in the memory of one process: what the server process of a tree keeps for all of them.
//!
//! `local://` is reached in any process. The server process has the [`Store`]; web processes and workers ask it over the
//! socket pair that they were born with, one message for each call. A process on its own, such as `bkjs shell`, has one
//! for itself.
//!
//! Values and maps are bounded by number and size (`ipc-lru-max`, `ipc-lru-max-bytes`); what is asked for least goes
//! first. Locks and buckets are kept beside them and do not go for want of room. All of it ends with the server process;
//! one that dies is started again with an empty store, and a lock that was held then can be given to another one.

mod driver;
mod locks;
mod request;
mod store;
mod values;

pub use driver::{LocalDriver, Way};
pub use request::{Reply, Request};
pub use store::Store;

use std::time::Duration;

use crate::cache::{Capabilities, Held};

/// What the driver can do.
pub const CAPABILITIES: Capabilities =
    Capabilities { keys: true, shared: Held::Tree, ttl_step: Duration::from_millis(1), holds: true };
