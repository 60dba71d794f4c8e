//! The products that the contract is tried on. Adding one is adding an entry to [`BACKENDS`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bkjs_core::db::driver::{BoxFuture, Capabilities, Driver};
use bkjs_core::db::drivers::none::NoneDriver;
use bkjs_core::db::{Db, DbBuilder};
use bkjs_core::schema::{SchemaBuilder, Table};
use tempfile::TempDir;

use crate::check::Checked;

/// A database product.
pub(crate) struct Backend {
    /// Its name, shown with each trial.
    pub(crate) name: &'static str,
    /// What it can do.
    pub(crate) capabilities: fn() -> Capabilities,
    /// Its statement for `id` and `num` of the records of T1 with the `id` that is bound, if it has a language.
    pub(crate) raw_by_id: Option<&'static str>,
    /// Opens the store of a trial: empty the first time, the same one whenever it is asked again.
    pub(crate) open: for<'a> fn(&'a Place) -> BoxFuture<'a, bkjs_core::Result<Arc<dyn Driver>>>,
}

/// All of them.
pub(crate) const BACKENDS: &[Backend] = &[];

/// Where a trial keeps its data: a folder for products that are files, a name for those that are servers.
pub(crate) struct Place {
    folder: TempDir,
    unique: String,
}

impl Place {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("trial_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Ok(Self { folder: tempfile::tempdir()?, unique })
    }

    /// A folder of the trial's own, removed at its end.
    #[allow(dead_code)] // until the first product that is a file
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A name that no other trial has, of letters, digits and underscores.
    #[allow(dead_code)] // for products that are servers
    pub(crate) fn unique(&self) -> &str {
        &self.unique
    }
}

/// What a trial receives: an empty store that it may open as often as it likes.
pub(crate) struct Bench {
    backend: &'static Backend,
    place: Place,
}

impl Bench {
    /// An empty store.
    pub(crate) fn new(backend: &'static Backend) -> std::io::Result<Self> {
        Ok(Self { backend, place: Place::new()? })
    }

    /// What the driver can do.
    pub(crate) fn can(&self) -> Capabilities {
        (self.backend.capabilities)()
    }

    /// A statement that reads T1, in the language of the product.
    pub(crate) fn raw_by_id(&self) -> Option<&'static str> {
        self.backend.raw_by_id
    }

    /// The name of the pool that holds the tables.
    pub(crate) fn pool(&self) -> &'static str {
        self.backend.name
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
        let driver = (self.backend.open)(&self.place).await?;
        let builder = Db::builder(Arc::new(schema.build()))
            .pool(self.backend.name, driver)
            .pool("none", Arc::new(NoneDriver::new()))
            .token_key([7; 32]);
        Ok(set(builder).build()?)
    }
}
