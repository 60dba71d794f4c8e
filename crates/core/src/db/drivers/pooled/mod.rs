//! Connections to a server, lent from a pool, and writes that are tried again: what the drivers on sqlx share.
//!
//! sqlx speaks to the server. Its own pool asks the server once before and once after each statement; the one
//! here asks it nothing. What a product makes of a statement is its [`Session`].

mod pool;
mod transaction;

use std::time::{Duration, Instant};

pub(super) use pool::{Pool, PoolOptions};
pub(super) use transaction::{alone, batch, transact};

use super::super::driver::{Affected, Write};
use crate::{Error, ErrorKind, Result};

/// What an error means for the connection and for the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
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
pub(super) struct Health {
    /// A statement has been sent and its answer not been read to the end.
    pub(super) busy: bool,
    /// A transaction is open, or a lock is held.
    pub(super) in_transaction: bool,
    /// The last transaction was to be applied: when the connection is lost then, its outcome is not known.
    pub(super) committing: bool,
    /// When a statement ended last.
    pub(super) used: Instant,
    /// Which loss of connections this one is known to have survived.
    pub(super) epoch: u64,
    /// Why the last statement failed.
    pub(super) fate: Option<Fate>,
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

    /// How long the answer to the next statement is waited for.
    pub(super) fn reply_timeout(&self) -> Option<Duration> {
        self.reply_timeout
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
            let fate = S::fate(&error);
            self.fate = Some(fate);
            match fate {
                Fate::Lost => {
                    unavailable("the connection was lost; a write may have been applied").source(error)
                }
                _ => S::convert(error),
            }
        })
    }
}

/// A connection to one product.
pub(super) trait Session: Sized + Send + 'static {
    /// How it is opened.
    type Connect: Send + Sync + 'static;

    /// Opens a connection.
    ///
    /// # Errors
    /// That of the connection, as it is: the pool decides whether to try again.
    fn open(
        connect: &Self::Connect,
        health: Health,
    ) -> impl Future<Output = Result<Self, sqlx::Error>> + Send;

    /// What is known of it.
    fn health(&self) -> &Health;

    /// The same, to be changed.
    fn health_mut(&mut self) -> &mut Health;

    /// Whether the server answers.
    fn ping(&mut self, limit: Duration) -> impl Future<Output = bool> + Send;

    /// Says goodbye to the server.
    fn close(self) -> impl Future<Output = ()> + Send;

    /// Opens a transaction; until [`commit`](Self::commit) or [`rollback`](Self::rollback) nobody else gets the connection.
    ///
    /// # Errors
    /// As [`Health::finish`].
    fn begin(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Applies the transaction.
    ///
    /// # Errors
    /// As [`Health::finish`].
    fn commit(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Ends the transaction without its changes. A connection on which that fails is not used again.
    fn rollback(&mut self) -> impl Future<Output = ()> + Send;

    /// Prepares all statements anew when they are run next.
    ///
    /// # Errors
    /// As [`Health::finish`].
    fn forget_statements(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// One write, by itself or in a transaction of its own.
    ///
    /// # Errors
    /// Those of the statements; then nothing is changed, but that an expired record may be gone.
    fn write_alone(&mut self, write: &Write) -> impl Future<Output = Result<Affected>> + Send;

    /// One write within the transaction of the caller.
    ///
    /// # Errors
    /// Those of the statements; then the transaction is over.
    fn write(&mut self, write: &Write) -> impl Future<Output = Result<Affected>> + Send;

    /// What became of a statement that failed.
    fn fate(error: &sqlx::Error) -> Fate;

    /// Whether trying to connect again is in vain: a login that is refused stays refused.
    fn is_final(error: &sqlx::Error) -> bool;

    /// The error of a statement. Its text goes to the log; the caller learns what it can act on.
    fn convert(error: sqlx::Error) -> Error;
}

/// What the caller is told when there is no connection.
pub(super) const LOST: &str = "the database cannot be reached now, please try again later";

/// A failure of the connection itself.
pub(super) fn unavailable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, LOST).detail(detail)
}

/// What the work gives, or none when it takes longer.
pub(super) async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// A read. One whose connection is lost is read again on another: reading twice does no harm.
macro_rules! read {
    ($pool:expr, $session:ident, $read:expr) => {
        Box::pin(async move {
            let mut $session = $pool.get().await?;
            let done = $read.await;
            if done.is_ok() || $session.health().fate != Some(crate::db::drivers::pooled::Fate::Lost) {
                return done;
            }
            drop($session);
            let mut $session = $pool.get().await?;
            $read.await
        })
    };
}
pub(super) use read;
