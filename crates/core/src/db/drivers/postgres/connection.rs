use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _};

use futures_util::TryStreamExt;

use super::convert::Parameter;
use super::error::{Fate, convert, fate, unavailable};
use crate::db::sql::{Bind, Sql};
use crate::{Error, ErrorKind, Result};

/// The most placeholders of a statement.
const MAX_BINDS: usize = 65_535;

/// A connection, and what is known of its state.
pub(super) struct Session {
    connection: PgConnection,
    reply_timeout: Option<Duration>,
    /// A statement has been sent and its answer not been read to the end.
    busy: bool,
    /// A transaction is open.
    in_transaction: bool,
    /// The last transaction was to be applied: when the connection is lost then, its outcome is not known.
    pub(super) committing: bool,
    /// When a statement ended last.
    pub(super) used: Instant,
    /// Which loss of connections this one is known to have survived.
    pub(super) epoch: u64,
    /// Why the last statement failed.
    pub(super) fate: Option<Fate>,
}

/// The answer to a statement.
#[derive(Default)]
pub(super) struct Answer {
    /// Its rows.
    pub(super) rows: Vec<PgRow>,
    /// How many it read or wrote.
    pub(super) count: u64,
}

impl Session {
    /// Opens a connection.
    ///
    /// # Errors
    /// That of the connection, as it is: the pool decides whether to try again.
    pub(super) async fn open(
        options: &PgConnectOptions,
        reply_timeout: Option<Duration>,
        epoch: u64,
    ) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        let used = Instant::now();
        Ok(Self {
            connection,
            reply_timeout,
            busy: false,
            in_transaction: false,
            committing: false,
            used,
            epoch,
            fate: None,
        })
    }

    /// Whether another caller may have it: nothing is under way, as after a call that was dropped.
    pub(super) fn is_clean(&self) -> bool {
        !self.busy && !self.in_transaction && self.fate != Some(Fate::Lost)
    }

    /// Whether the server answers.
    pub(super) async fn ping(&mut self, limit: Duration) -> bool {
        self.busy = true;
        let answered = matches!(tokio::time::timeout(limit, self.connection.ping()).await, Ok(Ok(())));
        self.busy = !answered;
        answered
    }

    /// Says goodbye to the server.
    pub(super) async fn close(self) {
        // It may be gone already: fine.
        let _ = self.connection.close().await;
    }

    /// Runs a statement, which is kept prepared.
    ///
    /// # Errors
    /// Those of the statement; `Unavailable` when the connection is lost and the outcome not known.
    pub(super) async fn run(&mut self, sql: &Sql<'_>) -> Result<Answer> {
        match self.ask(sql.text().to_owned(), arguments(sql.binds(), Parameter::typed)?, true).await {
            Err(_) if self.fate == Some(Fate::Stale) && !self.in_transaction => {
                self.forget_statements().await?;
                self.ask(sql.text().to_owned(), arguments(sql.binds(), Parameter::typed)?, true).await
            }
            done => done,
        }
    }

    /// Runs a statement of a caller, which is prepared for this one time.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn run_once(&mut self, text: String, binds: &[Bind<'_>]) -> Result<Answer> {
        self.ask(text, arguments(binds, Parameter::of_caller)?, false).await
    }

    /// Runs statements without values or results.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn command(&mut self, text: &'static str) -> Result<()> {
        self.start();
        let work = self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text.to_owned())));
        let done = within(self.reply_timeout, work).await;
        self.finish(done).map(drop)
    }

    /// Opens a transaction; until [`commit`](Self::commit) or [`rollback`](Self::rollback) nobody else gets the connection.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn begin(&mut self) -> Result<()> {
        self.in_transaction = true;
        self.committing = false;
        self.command("BEGIN").await
    }

    /// Applies the transaction.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn commit(&mut self) -> Result<()> {
        self.committing = true;
        self.command("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Ends the transaction without its changes. A connection on which that fails is not used again.
    pub(super) async fn rollback(&mut self) {
        let cause = self.fate;
        if cause != Some(Fate::Lost) && self.command("ROLLBACK").await.is_ok() {
            self.in_transaction = false;
            self.fate = cause;
        }
    }

    /// Prepares all statements anew when they are run next.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn forget_statements(&mut self) -> Result<()> {
        self.start();
        let done = within(self.reply_timeout, self.connection.clear_cached_statements()).await;
        self.finish(done)
    }

    async fn ask(&mut self, text: String, arguments: PgArguments, keep: bool) -> Result<Answer> {
        self.start();
        let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(keep);
        let mut answers = self.connection.fetch_many(query);
        let work = async {
            let mut answer = Answer::default();
            while let Some(next) = answers.try_next().await? {
                match next {
                    Either::Left(done) => answer.count += done.rows_affected(),
                    Either::Right(row) => answer.rows.push(row),
                }
            }
            Ok(answer)
        };
        let done = within(self.reply_timeout, work).await;
        drop(answers);
        self.finish(done)
    }

    /// A statement is under way: should its future be dropped, the connection is not used again.
    fn start(&mut self) {
        self.busy = true;
        self.fate = None;
    }

    /// Keeps account of what became of the statement and the connection. None is no answer in time.
    fn finish<T>(&mut self, done: Option<sqlx::Result<T>>) -> Result<T> {
        let Some(done) = done else {
            self.fate = Some(Fate::Lost);
            return Err(Error::new(ErrorKind::Timeout, "the database took too long")
                .detail("the server did not answer; a write may have been applied"));
        };
        self.busy = false;
        self.used = Instant::now();
        done.map_err(|error| {
            let fate = fate(&error);
            self.fate = Some(fate);
            match fate {
                Fate::Lost => {
                    unavailable("the connection was lost; a write may have been applied").source(error)
                }
                _ => convert(error),
            }
        })
    }
}

/// What the work gives, or none when it takes longer.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

fn arguments<'a>(binds: &'a [Bind<'a>], parameter: fn(&'a Bind<'a>) -> Parameter<'a>) -> Result<PgArguments> {
    if binds.len() > MAX_BINDS {
        return Err(Error::invalid(format!(
            "the condition has {} values, at most {MAX_BINDS} are allowed",
            binds.len()
        )));
    }
    let mut arguments = PgArguments::default();
    for bind in binds {
        let parameter = parameter(bind);
        parameter.check()?;
        arguments.add(parameter).map_err(|e| convert(sqlx::Error::Encode(e)))?;
    }
    Ok(arguments)
}
