use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use super::cache::{CacheSettings, Keeping};
use super::driver::Driver;
use super::drivers::none::NoneDriver;
use super::drivers::observed::Observed;
use super::entry::Entry;
use super::facade::Inner;
use super::prepare::Plan;
use super::{Db, Options};
use crate::schema::Schema;
use crate::value::Row;
use crate::{Error, ErrorKind, Result};

/// What becomes of a row after a hook has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFate {
    /// It goes on: it is written, or returned.
    Keep,
    /// It ends here: it is not written, or not returned, and that is no error.
    Drop,
}

/// A function that sees each row on its way in or out and may change it.
pub(super) type RowHook = Arc<dyn Fn(&mut Row, &Options) -> Result<RowFate> + Send + Sync>;

/// Collects pools, hooks and settings; [`build`](Self::build) makes the [`Db`].
///
/// ```
/// use std::sync::Arc;
/// use bkjs_core::db::{Db, drivers::none::NoneDriver};
/// use bkjs_core::schema::{Column, SchemaBuilder, Table};
/// let mut schema = SchemaBuilder::new();
/// schema.add(Table::new("todo").column(Column::uuid("id").primary()));
/// let db = Db::builder(Arc::new(schema.build())).pool("none", Arc::new(NoneDriver::new())).build()?;
/// assert_eq!(db.tables().len(), 1);
/// # Ok::<(), bkjs_core::Error>(())
/// ```
#[must_use]
pub struct DbBuilder {
    schema: Arc<Schema>,
    pools: Vec<(String, Arc<dyn Driver>)>,
    default_pool: Option<String>,
    table_pools: Vec<(String, String)>,
    token_key: Option<[u8; 32]>,
    protected: Vec<Regex>,
    pre: Vec<(String, RowHook)>,
    post: Vec<(String, RowHook)>,
    pub(super) cache: CacheSettings,
}

impl DbBuilder {
    pub(super) fn new(schema: Arc<Schema>) -> Self {
        Self {
            schema,
            pools: Vec::new(),
            default_pool: None,
            table_pools: Vec::new(),
            token_key: None,
            protected: Vec::new(),
            pre: Vec::new(),
            post: Vec::new(),
            cache: CacheSettings::default(),
        }
    }

    /// A pool by name. Without [`default_pool`](Self::default_pool) the first one is the default.
    pub fn pool(mut self, name: &str, driver: Arc<dyn Driver>) -> Self {
        self.pools.push((name.to_owned(), Observed::count(driver, name)));
        self
    }

    /// The pool of the tables that no other is named for, and of unknown pool names.
    pub fn default_pool(mut self, name: &str) -> Self {
        self.default_pool = Some(name.to_owned());
        self
    }

    /// The pool of one table.
    pub fn table_pool(mut self, table: &str, pool: &str) -> Self {
        self.table_pools.push((table.to_owned(), pool.to_owned()));
        self
    }

    /// The key that paging tokens are authenticated with: the same in all processes that serve the same
    /// callers. Without one a random key is made, and tokens end with this `Db`.
    pub fn token_key(mut self, key: [u8; 32]) -> Self {
        self.token_key = Some(key);
        self
    }

    /// Tables whose name matches are never dropped.
    pub fn protect(mut self, pattern: Regex) -> Self {
        self.protected.push(pattern);
        self
    }

    /// A hook on records before they are prepared and written; table `*` means all. Hooks of `*` and of
    /// the table run in the order of registration.
    pub fn pre_row<F>(mut self, table: &str, hook: F) -> Self
    where
        F: Fn(&mut Row, &Options) -> Result<RowFate> + Send + Sync + 'static,
    {
        self.pre.push((table.to_owned(), Arc::new(hook)));
        self
    }

    /// A hook on rows that were read, or given back by a write, before the caller gets them.
    pub fn post_row<F>(mut self, table: &str, hook: F) -> Self
    where
        F: Fn(&mut Row, &Options) -> Result<RowFate> + Send + Sync + 'static,
    {
        self.post.push((table.to_owned(), Arc::new(hook)));
        self
    }

    /// Whether two names are of one table.
    pub(super) fn is_table(&self, name: &str, other: &str) -> bool {
        self.schema.find(name).zip(self.schema.find(other)).is_some_and(|(one, other)| one.name == other.name)
    }

    /// The name of the pool that holds a table, and whether it is embedded.
    pub(super) fn pool_of(&self, table: &str) -> (&str, bool) {
        let driver_of =
            |pool: &str| self.pools.iter().rev().find(|(name, _)| name == pool).map(|(_, driver)| driver);
        let bound = self.table_pools.iter().rev().find(|(name, _)| self.is_table(name, table));
        let bound = bound.map(|(_, pool)| pool.as_str()).filter(|pool| driver_of(pool).is_some());
        let default = self.default_pool.as_ref().or(self.pools.first().map(|(name, _)| name));
        let pool = bound.or(default.map(String::as_str)).unwrap_or("none");
        (pool, driver_of(pool).is_none_or(|driver| driver.is_embedded()))
    }

    /// The database. No connection is made here.
    ///
    /// # Errors
    /// `Config` for a table that does not exist, a pattern of a column that does not parse, or a default
    /// pool that was not added.
    pub fn build(self) -> Result<Db> {
        let pools: HashMap<String, Arc<dyn Driver>> = self.pools.iter().cloned().collect();
        let default: Arc<dyn Driver> = match (&self.default_pool, self.pools.first()) {
            (Some(name), _) => pools.get(name).cloned().ok_or_else(|| unknown("pool", name))?,
            (None, Some((_, first))) => first.clone(),
            (None, None) => Arc::new(NoneDriver::new()),
        };
        for name in self.named_tables() {
            self.schema.find(name).ok_or_else(|| unknown("table", name))?;
        }
        let cache = self.cache.maker();
        let mut entries = HashMap::new();
        for table in self.schema.tables() {
            let is_this = |name: &str| self.schema.find(name).is_some_and(|t| t.name == table.name);
            let hooks = |all: &[(String, RowHook)]| -> Vec<RowHook> {
                all.iter().filter(|(n, _)| n == "*" || is_this(n)).map(|(_, hook)| hook.clone()).collect()
            };
            let (pool, _) = self.pool_of(&table.name);
            let keeping = cache.as_ref().map(|cache| cache.table(table, pool, is_this)).transpose()?;
            let Keeping { cache, marks } = keeping.unwrap_or_default();
            let entry = Arc::new(Entry {
                plan: Plan::new(table.clone())?,
                pool: pool.to_owned(),
                driver: pools.get(pool).unwrap_or(&default).clone(),
                pre: hooks(&self.pre),
                post: hooks(&self.post),
                cache,
                marks,
            });
            for name in std::iter::once(&table.name).chain(&table.aliases) {
                entries.insert(name.to_string(), entry.clone());
            }
        }
        let db = Db::from_inner(Inner {
            schema: self.schema,
            entries,
            pools,
            default,
            token_key: self.token_key.unwrap_or_else(rand::random),
            protected: self.protected,
        });
        db.count_kept();
        Ok(db)
    }

    /// Whether a table is declared.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.schema.find(table).is_some()
    }

    fn named_tables(&self) -> impl Iterator<Item = &String> {
        let hooks = self.pre.iter().chain(&self.post).map(|(name, _)| name).filter(|name| *name != "*");
        let pools = self.table_pools.iter().map(|(name, _)| name);
        hooks.chain(pools).chain(self.cache.names())
    }
}

fn unknown(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Config, format!("no {what} {name:.40}: declare it or correct the name"))
}
