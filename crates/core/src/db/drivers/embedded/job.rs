use tokio::sync::oneshot;

use crate::db::driver::{Affected, Verb, Write};
use crate::{Error, Result};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T>>;

/// Something for the thread that writes; `S` is what it writes through.
pub(in crate::db::drivers) enum Job<S> {
    /// One write.
    One {
        /// The write.
        write: Write,
        /// Where its answer goes.
        reply: Reply<Affected>,
    },
    /// Writes that apply together or not at all.
    Group {
        /// The writes.
        writes: Vec<Write>,
        /// Where their answer goes.
        reply: Reply<Vec<Affected>>,
    },
    /// What manages its transaction and its answer itself.
    Alone(Box<dyn FnOnce(&S) + Send>),
}

/// What a job gave.
pub(in crate::db::drivers) enum Answer {
    /// Of one write.
    One(Result<Affected>),
    /// Of a group.
    Group(Result<Vec<Affected>>),
}

impl<S> Job<S> {
    /// Whether a write touches one record only, so that it cannot keep others waiting.
    pub(in crate::db::drivers) fn is_light(write: &Write) -> bool {
        !matches!(write.verb, Verb::UpdateAll { .. } | Verb::DelAll { .. })
    }

    /// Whether it may share a commit with others.
    pub(in crate::db::drivers) fn is_groupable(&self) -> bool {
        match self {
            Self::One { write, .. } => Self::is_light(write),
            Self::Group { writes, .. } => writes.iter().all(Self::is_light),
            Self::Alone(_) => false,
        }
    }

    /// Whether nobody waits for it any more.
    pub(in crate::db::drivers) fn is_abandoned(&self) -> bool {
        match self {
            Self::One { reply, .. } => reply.is_closed(),
            Self::Group { reply, .. } => reply.is_closed(),
            Self::Alone(_) => false,
        }
    }

    /// Answers it.
    pub(in crate::db::drivers) fn answer(self, answer: Answer) {
        // Nobody waits any more: fine.
        match (self, answer) {
            (Self::One { reply, .. }, Answer::One(done)) => drop(reply.send(done)),
            (Self::Group { reply, .. }, Answer::Group(done)) => drop(reply.send(done)),
            (job, _) => drop(job),
        }
    }

    /// Answers it with an error that concerns several jobs.
    pub(in crate::db::drivers) fn fail(self, error: &Error) {
        match self {
            Self::One { reply, .. } => drop(reply.send(Err(error.duplicate()))),
            Self::Group { reply, .. } => drop(reply.send(Err(error.duplicate()))),
            Self::Alone(_) => {}
        }
    }
}
