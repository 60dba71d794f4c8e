//! The products, one folder each, and the table that maps URL schemes to them.

use std::sync::Arc;

use super::Capabilities;
use super::driver::CacheDriver;
use crate::connect::scheme::{self, product_of, without_query};
pub use crate::connect::settings::Settings;
use crate::connect::settings::{NoOptions, options};
use crate::{Error, ErrorKind, Result};

pub mod local;
#[cfg(feature = "memcached")]
pub mod memcached;
#[cfg(feature = "redis")]
pub mod redis;

/// Where a cache is: what every driver gets to open it.
#[derive(Debug)]
pub struct Location<'a> {
    /// The URL, without its query part.
    pub url: &'a str,
    /// Settings, by the names of the driver's options.
    pub options: Settings,
    /// What `local://` is in this process.
    pub local: &'a Arc<dyn CacheDriver>,
}

type Open = fn(Location<'_>) -> Result<Arc<dyn CacheDriver>>;

/// A product that this build has a driver for.
pub type Product = scheme::Product<Capabilities, Open>;

const PRODUCTS: &[Product] = &[
    Product { name: "local", schemes: &["local"], capabilities: local::CAPABILITIES, open: open_local },
    #[cfg(feature = "redis")]
    Product {
        name: "redis",
        schemes: &["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+unix"],
        capabilities: redis::CAPABILITIES,
        open: open_redis,
    },
    #[cfg(feature = "memcached")]
    Product {
        name: "memcached",
        schemes: &["memcache", "memcached"],
        capabilities: memcached::CAPABILITIES,
        open: open_memcached,
    },
];

/// The products that this build has drivers for.
pub const fn products() -> &'static [Product] {
    PRODUCTS
}

/// Opens the cache with this URL; its query part sets options that `options` does not have. No connection is made.
///
/// # Errors
/// `Config` for an unknown scheme or option, naming the nearest one that there is, or a value that does not fit.
pub fn open(url: &str, mut options: Settings, local: &Arc<dyn CacheDriver>) -> Result<Arc<dyn CacheDriver>> {
    let url = without_query(url, &mut options);
    let product = product_of("cache", url, PRODUCTS)?;
    (product.open)(Location { url, options, local })
}

fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

fn open_local(location: Location<'_>) -> Result<Arc<dyn CacheDriver>> {
    let NoOptions {} = options("local cache", location.options)?;
    if !location.url.trim_start_matches("local").trim_start_matches("://").is_empty() {
        return Err(config("a local cache has no address: local:// is all of it".into()));
    }
    Ok(location.local.clone())
}

#[cfg(feature = "redis")]
fn open_redis(location: Location<'_>) -> Result<Arc<dyn CacheDriver>> {
    let options: crate::connect::redis::RedisOptions = options("redis cache", location.options)?;
    Ok(Arc::new(redis::RedisCache::new(&options.at(location.url)?)?))
}

#[cfg(feature = "memcached")]
fn open_memcached(location: Location<'_>) -> Result<Arc<dyn CacheDriver>> {
    let options: crate::connect::memcached::MemcachedOptions = options("memcached cache", location.options)?;
    Ok(Arc::new(memcached::MemcachedCache::new(&options.at(location.url)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::drivers::local::LocalDriver;

    fn refused(url: &str) -> String {
        let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(1, 1));
        let error = open(url, Settings::new(), &local).expect_err("is refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        error.message().to_owned()
    }

    #[test]
    fn the_nearest_scheme_and_option_are_named() {
        assert!(refused("locla://").contains("did you mean local://"), "{}", refused("locla://"));
        assert!(refused("local://host").contains("no address"));
        assert!(refused("local://?size=1").contains("`size`"));
        assert!(!refused("moon://u:secret@h").contains("secret"));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn options_are_in_the_url_or_beside_it() {
        let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(1, 1));
        assert!(refused("redis://h?prefx=a").contains("did you mean prefix"));
        assert!(refused("rediss://h?max=many").contains("redis"));
        for url in ["redis://h?prefix=a&bk-max=3", "redis+sentinel://h/main?connect-timeout=5"] {
            open(url, Settings::new(), &local).expect("opens");
        }
        let given = Settings::from([("max".to_owned(), "7".to_owned())]);
        open("redis://h?max=none", given, &local).expect("what stands beside the address wins");
    }
}
