//! Group commit: what waits for the writer goes into one transaction, and each is answered for itself.

use std::time::Instant;

use super::connection::Session;
use super::execute::{command, rollback, transact, write};
use crate::db::drivers::embedded::{Answer, Job};

fn run(job: &Job<Session>, session: &Session) -> Answer {
    match job {
        Job::One { write: one, .. } => Answer::One(write(&session.connection, one)),
        Job::Group { writes, .. } => Answer::Group(transact(&session.connection, writes)),
        Job::Alone(_) => Answer::Group(Ok(Vec::new())),
    }
}

/// Runs jobs in one transaction and answers each of them after the commit.
///
/// A write that fails undoes nothing of the others, as a statement is atomic by itself. Some failures
/// (interruption, a full disk) make SQLite roll back the whole transaction: then the one that failed is
/// answered, and the others run again without it.
pub(super) fn run_group(
    session: &Session,
    mut jobs: Vec<Job<Session>>,
    deadline: impl Fn() -> Option<Instant>,
) {
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
            answers.push(run(job, session));
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
