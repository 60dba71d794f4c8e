//! The one table.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// A record of twelve columns.
#[derive(Deserialize, Serialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    login: String,
    name: String,
    email: String,
    phone: String,
    gender: String,
    street: String,
    city: String,
    state: String,
    country: String,
    #[serde(default)]
    ctime: i64,
    #[serde(default)]
    mtime: i64,
}

const COLUMNS: &str = "id, login, name, email, phone, gender, street, city, state, country, ctime, mtime";

/// One connection for everything.
pub(crate) struct Database(Connection);

impl Database {
    /// Opens the file and fills it.
    pub(crate) fn open(path: &Path, rows: u64) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -64000;
             CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, login TEXT, name TEXT, email TEXT, phone TEXT,
                 gender TEXT, street TEXT, city TEXT, state TEXT, country TEXT, ctime INTEGER, mtime INTEGER)
                 WITHOUT ROWID;
             BEGIN",
        )?;
        let database = Self(connection);
        for number in 0..rows {
            database.insert(&Row::filled(number))?;
        }
        database.0.execute_batch("COMMIT")?;
        Ok(database)
    }

    pub(crate) fn get(&self, id: &str) -> rusqlite::Result<Row> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE id = ?");
        self.0.prepare_cached(&sql)?.query_row([id], read)
    }

    /// Records from this key on, in order of their keys.
    pub(crate) fn list(&self, from: &str, count: u32) -> rusqlite::Result<Vec<Row>> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE id >= ? ORDER BY id LIMIT ?");
        self.0.prepare_cached(&sql)?.query_map(params![from, count], read)?.collect()
    }

    pub(crate) fn insert(&self, row: &Row) -> rusqlite::Result<()> {
        let sql = format!("INSERT INTO account ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        self.0.prepare_cached(&sql)?.execute(params![
            row.id,
            row.login,
            row.name,
            row.email,
            row.phone,
            row.gender,
            row.street,
            row.city,
            row.state,
            row.country,
            row.ctime,
            row.mtime
        ])?;
        Ok(())
    }
}

impl Row {
    fn filled(number: u64) -> Self {
        Self {
            id: format!("{number:032}"),
            login: format!("user{number}"),
            name: format!("User {number}"),
            email: format!("user{number}@example.com"),
            phone: format!("{}", 15_550_000_000 + number),
            gender: "f".into(),
            street: format!("{number} Main Street"),
            city: "Springfield".into(),
            state: "CA".into(),
            country: "US".into(),
            ctime: 1_500_000_000_000,
            mtime: 1_500_000_000_000,
        }
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        login: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        phone: row.get(4)?,
        gender: row.get(5)?,
        street: row.get(6)?,
        city: row.get(7)?,
        state: row.get(8)?,
        country: row.get(9)?,
        ctime: row.get(10)?,
        mtime: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Database, Row};

    #[test]
    fn rows_are_kept_and_listed_in_order() {
        let folder = std::env::temp_dir().join(format!("bkjs-baseline-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = Database::open(&folder.join("test.db"), 50).unwrap();
        assert_eq!(database.get(&format!("{:032}", 7)).unwrap().name, "User 7");
        assert_eq!(database.list(&format!("{:032}", 40), 20).unwrap().len(), 10);
        assert!(database.get("nobody").is_err());
        assert!(database.insert(&Row::filled(7)).is_err(), "the key exists");
        drop(database);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
