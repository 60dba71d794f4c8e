//! The products that the contract is tried on. Adding one is adding an entry to [`BACKENDS`].

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use bkjs_core::db::driver::{BoxFuture, Capabilities, Driver};
use bkjs_core::db::drivers::none::NoneDriver;
use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Db, DbBuilder};
use bkjs_core::schema::{SchemaBuilder, Table};
use serde_json::{Map, Value as Json};
use tempfile::TempDir;

use crate::check::{Checked, holds_that};
use crate::remains;

/// A database product.
pub(crate) struct Backend {
    /// Its name, shown with each trial.
    pub(crate) name: &'static str,
    /// The address of the store of a trial: empty the first time, the same one whenever it is asked again.
    pub(crate) url: fn(&Place) -> String,
    /// The variable with the address of its server; without it the trials are skipped. Products that are files
    /// have none.
    pub(crate) server: Option<&'static str>,
    /// How the store of a trial is removed from a server.
    remains: Remains,
    /// Its statement for `id` and `num` of the records of T1 with the `id` that is bound, if it has a language.
    pub(crate) raw_by_id: Option<&'static str>,
}

impl Backend {
    /// What the driver says it can do.
    pub(crate) fn capabilities(&self) -> Checked<Capabilities> {
        Ok(*self.open(&Place::new()?)?.capabilities())
    }

    /// Why it cannot be tried here.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let variable = self.server.filter(|variable| std::env::var_os(variable).is_none())?;
        Some(format!("needs {variable}"))
    }

    /// Removes what a trial has left.
    pub(crate) async fn remove(&self, place: &Place) -> Checked {
        match self.remains {
            Remains::Files => Ok(()),
            Remains::Statement(statement) => {
                let driver = self.open(place)?;
                driver.query(statement(place), Vec::new()).await?;
                driver.close().await;
                Ok(())
            }
            Remains::Calls(remove) => remove(place.unique().to_owned(), (self.url)(place)).await,
        }
    }

    fn open(&self, place: &Place) -> Checked<Arc<dyn Driver>> {
        self.open_with(place, Map::new())
    }

    fn open_with(&self, place: &Place, options: Map<String, Json>) -> Checked<Arc<dyn Driver>> {
        self.open_at(&(self.url)(place), place, options)
    }

    fn open_at(&self, url: &str, place: &Place, options: Map<String, Json>) -> Checked<Arc<dyn Driver>> {
        let default_file = place.folder().join("default.db");
        let location = Location { url, default_file: &default_file, options };
        Ok(drivers::open(self.name, location)?)
    }
}

/// What removes the store of a trial.
#[allow(dead_code)] // not every product is in every build
enum Remains {
    /// Its folder ends with the trial.
    Files,
    /// A statement in the language of the product.
    Statement(fn(&Place) -> String),
    /// Calls of the product's own client: given the trial's name and address.
    Calls(fn(String, String) -> BoxFuture<'static, Checked>),
}

/// All of them.
pub(crate) const BACKENDS: &[Backend] = &[
    #[cfg(feature = "sqlite")]
    Backend {
        name: "sqlite",
        url: |place| format!("sqlite://{}", place.folder().join("trial.db").display()),
        server: None,
        remains: Remains::Files,
        raw_by_id: Some("select id, num from simple where id = ?1"),
    },
    #[cfg(feature = "lmdb")]
    Backend {
        name: "lmdb",
        url: |place| format!("lmdb://{}", place.folder().join("trial.lmdb").display()),
        server: None,
        remains: Remains::Files,
        raw_by_id: None,
    },
    #[cfg(feature = "postgres")]
    Backend {
        name: "postgres",
        url: |place| place.on_server("BKJS_TEST_POSTGRES_URL", "postgres://", "schema"),
        server: Some("BKJS_TEST_POSTGRES_URL"),
        remains: Remains::Statement(|place| format!("DROP SCHEMA IF EXISTS {} CASCADE", place.unique())),
        raw_by_id: Some("select id, num from simple where id = $1"),
    },
    #[cfg(feature = "mysql")]
    Backend {
        name: "mysql",
        url: |place| place.on_server("BKJS_TEST_MYSQL_URL", "mysql://", "database"),
        server: Some("BKJS_TEST_MYSQL_URL"),
        remains: Remains::Statement(|place| format!("DROP DATABASE IF EXISTS {}", place.unique())),
        raw_by_id: Some("select id, num from simple where id = ?"),
    },
    #[cfg(feature = "redis")]
    Backend {
        name: "redis",
        url: |place| place.on_server("BKJS_TEST_REDIS_URL", "redis://", "prefix"),
        server: Some("BKJS_TEST_REDIS_URL"),
        remains: Remains::Calls(|name, url| Box::pin(remains::redis(name, url))),
        raw_by_id: None,
    },
    #[cfg(feature = "dynamodb")]
    Backend {
        name: "dynamodb",
        url: |place| place.on_server("BKJS_TEST_DYNAMODB_URL", "http://", "prefix"),
        server: Some("BKJS_TEST_DYNAMODB_URL"),
        remains: Remains::Calls(|name, url| Box::pin(remains::dynamodb(name, url))),
        raw_by_id: None,
    },
];

/// Where a trial keeps its data: a folder for products that are files, a name for those that are servers.
pub(crate) struct Place {
    folder: TempDir,
    unique: String,
}

impl Place {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // None is the start of another.
        let unique = format!("trial_{}_{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Ok(Self { folder: tempfile::tempdir()?, unique })
    }

