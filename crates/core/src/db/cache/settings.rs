//! Which tables are kept, for how long, and where.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::host::HostRows;
use super::marks::TableMarks;
use super::named::NamedKey;
use super::near::{CacheBounds, Near};
use super::shared::{Scope, Shared, SharedRows};
use super::stamps::Stamps;
use super::table::TableCache;
use crate::Result;
use crate::cache::{CacheDriver, Caches};
use crate::db::DbBuilder;
use crate::schema::Table;

/// Where rows are shared.
enum Place {
    Host,
    Rows(Arc<dyn SharedRows>),
    Everywhere(Arc<dyn CacheDriver>),
}

/// What a builder is told of kept rows.
#[derive(Default)]
pub(in crate::db) struct CacheSettings {
    tables: Vec<(String, Duration)>,
    shared: Vec<(String, Place)>,
    stamps: Option<Arc<Stamps>>,
    bounds: CacheBounds,
    host: Option<Arc<dyn CacheDriver>>,
    caches: Option<Caches>,
    all_writes: bool,
    named: Vec<(String, String, Vec<String>)>,
    stores: HashMap<String, String>,
}

impl DbBuilder {
    /// Keeps rows of these tables for `ttl` at most: [`Db::get`](crate::db::Db::get) by their primary key does not
    /// ask the database then.
    ///
    /// Writes of every process that has the same [`stamps`](Self::stamps) are seen at once, those of others after
    /// `ttl`. A table that is named again has the later time; one whose time is zero is not kept.
    pub fn cache<N: Into<String>>(mut self, tables: impl IntoIterator<Item = N>, ttl: Duration) -> Self {
        self.cache.tables.extend(tables.into_iter().map(|name| (name.into(), ttl)));
        self
    }

    /// Keeps what a [`select`](crate::db::Db::select) finds whose condition is one value for each of these columns
    /// and nothing else, in a table that is kept; `name` tells the keys of a table apart.
    pub fn cache_key<N: Into<String>>(
        mut self,
        table: &str,
        name: &str,
        columns: impl IntoIterator<Item = N>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        self.cache.named.push((table.to_owned(), name.to_owned(), columns));
        self
    }

    /// What processes tell one another of writes by; without it this `Db` sees its own only.
    pub fn stamps(mut self, stamps: Arc<Stamps>) -> Self {
        self.cache.stamps = Some(stamps);
        self
    }

    /// How much this process keeps, of all tables together.
    pub fn cache_bounds(mut self, bounds: CacheBounds) -> Self {
        self.cache.bounds = bounds;
        self
    }

    /// Shares the kept rows of these tables with whoever has the same `rows`.
    pub fn share_rows<N: Into<String>>(
        mut self,
        tables: impl IntoIterator<Item = N>,
        rows: &Arc<dyn SharedRows>,
    ) -> Self {
        self.cache.shared.extend(tables.into_iter().map(|name| (name.into(), Place::Rows(rows.clone()))));
        self
    }

    /// Shares the kept rows of these tables with the processes that have the same [`stamps`](Self::stamps) and the
    /// same [`host_cache`](Self::host_cache); with nobody when there is none.
    pub fn share_on_host<N: Into<String>>(mut self, tables: impl IntoIterator<Item = N>) -> Self {
        self.cache.shared.extend(tables.into_iter().map(|name| (name.into(), Place::Host)));
        self
    }

    /// Shares the kept rows of these tables with every process of every host that has the same cache: each read asks it
    /// for the row and whether that is up to date, and each process that writes such a table has to be told so as well.
    pub fn share_everywhere<N: Into<String>>(
        mut self,
        tables: impl IntoIterator<Item = N>,
        cache: &Arc<dyn CacheDriver>,
    ) -> Self {
        let place = |name: N| (name.into(), Place::Everywhere(cache.clone()));
        self.cache.shared.extend(tables.into_iter().map(place));
        self
    }

    /// The caches that parameters may name as the place in which rows are shared.
    pub fn caches(mut self, caches: &Caches) -> Self {
        self.cache.caches = Some(caches.clone());
        self
    }

    pub(in crate::db) fn named_caches(&self) -> Option<&Caches> {
        self.cache.caches.as_ref()
    }

    /// The cache that the processes on one home have in common.
    pub fn host_cache(mut self, cache: Arc<dyn CacheDriver>) -> Self {
        self.cache.host = Some(cache);
        self
    }

    /// Tells other processes of writes to every table, as it is not known which of them they keep.
    pub fn tell_all_writes(mut self) -> Self {
        self.cache.all_writes = true;
        self
    }

    /// What tells the store of a pool from another that may have its name at another time, such as an address; it
    /// is kept as a digest.
    pub(in crate::db) fn store(mut self, pool: &str, identity: &str) -> Self {
        self.cache.stores.insert(pool.to_owned(), identity.to_owned());
        self
    }

