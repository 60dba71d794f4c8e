//! rusqlite: a table, on one connection on the thread of the callers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::BODY;
use crate::place::Place;
use crate::queue::{End, Side};

const TAKE: &str =
    "UPDATE queue SET taken = 1 WHERE id = (SELECT min(id) FROM queue WHERE taken = 0) RETURNING id, body";

/// The lock is never waited for: one thread works.
pub(crate) struct Sqlite(Mutex<Connection>);

impl Sqlite {
    /// Makes a file, with the settings of the other side.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let connection = Connection::open(place.file("bare.db"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA cache_size = -16384;
             PRAGMA mmap_size = 268435456; PRAGMA temp_store = memory;
             CREATE TABLE queue (id INTEGER PRIMARY KEY, taken INTEGER, body TEXT);
             CREATE INDEX queue_taken ON queue (taken, id)",
        )?;
        Ok(Self(Mutex::new(connection)))
    }

    /// The file goes with its place.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn clean(&self) -> Result<()> {
        Ok(())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one job; false when there is none.
    fn one(&self) -> Result<bool> {
        let connection = self.connection();
        let mut take = connection.prepare_cached(TAKE)?;
        let job =
            take.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional()?;
        let Some((id, body)) = job else { return Ok(false) };
        ensure!(body == BODY, "another job");
        connection.prepare_cached("DELETE FROM queue WHERE id = ?1")?.execute([id])?;
        Ok(true)
    }
}

impl Side for Sqlite {
    async fn submit(&self) -> Result<()> {
        let connection = self.connection();
        connection
            .prepare_cached("INSERT INTO queue (taken, body) VALUES (0, ?1)")?
            .execute(params![BODY])?;
        Ok(())
    }

    async fn work(&self, count: u64) -> Result<End> {
        let mut left = count;
        while left > 0 {
            left -= u64::from(self.one()?);
            tokio::task::yield_now().await;
        }
        Ok(Box::pin(std::future::ready(Ok(()))))
    }
}
