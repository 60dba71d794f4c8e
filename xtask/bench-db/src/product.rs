//! The products, and where each keeps the tables of a measurement.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use tempfile::TempDir;

use crate::bare;
use crate::case::Numbers;
use crate::measure::{Effort, compare};
use crate::ours::Ours;
use crate::record::{Extent, GROUP};
use crate::report::Line;

/// Connections of both sides to a server.
pub(crate) const CONNECTIONS: usize = 10;

/// A database product.
pub(crate) struct Product {
    /// Its name, as in `-db-pool`.
    pub(crate) name: &'static str,
    /// The variable with the address of its server; empty for products that are files.
    pub(crate) server: &'static str,
    /// The setting of an address that gives the measurement a place of its own.
    room: &'static str,
    /// What removes that place, if its tables do not.
    clean: Option<fn(&str) -> String>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Sqlite,
    Lmdb,
    Postgres,
    MySql,
    Redis,
    DynamoDb,
}

/// All of them.
pub(crate) static PRODUCTS: [Product; 6] = [
    Product { name: "sqlite", server: "", room: "", clean: None, kind: Kind::Sqlite },
    Product { name: "lmdb", server: "", room: "", clean: None, kind: Kind::Lmdb },
    Product {
        name: "postgres",
        server: "BKJS_TEST_POSTGRES_URL",
        room: "schema",
        clean: Some(|room| format!("DROP SCHEMA IF EXISTS {room} CASCADE")),
        kind: Kind::Postgres,
    },
    Product {
        name: "mysql",
        server: "BKJS_TEST_MYSQL_URL",
        room: "database",
        clean: Some(|room| format!("DROP DATABASE IF EXISTS {room}")),
        kind: Kind::MySql,
    },
    Product { name: "redis", server: "BKJS_TEST_REDIS_URL", room: "prefix", clean: None, kind: Kind::Redis },
    Product {
        name: "dynamodb",
        server: "BKJS_TEST_DYNAMODB_URL",
        room: "prefix",
        clean: None,
        kind: Kind::DynamoDb,
    },
];

/// Where the data of one measurement is.
pub(crate) struct Place {
    /// The address of the server.
    pub(crate) url: String,
    /// A name that nobody else uses there.
    pub(crate) room: String,
    /// The file of a product that is one.
    pub(crate) file: PathBuf,
    folder: TempDir,
}

impl Place {
    fn new(url: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bkjs-bench-").tempdir()?;
        let room = format!("bench_{}", std::process::id());
        Ok(Self { url: url.to_owned(), room, file: folder.path().join("bench.db"), folder })
    }

    /// Another file.
    pub(crate) fn file_beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Product {
    /// Where its server is, or nothing for a file; none when there is no server.
    pub(crate) fn url(&self) -> Option<String> {
        if self.server.is_empty() { Some(String::new()) } else { std::env::var(self.server).ok() }
    }

    /// Fills the tables, and measures both sides.
    ///
    /// # Errors
    /// When an operation fails.
    pub(crate) async fn measure(&self, url: &str, rows: u64, effort: &Effort) -> Result<Vec<Line>> {
        let place = Place::new(url)?;
        // An emulator in a slow language holds few.
        let records = if matches!(self.kind, Kind::DynamoDb) { (rows / 100).max(GROUP) } else { rows };
        let extent = Extent { records, groups: (records / GROUP / 5).max(1) };
        let own = match self.room {
            "" => String::new(),
            setting => format!("{url}?{setting}={}", place.room),
        };
        let connections =
            matches!(self.kind, Kind::Postgres | Kind::MySql | Kind::Redis).then_some(CONNECTIONS);
        let ours = Arc::new(Ours::open(self.name, &own, &place.file, connections).await?);
        ours.fill(extent).await?;
        let lines = self.against_bare(&place, &ours, extent, effort).await?;
        ours.end(self.clean.map(|clean| clean(&place.room))).await?;
        Ok(lines)
    }

    async fn against_bare(
        &self,
        place: &Place,
        ours: &Arc<Ours>,
        extent: Extent,
        effort: &Effort,
    ) -> Result<Vec<Line>> {
        let numbers = Arc::new(Numbers::new(extent));
        macro_rules! against {
            ($bare:expr) => {
                compare(self.name, ours, &Arc::new($bare), &numbers, effort).await
            };
        }
        match self.kind {
            Kind::Sqlite => against!(bare::Sqlite::open(place)?),
            Kind::Lmdb => against!(bare::Lmdb::open(place, extent)?),
            Kind::Postgres => against!(bare::Postgres::open(place)?),
            Kind::MySql => against!(bare::MySql::open(place)?),
            Kind::Redis => {
                let bare = Arc::new(bare::Redis::open(place, extent).await?);
                let lines = compare(self.name, ours, &bare, &numbers, effort).await?;
                bare.clean().await?;
                Ok(lines)
            }
            Kind::DynamoDb => against!(bare::DynamoDb::open(place).await?),
        }
    }
}
