//! System messages: commands to all processes of a tree, and to those of other hosts.
//!
//! Hosts tell each other over a channel of a pub/sub server that they share. Its name holds those of the application and
//! of the run mode, so that strangers on the same server are not meant; but nothing is signed: whoever can publish on
//! that server can give these commands, and nothing else, as no other is known.

use std::fmt;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::cache::{check_name, digest};
use crate::suggest::nearest;
use crate::{Error, Result};

/// What processes can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `api:restart`: the web processes are replaced, one at a time, without losing a connection.
    Restart,
    /// `worker:restart`: the worker processes are replaced, one at a time; what they do is finished or given back.
    RestartWorkers,
    /// `config:init`: every process reads its configuration again, files and sources on other hosts. What is wrong is
    /// logged and changes nothing.
    ReadConfig,
    /// `cache:clear`, also `cache:init`: the values that the server process keeps for the others are forgotten, and the
    /// rows that any process keeps. Locks and rate limits stay.
    ClearCache,
}

impl Command {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Restart, Self::RestartWorkers, Self::ReadConfig, Self::ClearCache];

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Restart => "api:restart",
            Self::RestartWorkers => "worker:restart",
            Self::ReadConfig => "config:init",
            Self::ClearCache => "cache:clear",
        }
    }

    /// The command of this name.
    ///
    /// # Errors
    /// `Invalid` for any other name, with the nearest one that there is.
    pub fn named(name: &str) -> Result<Self> {
        if name == "cache:init" {
            return Ok(Self::ClearCache);
        }
        Self::ALL.into_iter().find(|command| command.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name);
            let meant = nearest(name, known).map(|name| format!(", did you mean {name}")).unwrap_or_default();
            Error::invalid(format!("no system message {name:.40?}{meant}; there are: {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Gives commands.
pub trait Control: Send + Sync + fmt::Debug + 'static {
    /// Gives a command to all processes of this tree, and of the other hosts when `ipc-system-queue` names what they
    /// share. The answer is that it was told, not that it is done.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout` or `OverCapacity` when somebody could not be told, saying who; the others do it.
    fn send(&self, command: Command) -> BoxFuture<'_, Result<()>>;
}

/// A command on its way to other hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is to be done.
    pub command: Command,
    /// The tree that gave the command, and does it without this.
    pub from: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    command: String,
    from: String,
}

impl Order {
    /// As it is published.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "command": self.command.name(), "from": self.from })
    }

    /// What was published.
    ///
    /// # Errors
    /// `Invalid` for anything but a known command and its sender.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let written: Written =
            serde_json::from_slice(bytes).map_err(|e| Error::invalid("not a system message").source(e))?;
        Ok(Self { command: Command::named(&written.command)?, from: written.from })
    }
}

/// The channel of all hosts that run the same application in the same mode.
pub fn channel(parts: &[&str]) -> String {
    let channel = format!("bkjs:system:{}", parts.join(":"));
    // Two lists of parts with the same text are different applications.
    let is_plain = parts.iter().all(|part| !part.contains(':')) && check_name("channel", &channel).is_ok();
    if is_plain { channel } else { format!("bkjs:system:{}", digest(parts.iter().copied())) }
}

/// A name for a tree that no other one has, from what is its own.
pub fn tree_name(parts: &[&str]) -> String {
    digest(parts.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_commands_are_understood() {
        for command in Command::ALL {
            let order = Order { command, from: "a".to_owned() };
            assert_eq!(Order::from_json(order.to_json().to_string().as_bytes()).expect("is one"), order);
        }
        assert_eq!(Command::named("cache:init").expect("is one"), Command::ClearCache);
        let error = Command::named("api:restrat").expect_err("is none");
        assert!(error.message().contains("did you mean api:restart"), "{error}");
        for wrong in [&b"\xff"[..], b"{}", b"\"api:restart\"", b"{\"command\":\"run\",\"from\":\"a\"}"] {
            Order::from_json(wrong).expect_err("is none");
        }
    }

    #[test]
    fn applications_have_channels_of_their_own() {
        assert_eq!(channel(&["shop", "v1", "production"]), "bkjs:system:shop:v1:production");
        assert_ne!(channel(&["a:b", "c"]), channel(&["a", "b:c"]));
        assert!(check_name("channel", &channel(&["my shop", &"x".repeat(300)])).is_ok());
    }
}
