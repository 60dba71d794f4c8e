//! All caches of a process, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::drivers::local::LocalDriver;
use super::drivers::{self, Settings};
use super::{Cache, CacheDriver, CacheParams, Held};
use crate::config::Secret;
use crate::suggest::nearest;
use crate::{Error, ErrorKind, Result};

/// The name of the cache that is used when none is named.
pub const DEFAULT: &str = "default";
/// The name of the one that the processes of a tree share.
pub const LOCAL: &str = "local";

/// The caches that are configured, each opened once. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Caches(Arc<Inner>);

struct Inner {
    default: Cache,
    /// That one included.
    by_name: BTreeMap<String, Cache>,
}

impl Caches {
    /// Opens the caches that the parameters name; `local` is what `local://` is in this process. No connection is made.
    ///
    /// There is always one named `local`, and one named `default`, which is the local one unless `ipc-cache` says
    /// otherwise.
    ///
    /// # Errors
    /// `Config` for a URL or option that cannot be used, or options of a cache that has no URL; it names the parameter,
    /// and shows neither password nor value.
    pub fn open(params: &CacheParams, local: &Arc<dyn CacheDriver>) -> Result<Self> {
        let mut caches = BTreeMap::new();
        let local_url = Secret::new("local://");
        let own =
            params.cache.iter().map(|(name, url)| (name.as_str(), url)).filter(|(name, _)| !name.is_empty());
        let open = |name: &str, url: &Secret| {
            let driver = drivers::open(url.expose(), options_of(params, name), local);
            let driver = driver.map_err(|error| {
                Error::new(error.kind(), format!("{}: {}", parameter(name), error.message())).source(error)
            });
            driver.map(|driver| Cache::new(name, driver))
        };
        let default = open(DEFAULT, params.cache.get("").unwrap_or(&local_url))?;
        caches.insert(DEFAULT.to_owned(), default.clone());
        for (name, url) in std::iter::once((LOCAL, &local_url)).chain(own) {
            // The one without a name is said without a name.
            if name == DEFAULT {
                return Err(Error::new(ErrorKind::Config, "ipc-cache-default: say ipc-cache"));
            }
            caches.insert(name.to_owned(), open(name, url)?);
        }
        let mut optional = params.options.keys().map(|(name, _)| name).filter(|name| !name.is_empty());
        if let Some(name) = optional.find(|name| !caches.contains_key(*name)) {
            let text = format!(
                "ipc-cache-{name:.40}-options: there is no cache of this name, give ipc-cache-{name:.40}"
            );
            return Err(Error::new(ErrorKind::Config, text));
        }
        Ok(Self(Arc::new(Inner { default, by_name: caches })))
    }

    /// A process without configuration: all caches are in its memory.
    pub fn in_memory() -> Self {
        let cache: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(100_000, 64 << 20));
        let both = [LOCAL, DEFAULT].map(|name| (name.to_owned(), Cache::new(name, cache.clone())));
        Self(Arc::new(Inner { default: Cache::new(DEFAULT, cache), by_name: BTreeMap::from(both) }))
    }

    /// The cache that is used when none is named.
    pub fn default(&self) -> &Cache {
        &self.0.default
    }

    /// The cache of this name.
    ///
    /// # Errors
    /// `Config` when there is none, naming the nearest one that there is.
    pub fn get(&self, name: &str) -> Result<&Cache> {
        self.0.by_name.get(name).ok_or_else(|| {
            let known = || self.0.by_name.keys().map(String::as_str);
            let meant =
                nearest(name, known()).map(|name| format!(", did you mean {name}")).unwrap_or_default();
            let there: Vec<&str> = known().collect();
            let text = format!("no cache {name:.40}{meant}; there are: {}", there.join(", "));
            Error::new(ErrorKind::Config, text)
        })
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Cache> {
        self.0.by_name.values()
    }

    /// Closes the connections of all.
    pub fn close(&self) {
        self.all().for_each(|cache| cache.driver().close());
    }
}

impl Cache {
    /// Whether other hosts see what is put into it.
    pub fn is_everywhere(&self) -> bool {
        self.capabilities().shared == Held::Everywhere
    }
}

fn parameter(name: &str) -> String {
    if name == DEFAULT { "ipc-cache".to_owned() } else { format!("ipc-cache-{name:.40}") }
}

fn options_of(params: &CacheParams, cache: &str) -> Settings {
    let own =
        params.options.iter().filter(|((name, _), _)| name == if cache == DEFAULT { "" } else { cache });
    own.map(|((_, option), value)| (option.replace('-', "_"), value.expose().to_owned())).collect()
}

impl fmt::Debug for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.by_name.iter().map(|(name, cache)| (name, cache.driver()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(set: impl FnOnce(&mut CacheParams)) -> Result<Caches> {
        let mut params = CacheParams::default();
        set(&mut params);
        let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(10, 1000));
        Caches::open(&params, &local)
    }

    #[tokio::test]
    async fn without_configuration_all_names_are_the_local_cache() {
        let caches = open(|_| ()).expect("opens");
        caches.default().put("k", "v", None).await.expect("puts");
        assert!(caches.get("local").expect("is there").get("k").await.expect("gets").is_some());
        let error = caches.get("locl").expect_err("is not there");
        assert!(error.message().contains("did you mean local"), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_secrets() {
        let named = |name: &str, url: &str| {
            let error =
                open(|p| drop(p.cache.insert(name.into(), Secret::new(url)))).expect_err("is refused");
            assert!(error.kind() == ErrorKind::Config && !error.log_text().contains("secret"), "{error:?}");
            error.message().to_owned()
        };
        assert!(named("a", "moon://u:secret@h").starts_with("ipc-cache-a: no cache driver for moon://"));
        let error =
            open(|p| drop(p.cache.insert(String::new(), Secret::new("locale://")))).expect_err("is refused");
        assert!(error.message().starts_with("ipc-cache: no cache driver for locale://"), "{error}");
        let option = ("b".to_owned(), "prefix".to_owned());
        let error = open(|p| drop(p.options.insert(option, Secret::new("x")))).expect_err("refused");
        assert!(error.message().contains("ipc-cache-b-options"), "{error}");
    }
}
