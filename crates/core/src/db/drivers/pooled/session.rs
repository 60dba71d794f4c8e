use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{Column as _, Connection as _, Database, Row as _};

use super::wire::Wire;
use super::{Failure, Fate, Health};
use crate::db::driver::{Affected, Difference, Write};
use crate::db::sql::{Bind, Dialect, Sql};
use crate::schema::{Column, ColumnType, Table};
use crate::value::{Name, Row, Value};
use crate::{Error, Result};

/// The most placeholders of a statement.
const MAX_BINDS: usize = 65_535;

/// A connection, and what is known of its state.
pub(in crate::db::drivers) struct Line<DB: Database> {
    pub(in crate::db::drivers) connection: DB::Connection,
    pub(in crate::db::drivers) health: Health,
}

/// The answer to a statement.
pub(in crate::db::drivers) struct Answer<DB: Database> {
    /// Its rows.
    pub(in crate::db::drivers) rows: Vec<DB::Row>,
    /// How many rows it found, to read or to write.
    pub(in crate::db::drivers) count: u64,
}

impl<DB: Database> Default for Answer<DB> {
    fn default() -> Self {
        Self { rows: Vec::new(), count: 0 }
    }
}

/// The answer to a statement of a session.
pub(super) type AnswerOf<S> = Answer<<S as Session>::Database>;
/// A row of a session.
pub(super) type RowOf<S> = <<S as Session>::Database as Database>::Row;

