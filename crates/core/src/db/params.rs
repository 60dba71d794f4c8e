//! The parameters of the database, and a [`Db`] opened by them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::cache::configure;
use super::driver::Driver;
use super::drivers::none::NoneDriver;
use super::drivers::{self, Location};
use super::{Db, DbBuilder};
use crate::config::{CONFIG_TABLE, Params, Secret, Size};
use crate::{Error, ErrorKind, Result};

/// Database parameters.
#[derive(Params, Clone, Debug)]
#[params(prefix = "db")]
pub struct DbParams {
    /// The pool of every table that is not bound to another one.
    #[param(default = "sqlite", before_database)]
    pub pool: String,
    /// The name of the database where the URL of a pool has none; for SQLite the file NAME.db in the folder of data.
    #[param(default = "backend", before_database)]
    pub name: String,
    /// The pool whose table bk_config is a source of parameters; empty is none.
    #[param(before_database)]
    pub config: String,
    /// How often TXT records and the table bk_config are read again, plus up to a tenth by chance; 0 is never. A plain
    /// number is minutes.
    #[param(default = "1d", unit = "m", max = "30d")]
    pub config_interval: Duration,
    /// Creates missing tables, columns and indexes at the start; the SQLite file of the folder of data gets them anyway.
    pub create_tables: bool,
    /// The URL of a pool: the name of a product, and a number for further pools of the same product.
    #[param(pattern = "([a-z]+[0-9]*)-pool", secret)]
    pub url: BTreeMap<String, Secret>,
    /// The tables that are bound to a pool.
    #[param(pattern = "([a-z]+[0-9]*)-pool-tables")]
    pub tables: BTreeMap<String, Vec<String>>,
    /// The most and least connections of a pool, and in milliseconds how long one may be idle, opening one may take,
    /// and a statement may take.
    #[param(pattern = "([a-z]+[0-9]*)-pool-(max|min|idle|connect-timeout|statement-timeout)")]
    pub limits: BTreeMap<(String, String), u64>,
    /// A setting of a pool by the name that its driver's documentation gives.
    #[param(pattern = "([a-z]+[0-9]*)-pool-options-([a-zA-Z0-9_.-]+)")]
    pub options: BTreeMap<(String, String), String>,
    /// Tables whose records are kept, so that reading one by its key need not ask the database.
    pub cache_tables: Vec<String>,
    /// How long a kept record is good, though it is read again at once after a write of this framework on this home, or
    /// on any host that shares the cache.
    #[param(default = "60s", unit = "ms")]
    pub cache_ttl: Duration,
    /// The same for one table; 0 keeps none of it.
    #[param(pattern = "cache-ttl-(.+)", unit = "ms")]
    pub cache_ttl_table: BTreeMap<String, Duration>,
    /// Where processes share the kept records of a table, TABLE or POOL.TABLE: the name of a cache, of which `local` is
    /// the server process and `default` the one of ipc-cache; `none` keeps them in each process only. Without it,
    /// records of embedded databases are not shared, others are in the `default` cache.
    #[param(pattern = "cache-name-(.+)")]
    pub cache_name: BTreeMap<String, String>,
    /// Columns of a table, TABLE-NAME: what is selected by one value for each of them is kept as well.
    #[param(pattern = "cache-keys-([a-z0-9_]+)-(.+)")]
    pub cache_keys: BTreeMap<(String, String), Vec<String>>,
    /// The most records that a process keeps, of all tables together.
    #[param(default = 10000)]
    pub cache_max: u64,
    /// About how many bytes the records that a process keeps may take.
    #[param(default = "32m")]
    pub cache_max_bytes: Size,
}

/// Opens the pools that the parameters name, blocking while an embedded database is opened.
///
/// `folder` is where files of embedded databases go. A pool of a product that this build does not have is
/// reported and left out, unless it is the default one.
///
/// # Errors
/// `Config` for a pool that cannot be configured like this, or a table that is bound to two; `Unavailable` for a pool that
/// cannot be used.
pub fn open(builder: DbBuilder, params: &DbParams, folder: &Path) -> Result<Db> {
    let builder = add_pools(builder, params, folder, drivers::open)?;
    configure(builder, params, folder)?.build()
}

/// As [`open`], for who only asks in what the pools differ from their tables: no file and no folder is made. An embedded
/// database that is not there is like an empty one, and nobody is told of writes.
///
/// # Errors
/// As [`open`].
pub fn open_to_look(builder: DbBuilder, params: &DbParams, folder: &Path) -> Result<Db> {
    add_pools(builder, params, folder, drivers::open_to_look)?.tell_no_writes().build()
}

