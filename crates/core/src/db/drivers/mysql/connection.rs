use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _, Row as _,
};

use super::convert::{Parameter, text_at};
use super::dialect::{self, MySql};
use super::error::{NO_DATABASE, REGEXP_FAILED, TOO_HARD, convert, fate, is_same_key, native};
use super::execute;
use crate::db::driver::{Affected, Write};
use crate::db::drivers::pooled::{Fate, Health, Session, within};
use crate::db::sql::{Bind, Dialect, Sql};
use crate::{Error, ErrorKind, Result};

/// The most placeholders of a statement.
const MAX_BINDS: usize = 65_535;

/// How connections are opened.
pub(super) struct Connect {
    /// The server and the login.
    pub(super) server: MySqlConnectOptions,
    /// The database that holds the tables.
    pub(super) database: Option<String>,
    /// Milliseconds a statement may take; 0 is no limit.
    pub(super) statement_timeout: u64,
}

/// A connection, and what is known of its state.
pub(super) struct MySession {
    connection: MySqlConnection,
    health: Health,
    dialect: &'static MySql,
    database: Option<String>,
    /// The database was there when it was looked for last.
    has_database: bool,
    /// The last statement failed because there is a record with the key already.
    pub(super) same_key: bool,
}

/// The answer to a statement.
#[derive(Default)]
pub(super) struct Answer {
    /// Its rows.
    pub(super) rows: Vec<MySqlRow>,
    /// How many it found to write.
    pub(super) count: u64,
}

impl MySession {
    /// How this server spells things.
    pub(super) fn dialect(&self) -> &'static MySql {
        self.dialect
    }

    /// The database that holds the tables, if one was named.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Runs a statement, which is kept prepared.
    ///
    /// # Errors
    /// Those of the statement; `Unavailable` when the connection is lost and the outcome not known.
    pub(super) async fn run(&mut self, sql: &Sql<'_>) -> Result<Answer> {
        self.choose_database().await?;
        let answer = match self.ask(sql.text().to_owned(), arguments(sql.binds())?, true).await {
            Err(_) if self.health.fate == Some(Fate::Stale) && !self.health.in_transaction => {
                self.forget_statements().await?;
                self.ask(sql.text().to_owned(), arguments(sql.binds())?, true).await
            }
            done => done,
        }?;
        if uses_regexp(sql) {
            self.check_regexp().await?;
        }
        Ok(answer)
    }

    /// Asks whether a text was too hard for a pattern: MariaDB then says that it does not match, with a warning.
    async fn check_regexp(&mut self) -> Result<()> {
        self.health.start();
        let work = self.connection.fetch_all(sqlx::raw_sql("SHOW WARNINGS"));
        let done = within(self.health.reply_timeout(), work).await;
        let warnings = self.health.finish::<Self, _>(done)?;
        match warnings
            .iter()
            .find(|row| row.try_get::<u32, _>(1).is_ok_and(|code| code == u32::from(REGEXP_FAILED)))
        {
            None => Ok(()),
            Some(row) => {
                // The transaction around it is given up, and may not be tried again.
                self.health.fate = Some(Fate::Refused);
                Err(Error::new(ErrorKind::Unsupported, TOO_HARD).detail(text_at(row, 2).unwrap_or_default()))
            }
        }
    }

    /// Runs a statement that is prepared for this one time.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn run_once(&mut self, text: String, binds: &[Bind<'_>]) -> Result<Answer> {
        self.choose_database().await?;
        self.ask(text, arguments(binds)?, false).await
    }

    /// Runs statements without values or results.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn command(&mut self, text: impl Into<String>) -> Result<()> {
        self.health.start();
        let work = self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text.into())));
        let done = within(self.health.reply_timeout(), work).await;
        self.health.finish::<Self, _>(done).map(drop)
    }

    /// Uses the database of the tables, which may have been created since the connection was opened.
    async fn choose_database(&mut self) -> Result<()> {
        if self.has_database {
            return Ok(());
        }
        if let Some(text) = self.database.as_deref().map(use_statement) {
            self.health.start();
            let work = self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text)));
            let done = within(self.health.reply_timeout(), work).await;
            let missing =
                matches!(&done, Some(Err(e)) if native(e).is_some_and(|e| e.number() == NO_DATABASE));
            match self.health.finish::<Self, _>(done) {
                // What needs it fails by itself.
                Err(_) if missing => return Ok(()),
                done => done?,
            };
        }
        self.has_database = true;
        Ok(())
    }

    async fn ask(&mut self, text: String, arguments: MySqlArguments, keep: bool) -> Result<Answer> {
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
        self.same_key = matches!(&done, Some(Err(error)) if is_same_key(error));
        self.health.finish::<Self, _>(done)
    }
}

impl Session for MySession {
    type Connect = Connect;

    async fn open(connect: &Connect, health: Health) -> Result<Self, sqlx::Error> {
        let mut connection = connect.server.connect().await?;
        let version = sqlx::query("SELECT VERSION()").fetch_one(&mut connection).await?;
        let dialect = dialect::of_version(text_at(&version, 0)?);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(dialect.settings(connect.statement_timeout)))).await?;
        let has_database = match connect.database.as_deref().map(use_statement) {
            None => true,
            Some(text) => match connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await {
                Ok(_) => true,
                // It is created with the tables.
                Err(error) if native(&error).is_some_and(|e| e.number() == NO_DATABASE) => false,
                Err(error) => return Err(error),
            },
        };
        let database = connect.database.clone();
        Ok(Self { connection, health, dialect, database, has_database, same_key: false })
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
        self.choose_database().await?;
        self.health.in_transaction = true;
        self.health.committing = false;
        self.command("START TRANSACTION").await
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
            Some(error) => matches!(error.number(), 1044 | 1045 | 1130 | 1251 | 1698),
            None => fate(error) == Fate::Refused,
        }
    }

    fn convert(error: sqlx::Error) -> Error {
        convert(error)
    }
}

/// Whether a statement matches regular expressions, so that its answer is to be checked.
pub(super) fn uses_regexp(sql: &Sql<'_>) -> bool {
    sql.text().contains(" REGEXP ")
}

fn use_statement(database: &str) -> String {
    let mut text = String::from("USE ");
    dialect::MARIADB.quote(&mut text, database);
    text
}

fn arguments(binds: &[Bind<'_>]) -> Result<MySqlArguments> {
    if binds.len() > MAX_BINDS {
        return Err(Error::invalid(format!(
            "the condition has {} values, at most {MAX_BINDS} are allowed",
            binds.len()
        )));
    }
    let mut arguments = MySqlArguments::default();
    for bind in binds {
        let parameter = Parameter(bind);
        parameter.check()?;
        arguments.add(parameter).map_err(|e| convert(sqlx::Error::Encode(e)))?;
    }
    Ok(arguments)
}
