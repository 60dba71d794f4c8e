//! What a cache driver can do beside what all of them can.

use std::fmt;
use std::time::Duration;

/// What a driver can do. A caller that needs more is refused before the driver is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The names of what is there can be listed, and values removed by the beginning of their names. Without:
    /// `keys` and `clear` are refused.
    pub keys: bool,
    /// Who sees what is put.
    pub shared: Held,
    /// The step in which the product measures times: a time to live is rounded up to it.
    pub ttl_step: Duration,
    /// Locks and rate limits are only given up in their time, never because there is no room for them. Without: a
    /// server with too little memory may forget them early.
    pub holds: bool,
}

/// Who sees what is put into a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// This process, or the processes of one tree.
    Tree,
    /// Every process that names the same server.
    Everywhere,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tree => "tree",
            Self::Everywhere => "everywhere",
        })
    }
}