/// A connection to one product: what it does in its own way, and from there on what all do.
pub(in crate::db::drivers) trait Session: Sized + Send + 'static {
    /// The product, as sqlx knows it.
    type Database: Wire;
    /// The server's own errors.
    type Native: DatabaseError;
    /// How it is opened.
    type Connect: Send + Sync + 'static;

    /// A write, put together.
    type Plan<'w>: Send + Sync;

    /// The name of the product.
    const NAME: &'static str;
    /// The statement that opens a transaction.
    const BEGIN: &'static str;
    /// How a statement of a caller may start.
    const ALLOWED: &'static [&'static str];

    /// Whether a plan that has to begin anew has changed nothing, and may do so in the same transaction.
    const REPEATS: bool;

    /// Opens a connection.
    ///
    /// # Errors
    /// That of the connection, as it is: the pool decides whether to try again.
    fn open(
        connect: &Self::Connect,
        health: Health,
    ) -> impl Future<Output = Result<Self, sqlx::Error>> + Send;

    /// The connection.
    fn line(&self) -> &Line<Self::Database>;

    /// The same, to be used.
    fn line_mut(&mut self) -> &mut Line<Self::Database>;

    /// The connection, for the last time.
    fn into_line(self) -> Line<Self::Database>;

    /// How the server spells things.
    fn dialect(&self) -> &'static dyn Dialect;

    /// Adds the value of a placeholder; those of a caller's own statements say no type.
    ///
    /// # Errors
    /// `Invalid` for a value that the product cannot have.
    fn add(
        arguments: &mut <Self::Database as Database>::Arguments,
        bind: &Bind<'_>,
        of_caller: bool,
    ) -> Result<()>;

    /// One stored value as the type of its column.
    ///
    /// # Errors
    /// `Internal` when it is of a type that the framework does not know.
    fn decode(stored: <Self::Database as Database>::ValueRef<'_>, kind: ColumnType) -> Result<Value>;

    /// A value of no declared type.
    ///
    /// # Errors
    /// `Invalid` for a type that the framework does not know.
    fn decode_plain(stored: <Self::Database as Database>::ValueRef<'_>) -> Result<Value>;

    /// What an error of the server means.
    fn failure(error: &Self::Native) -> Failure;

    /// Makes sure that the tables are in sight, before a statement.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn prepare(&mut self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Looks whether what the server has answered is the whole truth, after a statement.
    ///
    /// # Errors
    /// Why it is not.
    fn check(&mut self, _sql: &Sql<'_>) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// What a write consists of.
    ///
    /// # Errors
    /// `Invalid` or `KeyIncomplete` for what does not fit the table.
    fn plan<'w>(&self, write: &'w Write, now: i64) -> Result<Self::Plan<'w>>;

    /// Whether several statements of a plan must see the same record, or be taken back together.
    fn needs_transaction(plan: &Self::Plan<'_>) -> bool;

    /// Runs a plan; none when others wrote between two of its statements, so that it has to begin anew.
    ///
    /// # Errors
    /// Those of the statements.
    fn run_plan<'w>(
        &mut self,
        write: &'w Write,
        plan: &Self::Plan<'w>,
    ) -> impl Future<Output = Result<Option<Affected>>> + Send;

    /// In what the database differs from these tables.
    ///
    /// # Errors
    /// `Invalid` for a name that is too long, and those of the statements.
    fn differences(&mut self, tables: &[Arc<Table>]) -> impl Future<Output = Result<Vec<Difference>>> + Send;

    /// Carries out the changes of [`differences`](Self::differences), one creator at a time; the whole plan.
    ///
    /// # Errors
    /// As there, and `AlreadyExists` when records stand in the way of a unique index.
    fn create(&mut self, tables: &[Arc<Table>]) -> impl Future<Output = Result<Vec<Difference>>> + Send;

    /// The names of the indexes that were made on a table, sorted.
    ///
    /// # Errors
    /// Those of the statement.
    fn index_names(&mut self, table: &Table) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// What is known of the connection.
    fn health(&self) -> &Health {
        &self.line().health
    }

    /// Runs a statement, which is kept prepared.
    ///
    /// # Errors
    /// Those of the statement; `Unavailable` when the connection is lost and the outcome not known.
    fn run(&mut self, sql: &Sql<'_>) -> impl Future<Output = Result<AnswerOf<Self>>> + Send {
        async move {
            self.prepare().await?;
            let answer = match self.ask(sql.text(), sql.binds(), true).await {
                Err(_) if self.health().fate == Some(Fate::Stale) && !self.health().in_transaction => {
                    self.forget_statements().await?;
                    self.ask(sql.text(), sql.binds(), true).await
                }
                done => done,
            }?;
            self.check(sql).await?;
            Ok(answer)
        }
    }

    /// Runs a statement of a caller, which is prepared for this one time.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn run_once(
        &mut self,
        text: &str,
        binds: &[Bind<'_>],
    ) -> impl Future<Output = Result<AnswerOf<Self>>> + Send {
        async move {
            self.prepare().await?;
            self.ask(text, binds, false).await
        }
    }

    /// Sends a statement with its values.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn ask(
        &mut self,
        text: &str,
        binds: &[Bind<'_>],
        keep: bool,
    ) -> impl Future<Output = Result<AnswerOf<Self>>> + Send {
        async move {
            let arguments = arguments::<Self>(binds, !keep)?;
            let Line { connection, health } = self.line_mut();
            health.start();
            // Boxed, or every future around it, which is moved a few times, would hold a copy of its hundreds of bytes.
            let work = Box::pin(Self::Database::ask(connection, text.to_owned(), arguments, keep));
            let done = health.within(work).await;
            health.finish::<Self, _>(done)
        }
    }

    /// Runs statements without values.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn command(&mut self, text: &str) -> impl Future<Output = Result<AnswerOf<Self>>> + Send {
        async move {
            let Line { connection, health } = self.line_mut();
            health.start();
            let done = health.within(Box::pin(Self::Database::command(connection, text.to_owned()))).await;
            health.finish::<Self, _>(done)
        }
    }

    /// Opens a transaction; until [`commit`](Self::commit) or [`rollback`](Self::rollback) nobody else gets the
    /// connection.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn begin(&mut self) -> impl Future<Output = Result<()>> + Send {
        async move {
            self.prepare().await?;
            let health = &mut self.line_mut().health;
            (health.in_transaction, health.committing) = (true, false);
            self.command(Self::BEGIN).await.map(drop)
        }
    }

    /// Applies the transaction.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn commit(&mut self) -> impl Future<Output = Result<()>> + Send {
        async move {
            self.line_mut().health.committing = true;
            self.command("COMMIT").await?;
            self.line_mut().health.in_transaction = false;
            Ok(())
        }
    }

    /// Ends the transaction without its changes. A connection on which that fails is not used again.
    fn rollback(&mut self) -> impl Future<Output = ()> + Send {
        async move {
            let cause = self.health().fate;
            if cause != Some(Fate::Lost) && self.command("ROLLBACK").await.is_ok() {
                let health = &mut self.line_mut().health;
                (health.in_transaction, health.fate) = (false, cause);
            }
        }
    }

    /// Prepares all statements anew when they are run next.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn forget_statements(&mut self) -> impl Future<Output = Result<()>> + Send {
        async move {
            let Line { connection, health } = self.line_mut();
            health.start();
            let done = health.within(Self::Database::forget(connection)).await;
            health.finish::<Self, _>(done)
        }
    }

    /// Whether the server answers.
    fn ping(&mut self, limit: Duration) -> impl Future<Output = bool> + Send {
        async move {
            let Line { connection, health } = self.line_mut();
            health.busy = true;
            let answered = matches!(tokio::time::timeout(limit, connection.ping()).await, Ok(Ok(())));
            health.busy = !answered;
            answered
        }
    }

    /// Says goodbye to the server.
    fn close(self) -> impl Future<Output = ()> + Send {
        async move {
            // It may be gone already: fine.
            let _ = self.into_line().connection.close().await;
        }
    }

    /// The record in a result row whose columns are these.
    ///
    /// # Errors
    /// `Internal` when a stored value is of a type that the framework does not know.
    fn decode_row(row: &RowOf<Self>, columns: &[&Column]) -> Result<Row> {
        let mut record = Row::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let stored = Self::Database::value(row, at).map_err(too_few)?;
            let value = Self::decode(stored, column.column_type())
                .map_err(|e| Error::internal(format!("column {} cannot be read", column.name)).source(e))?;
            record.push(column.name.clone(), value);
        }
        Ok(record)
    }

    /// The record in a result row of a caller's statement.
    ///
    /// # Errors
    /// `Invalid` for a type that the framework does not know.
    fn decode_plain_row(row: &RowOf<Self>) -> Result<Row> {
        let mut record = Row::with_capacity(row.len());
        for column in row.columns() {
            let stored = Self::Database::value(row, column.ordinal()).map_err(too_few)?;
            // Two columns of one name: the later one stands, as in a map.
            record.set(Name::from(column.name()), Self::decode_plain(stored)?);
        }
        Ok(record)
    }

    /// The value at a place of a row, as this type.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn value_at(row: &RowOf<Self>, at: usize, kind: ColumnType) -> Result<Value> {
        Self::decode(Self::Database::value(row, at).map_err(too_few)?, kind)
    }
}

fn too_few(error: sqlx::Error) -> Error {
    Error::internal("a result has too few columns").source(error)
}

fn arguments<S: Session>(
    binds: &[Bind<'_>],
    of_caller: bool,
) -> Result<<S::Database as Database>::Arguments> {
    if binds.len() > MAX_BINDS {
        return Err(Error::invalid(format!(
            "the condition has {} values, at most {MAX_BINDS} are allowed",
            binds.len()
        )));
    }
    let mut arguments = Default::default();
    binds.iter().try_for_each(|bind| S::add(&mut arguments, bind, of_caller))?;
    Ok(arguments)
}
