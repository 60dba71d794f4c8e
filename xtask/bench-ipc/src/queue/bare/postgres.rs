//! sqlx: a table, from which each of several connections takes a row that no other one has locked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bkjs_core::task::spawn;
use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, Row as _};

use super::BODY;
use crate::place::Place;
use crate::queue::{CONCURRENCY, End, Side};

/// Connections, and the statements.
pub(crate) struct Postgres {
    pool: Pool<Connector>,
    table: String,
}

/// Opens connections.
struct Connector(PgConnectOptions);

impl Manager for Connector {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<PgConnection> {
        self.0.connect().await
    }

    async fn recycle(&self, _: &mut PgConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

impl Postgres {
    /// Connects, and makes the table.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let options: PgConnectOptions = place.url.parse()?;
        let pool =
            Pool::builder(Connector(options.disable_statement_logging())).max_size(CONCURRENCY).build()?;
        let side = Self { pool, table: format!("{}_bare", place.room) };
        let table = &side.table;
        side.run(format!("CREATE TABLE {table} (id bigserial PRIMARY KEY, taken int, body text)")).await?;
        side.run(format!("CREATE INDEX {table}_taken ON {table} (taken, id)")).await?;
        Ok(side)
    }

    /// Removes the table.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self) -> Result<()> {
        self.run(format!("DROP TABLE {}", self.table)).await
    }

    async fn run(&self, statement: String) -> Result<()> {
        let mut connection = connection(&self.pool).await?;
        connection.execute(sqlx::query(AssertSqlSafe(statement))).await?;
        Ok(())
    }
}

async fn connection(pool: &Pool<Connector>) -> Result<Object<Connector>> {
    pool.get().await.map_err(|error| anyhow::anyhow!("{error}"))
}

impl Side for Postgres {
    async fn submit(&self) -> Result<()> {
        let mut connection = connection(&self.pool).await?;
        let insert = format!("INSERT INTO {} (taken, body) VALUES (0, $1)", self.table);
        connection.execute(sqlx::query(AssertSqlSafe(insert)).bind(BODY)).await?;
        Ok(())
    }

    async fn work(&self, count: u64) -> Result<End> {
        let left = Arc::new(AtomicU64::new(count));
        let table = &self.table;
        let take: Arc<str> = format!(
            "UPDATE {table} SET taken = 1 WHERE id = (SELECT id FROM {table} WHERE taken = 0 ORDER BY id LIMIT 1
             FOR UPDATE SKIP LOCKED) RETURNING id, body"
        )
        .into();
        let delete: Arc<str> = format!("DELETE FROM {table} WHERE id = $1").into();
        let lane = |_| {
            let (pool, left, take, delete) = (self.pool.clone(), left.clone(), take.clone(), delete.clone());
            spawn("lane", async move {
                while left.load(Ordering::Relaxed) > 0 {
                    let mut connection = connection(&pool).await?;
                    let take = sqlx::query(AssertSqlSafe(take.to_string()));
                    let Some(row) = connection.fetch_optional(take).await? else {
                        drop(connection);
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        continue;
                    };
                    ensure!(row.try_get::<String, _>(1)? == BODY, "another job");
                    let delete = sqlx::query(AssertSqlSafe(delete.to_string()));
                    connection.execute(delete.bind(row.try_get::<i64, _>(0)?)).await?;
                    left.fetch_sub(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        };
        for lane in (0..CONCURRENCY).map(lane).collect::<Vec<_>>() {
            lane.await?.context("a lane panicked")??;
        }
        Ok(Box::pin(std::future::ready(Ok(()))))
    }
}
