//! rusqlite: one connection that everybody uses in turn on the thread of the callers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use rusqlite::{Connection, params};

use crate::product::Place;
use crate::record::{BATCH, GROUP, MTIME, Record, group, id};
use crate::side::Side;

const INSERT: &str = "INSERT INTO bench (id, name, num, mtime) VALUES (?1, ?2, ?3, ?4)";

/// The lock is never waited for: one thread works.
pub(crate) struct Sqlite(Mutex<Connection>);

impl Sqlite {
    /// Opens the file of the other side, with the same settings.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(place: &Place) -> Result<Self> {
        let connection = Connection::open(&place.file)?;
        connection.execute_batch(
            "PRAGMA synchronous = normal; PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456;
             PRAGMA temp_store = memory; PRAGMA busy_timeout = 5000",
        )?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { id: row.get(0)?, name: row.get(1)?, num: row.get(2)?, mtime: row.get(3)? })
}

fn add(connection: &Connection, record: &Record) -> Result<()> {
    let Record { id, name, num, mtime } = record;
    ensure!(connection.prepare_cached(INSERT)?.execute(params![id, name, num, mtime])? == 1, "not inserted");
    Ok(())
}

impl Side for Sqlite {
    async fn get(&self, number: u64) -> Result<()> {
        let connection = self.connection();
        let mut get = connection.prepare_cached("SELECT id, name, num, mtime FROM bench WHERE id = ?1")?;
        ensure!(get.query_row([id(number)], record)?.mtime == MTIME, "another record");
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<()> {
        add(&self.connection(), &Record::numbered(number))
    }

    async fn update(&self, number: u64) -> Result<()> {
        let connection = self.connection();
        let mut update = connection.prepare_cached("UPDATE bench SET num = ?1 WHERE id = ?2")?;
        ensure!(update.execute(params![8, id(number)])? == 1, "not updated");
        Ok(())
    }

    async fn select(&self, number: u64) -> Result<()> {
        let connection = self.connection();
        let mut select = connection.prepare_cached(
            "SELECT id, name, num, mtime FROM bench_group WHERE grp = ?1 ORDER BY id LIMIT ?2",
        )?;
        let found: Vec<Record> =
            select.query_map(params![group(number), GROUP as i64], record)?.collect::<Result<_, _>>()?;
        ensure!(found.len() as u64 == GROUP, "{} records", found.len());
        Ok(())
    }

    async fn batch(&self, first: u64) -> Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for number in first..first + BATCH {
            add(&transaction, &Record::numbered(number))?;
        }
        Ok(transaction.commit()?)
    }
}
