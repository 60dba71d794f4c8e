use std::sync::Arc;

use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlDatabaseError, MySqlQueryResult, MySqlRow, MySqlValueRef,
};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Executor as _, MySql, Row as _};

use super::convert::{Parameter, decode, decode_plain, text_at};
use super::dialect;
use super::error::{self, REGEXP_FAILED, is_no_database};
use super::{execute, schema, statement};
use crate::db::driver::{Affected, Difference, Write};
use crate::db::drivers::pooled::{Counts, Failure, Fate, Health, Line, Session, encoded, native};
use crate::db::sql::{Bind, Cause, Dialect, Sql};
use crate::schema::{ColumnType, Table};
use crate::value::Value;
use crate::{Error, Result};

/// How connections are opened.
pub(in crate::db::drivers) struct Connect {
    /// The server and the login.
    pub(super) server: MySqlConnectOptions,
    /// The database that holds the tables.
    pub(super) database: Option<String>,
    /// Milliseconds a statement may take; 0 is no limit.
    pub(super) statement_timeout: u64,
}

/// A connection, and what is known of its state.
pub(in crate::db::drivers) struct MySession {
    line: Line<MySql>,
    flavour: &'static dialect::MySql,
    database: Option<String>,
    /// The database was there when it was looked for last.
    has_database: bool,
}

impl MySession {
    /// Which of the two products the server is.
    pub(super) fn flavour(&self) -> &'static dialect::MySql {
        self.flavour
    }

    /// The database that holds the tables, if one was named.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }
}

impl Counts for MySql {
    fn count(done: &MySqlQueryResult) -> u64 {
        done.rows_affected()
    }
}

impl Session for MySession {
    type Database = MySql;
    type Native = MySqlDatabaseError;
    type Connect = Connect;
    type Plan<'w> = statement::Plan<'w>;

    const NAME: &'static str = "mysql";
    const BEGIN: &'static str = "START TRANSACTION";
    const ALLOWED: &'static [&'static str] = &[
        "select", "with", "values", "table", "insert", "update", "delete", "replace", "explain", "describe",
        "show", "create", "alter", "drop", "truncate", "rename", "analyze", "optimize", "grant", "revoke",
    ];

    const REPEATS: bool = true;

    async fn open(connect: &Connect, health: Health) -> Result<Self, sqlx::Error> {
        let mut connection = connect.server.connect().await?;
        let version = sqlx::query("SELECT VERSION()").fetch_one(&mut connection).await?;
        let flavour = dialect::of_version(text_at(&version, 0)?);
        let settings = flavour.settings(connect.statement_timeout);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await?;
        let has_database = match connect.database.as_deref().map(use_statement) {
            None => true,
            Some(text) => match connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await {
                Ok(_) => true,
                // It is created with the tables.
                Err(error) if native::<Self>(&error).is_some_and(is_no_database) => false,
                Err(error) => return Err(error),
            },
        };
        let database = connect.database.clone();
        Ok(Self { line: Line { connection, health }, flavour, database, has_database })
    }

    fn line(&self) -> &Line<MySql> {
        &self.line
    }

    fn line_mut(&mut self) -> &mut Line<MySql> {
        &mut self.line
    }

    fn into_line(self) -> Line<MySql> {
        self.line
    }

    fn dialect(&self) -> &'static dyn Dialect {
        self.flavour
    }

    fn add(arguments: &mut MySqlArguments, bind: &Bind<'_>, _of_caller: bool) -> Result<()> {
        let parameter = Parameter(bind);
        parameter.check()?;
        arguments.add(parameter).map_err(encoded)
    }

    fn decode(stored: MySqlValueRef<'_>, kind: ColumnType) -> Result<Value> {
        decode(stored, kind)
    }

    fn decode_plain(stored: MySqlValueRef<'_>) -> Result<Value> {
        decode_plain(stored)
    }

    fn failure(error: &MySqlDatabaseError) -> Failure {
        error::failure(error)
    }

    /// Uses the database of the tables, which may have been created since the connection was opened.
    async fn prepare(&mut self) -> Result<()> {
        if self.has_database {
            return Ok(());
        }
        if let Some(text) = self.database.as_deref().map(use_statement) {
            match self.command(&text).await {
                // What needs it fails by itself.
                Err(error) if error::native(&error).is_some_and(is_no_database) => return Ok(()),
                done => done?,
            };
            // A statement runs in the database that was used when it was prepared, which was none.
            self.forget_statements().await?;
        }
        self.has_database = true;
        Ok(())
    }

    /// Asks whether a text was too hard for a pattern: MariaDB then says that it does not match, with a warning.
    async fn check(&mut self, sql: &Sql<'_>) -> Result<()> {
        if !uses_regexp(sql) {
            return Ok(());
        }
        let warnings = self.command("SHOW WARNINGS").await?.rows;
        let failed =
            |row: &&MySqlRow| row.try_get::<u32, _>(1).is_ok_and(|code| code == u32::from(REGEXP_FAILED));
        let Some(row) = warnings.iter().find(failed) else { return Ok(()) };
        // The transaction around it is given up, and may not be tried again.
        self.line.health.fate = Some(Fate::Refused);
        let (kind, message) = Cause::TooHard.told();
        Err(Error::new(kind, message).detail(text_at(row, 2).unwrap_or_default()))
    }

    fn plan<'w>(&self, write: &'w Write, now: i64) -> Result<Self::Plan<'w>> {
        statement::write(self.flavour, write, now)
    }

    fn needs_transaction(plan: &Self::Plan<'_>) -> bool {
        plan.needs_transaction()
    }

    async fn run_plan<'w>(&mut self, write: &'w Write, plan: &Self::Plan<'w>) -> Result<Option<Affected>> {
        execute::run(self, write, plan).await
    }

    async fn differences(&mut self, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
        schema::plan(self, tables).await
    }

    async fn create(&mut self, tables: &[Arc<Table>]) -> Result<Vec<Difference>> {
        schema::create(self, tables).await
    }

    async fn index_names(&mut self, table: &Table) -> Result<Vec<String>> {
        schema::index_names(self, table).await
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
