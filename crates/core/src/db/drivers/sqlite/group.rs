//! Group commit: what waits for the writer goes into one transaction, and each is answered for itself.

use std::time::Instant;

use tokio::sync::oneshot;

use super::connection::Session;
use super::execute::{command, rollback, transact, write};
use crate::db::driver::{Affected, Verb, Write};
use crate::{Error, Result};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T>>;

/// Something for the writer's thread.
pub(super) enum Job {
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
    Alone(Box<dyn FnOnce(&Session) + Send>),
}

impl Job {
    /// Whether a write touches one record only, so that it cannot keep others waiting.
    pub(super) fn is_light(write: &Write) -> bool {
        !matches!(write.verb, Verb::UpdateAll { .. } | Verb::DelAll { .. })
    }

    /// Whether it may share a commit with others.
    pub(super) fn is_groupable(&self) -> bool {
        match self {
            Self::One { write, .. } => Self::is_light(write),
            Self::Group { writes, .. } => writes.iter().all(Self::is_light),
            Self::Alone(_) => false,
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Self::One { reply, .. } => reply.is_closed(),
            Self::Group { reply, .. } => reply.is_closed(),
            Self::Alone(_) => false,
        }
    }

    fn run(&self, session: &Session) -> Answer {
        match self {
            Self::One { write: one, .. } => Answer::One(write(&session.connection, one)),
            Self::Group { writes, .. } => Answer::Group(transact(&session.connection, writes)),
            Self::Alone(_) => Answer::Group(Ok(Vec::new())),
        }
    }

    fn answer(self, answer: Answer) {
        // Nobody waits any more: fine.
        match (self, answer) {
            (Self::One { reply, .. }, Answer::One(done)) => drop(reply.send(done)),
            (Self::Group { reply, .. }, Answer::Group(done)) => drop(reply.send(done)),
            (job, _) => drop(job),
        }
    }

    fn fail(self, error: &Error) {
        // One failure, told to each of them.
        let copy = || Error::new(error.kind(), error.message().to_owned()).detail(error.log_text());
        match self {
            Self::One { reply, .. } => drop(reply.send(Err(copy()))),
            Self::Group { reply, .. } => drop(reply.send(Err(copy()))),
            Self::Alone(_) => {}
        }
    }
}

enum Answer {
    One(Result<Affected>),
    Group(Result<Vec<Affected>>),
}

/// Runs jobs in one transaction and answers each of them after the commit.
///
/// A write that fails undoes nothing of the others, as a statement is atomic by itself. Some failures
/// (interruption, a full disk) make SQLite roll back the whole transaction: then the one that failed is
/// answered, and the others run again without it.
pub(super) fn run_group(session: &Session, mut jobs: Vec<Job>, deadline: impl Fn() -> Option<Instant>) {
    session.interrupt_at(deadline());
    if matches!(jobs[..], [Job::Alone(_)]) {
        if let Some(Job::Alone(work)) = jobs.pop() {
            work(session);
        }
        return;
    }
    let connection = &session.connection;
    jobs.retain(|job| !job.is_abandoned());
    while !jobs.is_empty() {
        if let Err(error) = command(connection, "BEGIN IMMEDIATE") {
            return jobs.into_iter().for_each(|job| job.fail(&error));
        }
        let mut answers = Vec::with_capacity(jobs.len());
        for job in &jobs {
            session.interrupt_at(deadline());
            answers.push(job.run(session));
            if connection.is_autocommit() {
                break;
            }
        }
        if connection.is_autocommit() {
            if let Some(answer) = answers.pop() {
                jobs.remove(answers.len()).answer(answer);
            }
            continue;
        }
        session.interrupt_at(deadline());
        if let Err(error) = command(connection, "COMMIT") {
            rollback(connection);
            return jobs.into_iter().for_each(|job| job.fail(&error));
        }
        for (job, answer) in jobs.into_iter().zip(answers) {
            job.answer(answer);
        }
        return;
    }
}
