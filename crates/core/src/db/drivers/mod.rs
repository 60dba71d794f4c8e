//! The products, one folder each, and the table that maps URL schemes to them.

use std::path::Path;
#[cfg(any(feature = "sqlite", feature = "lmdb"))]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::driver::{Capabilities, Driver};
use crate::{Error, ErrorKind, Result};
use observed::Observed;
pub use product::{Product, Refusal};

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(any(feature = "sqlite", feature = "lmdb"))]
// Not all of them need all of it.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, unused_imports))]
mod embedded;
#[cfg(feature = "lmdb")]
pub mod lmdb;
#[cfg(feature = "mysql")]
pub mod mysql;
pub mod none;
pub(super) mod observed;
#[cfg(feature = "pooled")]
mod pooled;
#[cfg(feature = "postgres")]
pub mod postgres;
mod product;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;

/// Where a pool is: what every driver gets to open it.
#[derive(Clone, Debug)]
pub struct Location<'a> {
    /// The URL, or what stands for one: a path or name, or nothing for the default.
    pub url: &'a str,
    /// The file of an embedded database when the URL names none, usually `var/NAME.db`.
    pub default_file: &'a Path,
    /// Settings of the pool, by the names of the driver's options.
    pub options: Map<String, Json>,
}

/// The products in this build.
const PRODUCTS: &[Product] = &[
    #[cfg(feature = "sqlite")]
    Product {
        name: "sqlite",
        schemes: &["sqlite"],
        capabilities: sqlite::CAPABILITIES,
        refusals: sqlite::REFUSALS,
        open: open_sqlite,
    },
    #[cfg(feature = "lmdb")]
    Product {
        name: "lmdb",
        schemes: &["lmdb"],
        capabilities: lmdb::CAPABILITIES,
        refusals: lmdb::REFUSALS,
        open: open_lmdb,
    },
    #[cfg(feature = "postgres")]
    Product {
        name: "postgres",
        schemes: &["postgres", "postgresql"],
        capabilities: postgres::CAPABILITIES,
        refusals: postgres::REFUSALS,
        open: open_postgres,
    },
    #[cfg(feature = "mysql")]
    Product {
        name: "mysql",
        schemes: &["mysql", "mariadb"],
        capabilities: mysql::CAPABILITIES,
        refusals: mysql::REFUSALS,
        open: open_mysql,
    },
    #[cfg(feature = "redis")]
    Product {
        name: "redis",
        schemes: &["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+unix"],
        capabilities: redis::CAPABILITIES,
        refusals: redis::REFUSALS,
        open: open_redis,
    },
    #[cfg(feature = "dynamodb")]
    Product {
        name: "dynamodb",
        schemes: &["dynamodb", "http", "https"],
        capabilities: dynamodb::CAPABILITIES,
        refusals: dynamodb::REFUSALS,
        open: open_dynamodb,
    },
    Product {
        name: "none",
        schemes: &["none"],
        capabilities: Capabilities::ALL,
        refusals: &[],
        open: open_none,
    },
];

/// The products that this build has drivers for, and what is known of them without opening a pool.
pub const fn products() -> &'static [Product] {
    PRODUCTS
}

/// Opens a pool with the driver of this name, which is also the one of its URL.
///
/// Blocks while an embedded database is opened. Calls that take longer than the setting `slow` says, in
/// milliseconds (default 1000, 0 is never), are logged without their values.
///
/// # Errors
/// `Config` for an unknown driver, scheme or option, and for a URL of another product than the driver's; `Unavailable`
/// when the product cannot be used.
pub fn open(driver: &str, location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let scheme = location.url.split_once("://").map(|(scheme, _)| scheme);
    let found = PRODUCTS.iter().find(|product| match scheme {
        Some(scheme) => product.schemes.contains(&scheme),
        None => product.name == driver,
    });
    let Some(product) = found else {
        let known = PRODUCTS.iter().map(|product| product.name).collect::<Vec<_>>().join(", ");
        let asked = scheme.unwrap_or(driver);
        let message = format!("no database driver {asked:.40} in this build, there are: {known}");
        return Err(Error::new(ErrorKind::Config, message));
    };
    // The settings, and what is known of the pool by its name, are of the other product.
    if product.name != driver && PRODUCTS.iter().any(|other| other.name == driver) {
        let message = format!("its url is of {}: name the pool {0}, or {0}1", product.name);
        return Err(Error::new(ErrorKind::Config, message));
    }
    let mut location = location;
    let limit = slow_limit(&mut location.options)?;
    (product.open)(location).map(|driver| Observed::wrap(driver, limit))
}

