use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _};

use futures_util::TryStreamExt;

use super::convert::Parameter;
use super::error::{convert, fate, native};
use super::execute;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::pooled::{Fate, Health, Session, within};
use crate::db::sql::{Bind, Sql};
use crate::{Error, Result};

/// The most placeholders of a statement.
const MAX_BINDS: usize = 65_535;

/// A connection, and what is known of its state.
pub(super) struct PgSession {
    connection: PgConnection,
    health: Health,
}

/// The answer to a statement.
#[derive(Default)]
pub(super) struct Answer {
    /// Its rows.
    pub(super) rows: Vec<PgRow>,
    /// How many it read or wrote.
    pub(super) count: u64,
}

impl PgSession {
    /// Runs a statement, which is kept prepared.
    ///
    /// # Errors
    /// Those of the statement; `Unavailable` when the connection is lost and the outcome not known.
    pub(super) async fn run(&mut self, sql: &Sql<'_>) -> Result<Answer> {
        match self.ask(sql.text().to_owned(), arguments(sql.binds(), Parameter::typed)?, true).await {
            Err(_) if self.health.fate == Some(Fate::Stale) && !self.health.in_transaction => {
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
        self.health.start();
        let work = self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text.to_owned())));
        let done = within(self.health.reply_timeout(), work).await;
        self.health.finish::<Self, _>(done).map(drop)
    }

    async fn ask(&mut self, text: String, arguments: PgArguments, keep: bool) -> Result<Answer> {
        self.health.start();
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
        let done = within(self.health.reply_timeout(), work).await;
        drop(answers);
        self.health.finish::<Self, _>(done)
    }
}

impl Session for PgSession {
    type Connect = PgConnectOptions;

    async fn open(connect: &PgConnectOptions, health: Health) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: connect.connect().await?, health })
    }

    fn health(&self) -> &Health {
        &self.health
    }

    fn health_mut(&mut self) -> &mut Health {
        &mut self.health
    }

    async fn ping(&mut self, limit: Duration) -> bool {
        self.health.busy = true;
        let answered = matches!(tokio::time::timeout(limit, self.connection.ping()).await, Ok(Ok(())));
        self.health.busy = !answered;
        answered
    }

    async fn close(self) {
        // It may be gone already: fine.
        let _ = self.connection.close().await;
    }

    async fn begin(&mut self) -> Result<()> {
        self.health.in_transaction = true;
        self.health.committing = false;
        self.command("BEGIN").await
    }

    async fn commit(&mut self) -> Result<()> {
        self.health.committing = true;
        self.command("COMMIT").await?;
        self.health.in_transaction = false;
        Ok(())
    }

    async fn rollback(&mut self) {
        let cause = self.health.fate;
        if cause != Some(Fate::Lost) && self.command("ROLLBACK").await.is_ok() {
            self.health.in_transaction = false;
            self.health.fate = cause;
        }
    }

    async fn forget_statements(&mut self) -> Result<()> {
        self.health.start();
        let done = within(self.health.reply_timeout(), self.connection.clear_cached_statements()).await;
        self.health.finish::<Self, _>(done)
    }

    async fn write_alone(&mut self, write: &Write) -> Result<Affected> {
        execute::write_alone(self, write).await
    }

    async fn write(&mut self, write: &Write) -> Result<Affected> {
        execute::write(self, write).await
    }

    fn fate(error: &sqlx::Error) -> Fate {
        fate(error)
    }

    fn is_final(error: &sqlx::Error) -> bool {
        match native(error) {
            Some(error) => error.code().starts_with("28") || error.code().starts_with("3D"),
            None => fate(error) == Fate::Refused,
        }
    }

    fn convert(error: sqlx::Error) -> Error {
        convert(error)
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