    /// A folder of the trial's own, removed at its end.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a server with the trial's own name as one more setting; `none` when there is no server,
    /// for a driver that is asked only what it can do.
    #[allow(dead_code)] // for products that are servers
    pub(crate) fn on_server(&self, variable: &str, none: &str, setting: &str) -> String {
        let base = std::env::var(variable).unwrap_or_else(|_| format!("{none}127.0.0.1"));
        let joint = if base.contains('?') { '&' } else { '?' };
        format!("{base}{joint}{setting}={}", self.unique)
    }

    /// A name that no other trial has, of letters, digits and underscores.
    #[allow(dead_code)] // for products that are servers
    pub(crate) fn unique(&self) -> &str {
        &self.unique
    }
}

/// The name of the pool of a second store.
pub(crate) const OTHER: &str = "other";

/// Where a trial keeps its data: its store, and a second one if it has asked for one.
pub(crate) struct Places {
    pub(crate) first: Place,
    pub(crate) second: OnceLock<Place>,
}

/// What a trial receives: an empty store that it may open as often as it likes.
pub(crate) struct Bench {
    backend: &'static Backend,
    can: Capabilities,
    places: Arc<Places>,
}

impl Bench {
    /// An empty store.
    pub(crate) fn new(backend: &'static Backend, can: Capabilities) -> Checked<Self> {
        let places = Places { first: Place::new()?, second: OnceLock::new() };
        Ok(Self { backend, can, places: Arc::new(places) })
    }

    /// Where the stores are.
    pub(crate) fn places(&self) -> Arc<Places> {
        self.places.clone()
    }

    /// The address of the store, as a parameter says it.
    pub(crate) fn url(&self) -> String {
        (self.backend.url)(&self.places.first)
    }

    /// What the driver can do.
    pub(crate) fn can(&self) -> Capabilities {
        self.can
    }

    /// A statement that reads T1, in the language of the product.
    pub(crate) fn raw_by_id(&self) -> Option<&'static str> {
        self.backend.raw_by_id
    }

    /// The name of the pool that holds the tables.
    pub(crate) fn pool(&self) -> &'static str {
        self.backend.name
    }

    /// Another driver of the store, with these settings.
    pub(crate) fn driver(&self, options: Map<String, Json>) -> Checked<Arc<dyn Driver>> {
        self.backend.open_with(&self.places.first, options)
    }

    /// Another driver of the store, which is reached at this address.
    pub(crate) fn driver_at(&self, url: &str) -> Checked<Arc<dyn Driver>> {
        self.backend.open_at(url, &self.places.first, Map::new())
    }

    /// The store with these tables, created where they are missing. Every call makes an independent
    /// `Db`, as another process would.
    pub(crate) async fn open(&self, tables: impl IntoIterator<Item = Table>) -> Checked<Db> {
        self.open_with(tables, |builder| builder).await
    }

    /// As [`open`](Self::open), with settings.
    pub(crate) async fn open_with(
        &self,
        tables: impl IntoIterator<Item = Table>,
        set: impl FnOnce(DbBuilder) -> DbBuilder,
    ) -> Checked<Db> {
        let db = self.connect(tables, set).await?;
        db.create_tables().await?;
        Ok(db)
    }

    /// As [`open`](Self::open), with a second, empty store of the same product as the pool [`OTHER`].
    pub(crate) async fn open_two(&self, tables: impl IntoIterator<Item = Table>) -> Checked<Db> {
        self.open_beside(self.backend, tables).await
    }

    /// As [`open_two`](Self::open_two), the second store being of another product that needs no server; none if this
    /// build has no such product.
    pub(crate) async fn open_mixed(&self, tables: impl IntoIterator<Item = Table>) -> Checked<Option<Db>> {
        let other = |backend: &&Backend| backend.server.is_none() && backend.name != self.backend.name;
        match BACKENDS.iter().find(other) {
            Some(other) => self.open_beside(other, tables).await.map(Some),
            None => Ok(None),
        }
    }

    async fn open_beside(&self, other: &Backend, tables: impl IntoIterator<Item = Table>) -> Checked<Db> {
        let second = Place::new()?;
        let driver = other.open(&second)?;
        holds_that(self.places.second.set(second).is_ok(), || "there is a second store already")?;
        let db =
            self.open_with(tables, |builder| builder.pool(OTHER, driver).default_pool(self.pool())).await?;
        db.pool(OTHER).create(db.tables().to_vec()).await?;
        Ok(db)
    }

    /// As [`open_with`](Self::open_with), without creating anything.
    pub(crate) async fn connect(
        &self,
        tables: impl IntoIterator<Item = Table>,
        set: impl FnOnce(DbBuilder) -> DbBuilder,
    ) -> Checked<Db> {
        let mut schema = SchemaBuilder::new();
        for table in tables {
            schema.add(table);
        }
        let driver = self.backend.open(&self.places.first)?;
        let builder = Db::builder(Arc::new(schema.build()))
            .pool(self.backend.name, driver)
            .pool("none", Arc::new(NoneDriver::new()))
            .token_key([7; 32]);
        Ok(set(builder).build()?)
    }
}
