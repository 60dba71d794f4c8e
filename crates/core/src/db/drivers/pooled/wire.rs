//! What of sqlx is asked of every product. Its bounds are said here once, so that nobody else has to.

use futures_util::TryStreamExt as _;
use sqlx::database::HasStatementCache;
use sqlx::{
    AssertSqlSafe, ColumnIndex, Connection as _, Database, Either, Executor, IntoArguments, Row as _,
};

use super::Answer;

/// A product whose answers say how many rows a statement found.
pub(in crate::db::drivers) trait Counts: Database + HasStatementCache {
    /// That number.
    fn count(done: &Self::QueryResult) -> u64;
}

/// Statements to a connection, and values out of its rows.
pub(in crate::db::drivers) trait Wire: Counts {
    /// Runs a prepared statement, and keeps it if told so.
    fn ask(
        connection: &mut Self::Connection,
        text: String,
        arguments: Self::Arguments,
        keep: bool,
    ) -> impl Future<Output = sqlx::Result<Answer<Self>>> + Send;

    /// Runs statements without values.
    fn command(
        connection: &mut Self::Connection,
        text: String,
    ) -> impl Future<Output = sqlx::Result<Answer<Self>>> + Send;

    /// Forgets all prepared statements.
    fn forget(connection: &mut Self::Connection) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// The stored value at a place of a row.
    ///
    /// # Errors
    /// When the row has no such place.
    fn value(row: &Self::Row, at: usize) -> sqlx::Result<Self::ValueRef<'_>>;
}

impl<DB> Wire for DB
where
    DB: Counts,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn ask(
        connection: &mut DB::Connection,
        text: String,
        arguments: DB::Arguments,
        keep: bool,
    ) -> sqlx::Result<Answer<DB>> {
        let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(keep);
        let mut answers = connection.fetch_many(query);
        let mut answer = Answer::default();
        while let Some(next) = answers.try_next().await? {
            match next {
                Either::Left(done) => answer.count += DB::count(&done),
                Either::Right(row) => answer.rows.push(row),
            }
        }
        Ok(answer)
    }

    async fn command(connection: &mut DB::Connection, text: String) -> sqlx::Result<Answer<DB>> {
        let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(text))).await?;
        Ok(Answer { rows, count: 0 })
    }

    async fn forget(connection: &mut DB::Connection) -> sqlx::Result<()> {
        connection.clear_cached_statements().await
    }

    fn value(row: &DB::Row, at: usize) -> sqlx::Result<DB::ValueRef<'_>> {
        row.try_get_raw(at)
    }
}