/// Opens a driver by its name.
type Opener = fn(&str, Location<'_>) -> Result<Arc<dyn Driver>>;

fn add_pools(builder: DbBuilder, params: &DbParams, folder: &Path, opener: Opener) -> Result<DbBuilder> {
    refuse_two_pools(&builder, params)?;
    let mut builder = builder.pool("none", Arc::new(NoneDriver::new())).default_pool(&params.pool);
    let mut names: Vec<&String> = vec![&params.pool];
    // The pool of the configuration may have no URL: an embedded database with a file of its own.
    let others = params.url.keys().chain(std::iter::once(&params.config).filter(|name| !name.is_empty()));
    for name in others {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names.into_iter().filter(|name| **name != "none") {
        let default_file = default_file(params, name, folder);
        let location = location(params, name, &default_file);
        builder = builder.store(name, &store(&location));
        refuse_memory(name, &location)?;
        match open_at(name, location, opener) {
            Ok(driver) => builder = builder.pool(name, driver),
            Err(error) if *name == params.pool => return Err(error),
            Err(error) => {
                tracing::warn!(pool = name, error = error.log_text(), "the pool is left out");
                continue;
            }
        }
        for table in params.tables.get(name).into_iter().flatten() {
            builder = builder.table_pool(table, name);
        }
    }
    if !params.config.is_empty() && builder.has_table(CONFIG_TABLE) {
        builder = builder.table_pool(CONFIG_TABLE, &params.config);
    }
    Ok(builder)
}

/// Refuses a table that two pools are to hold: which of them would be an accident.
fn refuse_two_pools(builder: &DbBuilder, params: &DbParams) -> Result<()> {
    let mut bound: Vec<(&str, &str)> = Vec::new();
    for (pool, tables) in &params.tables {
        for table in tables {
            let is_same = |name: &str| name == table || builder.is_table(name, table);
            if let Some((_, other)) = bound.iter().find(|(name, other)| other != pool && is_same(name)) {
                let message = format!(
                    "table {table:.60} is bound to two pools, by db-{other}-pool-tables and db-{pool}-pool-tables"
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
            bound.push((table, pool));
        }
    }
    Ok(())
}

/// Refuses a database that each process would have for itself, without its tables, and that ends with it.
fn refuse_memory(pool: &str, location: &Location<'_>) -> Result<()> {
    if sqlite_file(pool, location).is_some_and(|file| file.is_none()) {
        let message =
            format!("db-{pool}-pool: each process would have a :memory: of its own, name a file instead");
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(())
}

/// Where an SQLite pool is: its file, or none for a temporary database. Nothing of other products, and where the URL is
/// wrong.
#[cfg(feature = "sqlite")]
fn sqlite_file(pool: &str, location: &Location<'_>) -> Option<Option<PathBuf>> {
    (product(pool) == "sqlite").then(|| drivers::sqlite::file_of(location).ok())?
}

#[cfg(not(feature = "sqlite"))]
fn sqlite_file(_: &str, _: &Location<'_>) -> Option<Option<PathBuf>> {
    None
}

/// Everything that says which records a pool reaches.
fn store(location: &Location<'_>) -> String {
    format!("{}\0{}\0{}", location.url, location.default_file.display(), Json::from(location.options.clone()))
}

/// Opens one pool by its name, blocking while an embedded database is opened.
///
/// # Errors
/// As [`open`], naming the pool.
pub(crate) fn open_pool(params: &DbParams, name: &str, folder: &Path) -> Result<Arc<dyn Driver>> {
    let default_file = default_file(params, name, folder);
    let location = location(params, name, &default_file);
    refuse_memory(name, &location)?;
    open_at(name, location, drivers::open)
}

fn open_at(pool: &str, location: Location<'_>, opener: Opener) -> Result<Arc<dyn Driver>> {
    opener(product(pool), location).map_err(|error| named(pool, error))
}

/// The product of a pool: its name without the number.
fn product(pool: &str) -> &str {
    pool.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn location<'a>(params: &'a DbParams, pool: &str, default_file: &'a Path) -> Location<'a> {
    Location {
        url: params.url.get(pool).map_or("", Secret::expose),
        default_file,
        options: pool_options(params, pool),
    }
}

/// The file of an embedded database whose URL names none.
fn default_file(params: &DbParams, pool: &str, folder: &Path) -> PathBuf {
    let name = if *pool == params.pool { &params.name } else { pool };
    folder.join(format!("{name}.db"))
}

/// Settings as the texts say them: numbers and truths where they read so.
fn pool_options(params: &DbParams, pool: &str) -> Map<String, Json> {
    let limits = params.limits.iter().filter(|((name, _), _)| name == pool);
    let limits = limits.map(|((_, option), number)| (option.replace('-', "_"), Json::from(*number)));
    let own = params.options.iter().filter(|((name, _), _)| name == pool);
    let own = own.map(|((_, option), text)| {
        let value = serde_json::from_str(text).ok().filter(|v: &Json| v.is_number() || v.is_boolean());
        (option.replace('-', "_"), value.unwrap_or_else(|| Json::from(text.as_str())))
    });
    limits.chain(own).collect()
}

fn named(pool: &str, error: Error) -> Error {
    let kind = if error.kind() == ErrorKind::Internal { ErrorKind::Unavailable } else { error.kind() };
    Error::new(kind, format!("pool {pool}: {}", error.message())).source(error)
}

/// Whether the default pool is an SQLite file that is not there yet.
pub fn is_new(params: &DbParams, folder: &Path) -> bool {
    is_missing(params, &params.pool, folder)
}

/// Whether the tables of a pool are to be brought in step with their descriptions at the start: where
/// `db-create-tables` says so, and in SQLite files of the folder of data always. These are made by this program and used
/// by nothing else, so that nobody but a newer version of it would ever add a column that it needs.
pub fn keeps_tables(params: &DbParams, pool: &str, folder: &Path) -> bool {
    params.create_tables || own_file(params, pool, folder).is_some()
}

/// Whether a pool is an SQLite file of the folder of data that is not there yet: opening it would make it.
pub(crate) fn is_missing(params: &DbParams, pool: &str, folder: &Path) -> bool {
    own_file(params, pool, folder).is_some_and(|file| !file.exists())
}

/// The SQLite file of the folder of data that a pool is, if it is one.
fn own_file(params: &DbParams, pool: &str, folder: &Path) -> Option<PathBuf> {
    let file = sqlite_file(pool, &location(params, pool, &default_file(params, pool, folder)))??;
    (file.parent() == Some(folder)).then_some(file)
}
