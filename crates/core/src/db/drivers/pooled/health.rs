use std::time::{Duration, Instant};

use super::Session;
use super::error::{convert, fate, is_too_large, unavailable};
use crate::{Error, ErrorKind, Result};

/// What an error means for the connection and for the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db::drivers) enum Fate {
    /// The statement failed, so nothing of it was applied; the connection is fine.
    Refused,
    /// As refused, because of others that wrote at the same time: it may be tried again.
    Conflict,
    /// As refused, because the tables changed since the statement was prepared: prepare it anew.
    Stale,
    /// The connection is gone; whether the statement was applied is not known.
    Lost,
}

/// What is known of a connection.
pub(in crate::db::drivers) struct Health {
    /// A statement has been sent and its answer not been read to the end.
    pub(super) busy: bool,
    /// A transaction is open, or a lock is held.
    pub(in crate::db::drivers) in_transaction: bool,
    /// The last transaction was to be applied: when the connection is lost then, its outcome is not known.
    pub(super) committing: bool,
    /// When a statement ended last.
    pub(super) used: Instant,
    /// Which loss of connections this one is known to have survived.
    pub(super) epoch: u64,
    /// Why the last statement failed.
    pub(in crate::db::drivers) fate: Option<Fate>,
    /// How long an answer is waited for.
    reply_timeout: Option<Duration>,
}

impl Health {
    /// A connection that was just opened.
    pub(super) fn new(reply_timeout: Option<Duration>, epoch: u64) -> Self {
        Self {
            busy: false,
            in_transaction: false,
            committing: false,
            used: Instant::now(),
            epoch,
            fate: None,
            reply_timeout,
        }
    }

    /// Whether another caller may have it: nothing is under way, as after a call that was dropped.
    pub(super) fn is_clean(&self) -> bool {
        !self.busy && !self.in_transaction && self.fate != Some(Fate::Lost)
    }

    /// A statement is under way: should its future be dropped, the connection is not used again.
    pub(super) fn start(&mut self) {
        self.busy = true;
        self.fate = None;
    }

    /// What the server answers, or none when that takes longer than it is waited for.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.reply_timeout {
            Some(limit) => tokio::time::timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    /// Keeps account of what became of the statement and the connection. None is no answer in time.
    ///
    /// # Errors
    /// That of the statement; `Timeout` or `Unavailable` when its outcome is not known.
    pub(super) fn finish<S: Session, T>(&mut self, done: Option<sqlx::Result<T>>) -> Result<T> {
        let Some(done) = done else {
            self.fate = Some(Fate::Lost);
            return Err(Error::new(ErrorKind::Timeout, "the database took too long")
                .detail("the server did not answer; a write may have been applied"));
        };
        self.busy = false;
        self.used = Instant::now();
        done.map_err(|error| {
            let fate = fate::<S>(&error);
            self.fate = Some(fate);
            match fate {
                // It hung up, and said why before that: nothing was applied.
                Fate::Lost if is_too_large::<S>(&error) => convert::<S>(error),
                Fate::Lost => {
                    unavailable("the connection was lost; a write may have been applied").source(error)
                }
                _ => convert::<S>(error),
            }
        })
    }
}
