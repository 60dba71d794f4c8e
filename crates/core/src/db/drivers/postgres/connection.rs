use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgDatabaseError, PgQueryResult, PgValueRef};
use sqlx::{Arguments as _, ConnectOptions as _, Postgres};

use super::convert::{Parameter, decode, decode_plain};
use super::{dialect, error, execute, schema};
use crate::Result;
use crate::db::driver::{Affected, Difference, Write};
use crate::db::drivers::pooled::{Counts, Failure, Health, Line, Session, encoded};
use crate::db::sql::{Bind, Dialect, upsert};
use crate::schema::{ColumnType, Table};
use crate::value::Value;

/// How connections are opened.
pub(in crate::db::drivers) struct Connect {
    /// The server and the login.
    pub(super) server: PgConnectOptions,
    /// The schema that holds the tables, if one was named.
    pub(super) schema: Option<String>,
}

/// A connection, and what is known of its state.
pub(in crate::db::drivers) struct PgSession {
    line: Line<Postgres>,
    schema: Option<String>,
}

impl PgSession {
    /// The schema that holds the tables, if one was named.
    pub(super) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }
}

impl Counts for Postgres {
    fn count(done: &PgQueryResult) -> u64 {
        done.rows_affected()
    }
}

impl Session for PgSession {
    type Database = Postgres;
    type Native = PgDatabaseError;
    type Connect = Connect;
    type Plan<'w> = upsert::Plan<'w>;

    const NAME: &'static str = "postgres";
    const BEGIN: &'static str = "BEGIN";
    const ALLOWED: &'static [&'static str] = &[
        "select", "with", "values", "table", "insert", "update", "delete", "merge", "explain", "show",
        "create", "alter", "drop", "truncate", "comment", "analyze", "refresh", "reindex", "vacuum", "grant",
        "revoke",
    ];

    const REPEATS: bool = false;

    async fn open(connect: &Connect, health: Health) -> Result<Self, sqlx::Error> {
        let connection = connect.server.connect().await?;
        Ok(Self { line: Line { connection, health }, schema: connect.schema.clone() })
    }

    fn line(&self) -> &Line<Postgres> {
        &self.line
    }

    fn line_mut(&mut self) -> &mut Line<Postgres> {
        &mut self.line
    }

    fn into_line(self) -> Line<Postgres> {
        self.line
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &dialect::Postgres
    }

    fn add(arguments: &mut PgArguments, bind: &Bind<'_>, of_caller: bool) -> Result<()> {
        let parameter = if of_caller { Parameter::of_caller(bind) } else { Parameter::typed(bind) };
        parameter.check()?;
        arguments.add(parameter).map_err(encoded)
    }

    fn decode(stored: PgValueRef<'_>, kind: ColumnType) -> Result<Value> {
        decode(stored, kind)
    }

    fn decode_plain(stored: PgValueRef<'_>) -> Result<Value> {
        decode_plain(stored)
    }

    fn failure(error: &PgDatabaseError) -> Failure {
        error::failure(error)
    }

    fn plan<'w>(&self, write: &'w Write, now: i64) -> Result<Self::Plan<'w>> {
        upsert::write(&dialect::Postgres, write, now)
    }

    fn needs_transaction(plan: &Self::Plan<'_>) -> bool {
        // Removing what has expired is right whatever becomes of the rest.
        plan.old.is_some()
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
