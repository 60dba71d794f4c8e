//! What a process is for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Restarts the rest of the tree; does nothing else.
    Monitor,
    /// Prepares the data and keeps the server and the workers.
    Master,
    /// Owns the listening sockets and keeps the web processes.
    Server,
    /// Serves requests.
    Web,
    /// Runs jobs.
    Worker,
}

impl Role {
    /// The name in titles, logs and pid files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Master => "master",
            Self::Server => "server",
            Self::Web => "web",
            Self::Worker => "worker",
        }
    }

    /// How many levels of processes may be below one of this role, each with limits in time of its own.
    pub(crate) const fn levels_below(self) -> u32 {
        match self {
            Self::Web | Self::Worker => 0,
            Self::Server => 1,
            Self::Master => 2,
            Self::Monitor => 3,
        }
    }

    /// Whether this role only starts and watches other processes.
    ///
    /// Such a process stays small: it opens no database and loads no modules beyond what
    /// [`Program::prepare`](crate::Program::prepare) needs for a moment in the master.
    pub const fn is_supervisor(self) -> bool {
        matches!(self, Self::Monitor | Self::Master | Self::Server)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