/// Opens a pool for who only looks at it: the file of an embedded database that is not there is not made, and an empty
/// one of another place stands in for it until the pool is closed.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_to_look(driver: &str, location: Location<'_>) -> Result<Arc<dyn Driver>> {
    match driver {
        #[cfg(feature = "sqlite")]
        "sqlite" if is_missing(sqlite::file_of(&location)) => {
            open(driver, Location { url: sqlite::TEMPORARY, ..location })
        }
        #[cfg(feature = "lmdb")]
        "lmdb" if is_missing(lmdb::file_of(&location)) => {
            let failed = |e| Error::internal("an empty database cannot be made").source(e);
            let folder = embedded::temporary_folder().map_err(failed)?;
            let opened =
                open(driver, Location { url: "", default_file: &folder.join("empty.lmdb"), ..location });
            // What is open stays until it is closed.
            std::fs::remove_dir_all(&folder).map_err(failed)?;
            opened
        }
        _ => open(driver, location),
    }
}

/// Whether a pool is a file that is not there; what is wrong with its URL is for others to tell.
#[cfg(any(feature = "sqlite", feature = "lmdb"))]
fn is_missing(file: Result<Option<PathBuf>>) -> bool {
    file.is_ok_and(|file| file.is_some_and(|file| !file.exists()))
}

/// Takes out the setting that all pools have: from how many milliseconds on a call is logged as slow, default
/// 1000; 0 is never.
fn slow_limit(options: &mut Map<String, Json>) -> Result<Duration> {
    match options.remove(observed::SETTING) {
        None => Ok(observed::DEFAULT),
        Some(limit) => limit.as_u64().map(Duration::from_millis).ok_or_else(|| {
            let name = observed::SETTING;
            Error::new(ErrorKind::Config, format!("{name} must be a whole number of milliseconds"))
        }),
    }
}

/// The settings of a pool as its driver knows them.
#[cfg(any(feature = "sqlite", feature = "pooled", feature = "plain"))]
fn options<T: serde::de::DeserializeOwned>(product: &str, given: Map<String, Json>) -> Result<T> {
    serde_json::from_value(Json::Object(given))
        .map_err(|e| Error::new(ErrorKind::Config, format!("options of the {product} pool: {e}")))
}

// One signature for all of them.
#[allow(clippy::needless_pass_by_value)]
fn open_none(_: Location<'_>) -> Result<Arc<dyn Driver>> {
    Ok(Arc::new(none::NoneDriver))
}

#[cfg(feature = "dynamodb")]
fn open_dynamodb(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: dynamodb::DynamoDbOptions = options("dynamodb", location.options)?;
    Ok(Arc::new(dynamodb::DynamoDbDriver::new(options.at(location.url)?)))
}

#[cfg(feature = "mysql")]
fn open_mysql(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: mysql::MysqlOptions = options("mysql", location.options)?;
    Ok(Arc::new(mysql::MysqlDriver::new(&options.at(location.url)?)?))
}

#[cfg(feature = "postgres")]
fn open_postgres(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: postgres::PostgresOptions = options("postgres", location.options)?;
    Ok(Arc::new(postgres::PostgresDriver::new(&options.at(location.url)?)?))
}

#[cfg(feature = "redis")]
fn open_redis(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: crate::connect::redis::RedisOptions = options("redis", location.options)?;
    Ok(Arc::new(redis::RedisDriver::new(&options.at(location.url)?)?))
}

#[cfg(feature = "sqlite")]
fn open_sqlite(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: sqlite::SqliteOptions = options("sqlite", location.options)?;
    let options = options.at(location.url, location.default_file)?;
    Ok(Arc::new(sqlite::SqliteDriver::open(&options)?))
}

#[cfg(feature = "lmdb")]
fn open_lmdb(location: Location<'_>) -> Result<Arc<dyn Driver>> {
    let options: lmdb::LmdbOptions = options("lmdb", location.options)?;
    let options = options.at(location.url, location.default_file)?;
    Ok(Arc::new(lmdb::LmdbDriver::open(&options)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_another_product_is_refused() {
        let opened = |driver: &str, url: &str| {
            open(driver, Location { url, default_file: Path::new("unused.db"), options: Map::new() })
        };
        let told = |driver, url| opened(driver, url).err().map(|error| error.message().to_owned());
        assert!(told("none", "none://x").is_none() && told("", "none://x").is_none());
        #[cfg(feature = "sqlite")]
        assert_eq!(
            told("sqlite", "none://x").as_deref(),
            Some("its url is of none: name the pool none, or none1")
        );
    }
}
