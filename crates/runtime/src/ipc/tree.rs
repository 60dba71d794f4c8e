//! What a process says to all others.

use bkjs_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Link, Message};

/// How many words of a supervisor wait until it passes them on.
const WORDS: usize = 64;

/// The way from a process to all others of its tree, supervisors included.
///
/// Clones are the same way.
#[derive(Clone, Debug)]
pub struct Tree(Way);

#[derive(Clone, Debug)]
enum Way {
    /// Over the link to the parent.
    Parent(Link),
    /// This process has children itself.
    Supervisor(mpsc::Sender<Word>),
    /// This process is the only one.
    Alone,
}

/// What a supervisor is to do for its own program.
#[derive(Debug)]
pub(crate) enum Word {
    /// Pass this on to everybody.
    Tell(Message),
    /// Replace the children that do the work.
    Replace,
}

impl Tree {
    pub(crate) fn of_leaf(parent: Link) -> Self {
        Self(Way::Parent(parent))
    }

    pub(crate) fn of_supervisor() -> (Self, mpsc::Receiver<Word>) {
        let (words, said) = mpsc::channel(WORDS);
        (Self(Way::Supervisor(words)), said)
    }

    pub(crate) fn alone() -> Self {
        Self(Way::Alone)
    }

    /// Whether there is no other process.
    pub fn is_alone(&self) -> bool {
        matches!(self.0, Way::Alone)
    }

    /// Tells all other processes something: [`Program::told`](crate::Program::told) is called in each of them. Returns at
    /// once.
    ///
    /// Those that are there now hear it once, in the order in which this process tells; one that does not keep up may
    /// not, and is told that with [`Program::missed`](crate::Program::missed).
    ///
    /// # Errors
    /// `OverCapacity` when too much waits to be told, `TooLarge` for more than a megabyte, `Unavailable` when the way is
    /// closed.
    pub fn tell(&self, name: &str, body: Value) -> Result<()> {
        let message = Message::Tell { name: name.to_owned(), body };
        match &self.0 {
            Way::Parent(link) => link.tell(&message),
            Way::Supervisor(words) => words.try_send(Word::Tell(message)).map_err(|_| {
                Error::new(
                    ErrorKind::OverCapacity,
                    "this process is too busy to tell others, try again later",
                )
            }),
            Way::Alone => Ok(()),
        }
    }

    /// Has this process replace its children that do the work, one at a time; one without such children logs that.
    pub fn replace_children(&self) {
        match &self.0 {
            // One that is full has the same word in it, or will be asked again.
            Way::Supervisor(words) => drop(words.try_send(Word::Replace)),
            _ => tracing::warn!("a process without a supervisor cannot be restarted"),
        }
    }
}