    /// Nobody has to be told of writes to tables that are not kept here.
    pub(in crate::db) fn tell_no_writes(mut self) -> Self {
        self.cache.all_writes = false;
        self
    }

    pub(in crate::db) fn tells_all_writes(&self) -> bool {
        self.cache.all_writes
    }
}

/// What is kept of a table, and how writes to it are told.
#[derive(Default)]
pub(in crate::db) struct Keeping {
    pub(in crate::db) cache: Option<Arc<TableCache>>,
    pub(in crate::db) marks: Option<Arc<TableMarks>>,
}

/// Makes what tables keep, while a `Db` is built.
pub(in crate::db) struct CacheMaker<'a> {
    settings: &'a CacheSettings,
    stamps: Arc<Stamps>,
    near: Arc<Near>,
    shared: Vec<(&'a str, Arc<Shared>)>,
}

impl CacheSettings {
    /// The tables that are named.
    pub(in crate::db) fn names(&self) -> impl Iterator<Item = &String> {
        let shared = self.shared.iter().map(|(name, _)| name);
        let named = self.named.iter().map(|(name, ..)| name);
        self.tables.iter().map(|(name, _)| name).chain(shared).chain(named)
    }

    /// Nothing when nothing is kept and nobody is told.
    pub(in crate::db) fn maker(&self) -> Option<CacheMaker<'_>> {
        if self.tables.is_empty() && !self.all_writes {
            return None;
        }
        let stamps = self.stamps.clone().unwrap_or_else(|| Arc::new(Stamps::in_memory()));
        let host = self.host.clone().map(|cache| {
            let rows: Arc<dyn SharedRows> = Arc::new(HostRows { cache, stamps: stamps.clone() });
            rows
        });
        // One for all tables that share in the same place: a place that fails, fails for all of them.
        let mut made: Vec<(*const (), Arc<Shared>)> = Vec::new();
        let mut shared = Vec::new();
        for (table, place) in &self.shared {
            let (at, make): (*const (), Box<dyn Fn() -> Shared>) = match (place, &host) {
                (Place::Rows(rows), _) | (Place::Host, Some(rows)) => {
                    (Arc::as_ptr(rows).cast(), Box::new(|| Shared::new(rows.clone())))
                }
                (Place::Everywhere(cache), _) => {
                    (Arc::as_ptr(cache).cast(), Box::new(|| Shared::everywhere(cache.clone())))
                }
                (Place::Host, None) => continue,
            };
            let known = made.iter().find(|(other, _)| *other == at).map(|(_, made)| made.clone());
            let one = known.unwrap_or_else(|| Arc::new(make()));
            made.push((at, one.clone()));
            shared.push((table.as_str(), one));
        }
        Some(CacheMaker { settings: self, stamps, near: Arc::new(Near::new(self.bounds)), shared })
    }
}

impl CacheMaker<'_> {
    /// What a table of this pool keeps, and how writes to it are told; `is_this` says which names are its own.
    ///
    /// # Errors
    /// `Config` for a named key whose columns cannot be one.
    pub(in crate::db) fn table(
        &self,
        table: &Arc<Table>,
        pool: &str,
        is_this: impl Fn(&str) -> bool,
    ) -> Result<Keeping> {
        let named = self.settings.named.iter().filter(|(of, ..)| is_this(of));
        let named = named.map(|(_, name, columns)| NamedKey::new(table, name, columns));
        let named = named.collect::<Result<Vec<_>>>()?;
        let kept = self.settings.tables.iter().rev().find(|(name, _)| is_this(name));
        let ttl = kept.map(|(_, ttl)| *ttl).filter(|ttl| !ttl.is_zero() && table.keys().len() > 0);
        let shared = self.shared.iter().rev().find(|(name, _)| is_this(name));
        // Others may keep what this process does not.
        let is_far = shared.is_some_and(|(_, shared)| shared.is_far);
        if ttl.is_none() && !self.settings.all_writes && !is_far {
            return Ok(Keeping::default());
        }
        let scope = Scope { table: table.name.clone(), id: self.identity(table, pool).into() };
        let shared = shared.map(|(_, shared)| shared.clone());
        let named = (!self.settings.all_writes).then_some(named);
        let marks = Arc::new(TableMarks::new(self.stamps.clone(), shared, scope, named));
        let cache =
            ttl.map(|ttl| Arc::new(TableCache::new(table.clone(), ttl, self.near.clone(), marks.clone())));
        Ok(Keeping { cache, marks: Some(marks) })
    }

    /// The name of the table, and a digest of all that must be the same for a row to be the same.
    fn identity(&self, table: &Table, pool: &str) -> String {
        let store = self.settings.stores.get(pool).map_or("", String::as_str);
        let mut digest = Sha256::new();
        for part in [&*table.name, pool, store] {
            digest.update(part);
            digest.update([0]);
        }
        for column in table.columns() {
            digest.update(format!("{} {:?} {:?}\0", column.name, column.column_type(), column.primary));
        }
        let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{} {digest}", table.name)
    }
}
