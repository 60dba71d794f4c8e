use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use regex::Regex;

use super::builder::DbBuilder;
use super::cache::{CacheStats, TableMarks, key_text};
use super::driver::Driver;
use super::entry::Entry;
use super::prepare::{Context, key};
use super::{Difference, Key, Options};
use crate::metrics;
use crate::schema::{Schema, Table};
use crate::value::{Row, Value};
use crate::{Error, ErrorKind, Result};

/// The database pools of an application and the schema they share. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) schema: Arc<Schema>,
    /// By name and alias.
    pub(super) entries: HashMap<String, Arc<Entry>>,
    pub(super) pools: HashMap<String, Arc<dyn Driver>>,
    pub(super) default: Arc<dyn Driver>,
    pub(super) token_key: [u8; 32],
    pub(super) protected: Vec<Regex>,
}

impl Db {
    /// Starts to describe a database with the tables of `schema`.
    pub fn builder(schema: Arc<Schema>) -> DbBuilder {
        DbBuilder::new(schema)
    }

    pub(super) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The tables that this database knows, to find one by name.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.inner.schema
    }

    /// The tables, in order of declaration.
    pub fn tables(&self) -> &[Arc<Table>] {
        self.inner.schema.tables()
    }

    /// The pool of a name; the default pool when there is none of that name.
    pub fn pool(&self, name: &str) -> &Arc<dyn Driver> {
        self.inner.pools.get(name).unwrap_or(&self.inner.default)
    }

    /// Whether there is a pool of this name.
    pub fn has_pool(&self, name: &str) -> bool {
        self.inner.pools.contains_key(name)
    }

    /// The pool that holds a table.
    ///
    /// # Errors
    /// `NotFound` for a table that is not declared.
    pub fn pool_of(&self, table: &str) -> Result<&Arc<dyn Driver>> {
        Ok(&self.entry(table)?.driver)
    }

    /// Closes every pool: background work ends, and what was acknowledged is stored.
    pub async fn close(&self) {
        for driver in self.inner.pools.values() {
            driver.close().await;
        }
    }

    /// Runs a statement of the driver's own language with bound parameters, in the pool that
    /// `options.pool` names or the default one. Values and rows are the driver's; no hook sees them.
    ///
    /// # Errors
    /// `Unsupported` when the driver has no such language.
    pub async fn query(&self, text: &str, values: Vec<Value>, options: &Options) -> Result<Vec<Row>> {
        let driver = options.pool.as_deref().map_or(&self.inner.default, |name| self.pool(name));
        if !driver.capabilities().raw_query {
            let text = format!("{} has no statements of its own, use select", driver.name());
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        // What a statement changes is not known: no kept row survives one that may write.
        let only_reads = text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        let writings: Vec<_> = match only_reads {
            true => Vec::new(),
            false => self.all_marks().map(TableMarks::write_any).collect(),
        };
        let rows = driver.query(text.to_owned(), values).await;
        join_all(writings.into_iter().map(|writing| writing.done(rows.as_ref().err()))).await;
        rows
    }

    /// Makes kept rows out of date, in every process on this home: after a record, or with no key any record of
    /// the table, was changed by something else than this framework. Nothing happens for a table that nobody keeps.
    ///
    /// # Errors
    /// `NotFound` for a table that is not declared, `KeyIncomplete` and `Invalid` for a key that is none.
    pub async fn forget_kept(&self, table: &str, record: Option<Key>) -> Result<()> {
        let entry = self.entry(table)?;
        let Some(marks) = &entry.marks else { return Ok(()) };
        let writing = match record {
            // Which values the record has now is not known, so any named key may be of it.
            Some(record) if marks.named().is_empty() => {
                let key = key(&self.context(entry, &Options::new()), record)?.values;
                marks.write(Some(vec![key_text(&key)]))
            }
            _ => marks.write_any(),
        };
        writing.done([]).await;
        Ok(())
    }

    /// As [`forget_kept`](Self::forget_kept), for all records of all tables.
    pub async fn forget_all_kept(&self) {
        let writings: Vec<_> = self.all_marks().map(TableMarks::write_any).collect();
        join_all(writings.into_iter().map(|writing| writing.done(None))).await;
    }

    /// How often the cache of a table was of use in this process; none for a table that is not listed for caching.
    pub fn cache_stats(&self, table: &str) -> Option<CacheStats> {
        Some(self.entry(table).ok()?.cache.as_ref()?.stats())
    }

    /// Has the use of kept rows counted as long as the database is there.
    pub(super) fn count_kept(&self) {
        if !self.tables().iter().any(|table| self.cache_stats(&table.name).is_some()) {
            return;
        }
        metrics::install();
        metrics::describe_counter!(
            "bkjs_db_cache_reads_total",
            "Reads of tables whose rows are kept, by where from."
        );
        let inner = Arc::downgrade(&self.inner);
        metrics::keeper().collect(move || {
            let Some(inner) = inner.upgrade() else { return false };
            let db = Self { inner };
            for table in db.tables() {
                let Some(stats) = db.cache_stats(&table.name) else { continue };
                let from = [
                    ("near", stats.near_hits),
                    ("shared", stats.shared_hits),
                    ("database", stats.misses),
                    ("joined", stats.joined),
                    ("bypassed", stats.bypassed),
                ];
                for (from, count) in from {
                    let table = table.name.to_string();
                    metrics::counter!("bkjs_db_cache_reads_total", "table" => table, "from" => from)
                        .absolute(count);
                }
            }
            true
        });
    }

    /// The marks of all tables, each once: entries are there by alias too.
    fn all_marks(&self) -> impl Iterator<Item = &Arc<TableMarks>> {
        let tables = self.tables().iter().filter_map(|table| self.inner.entries.get(&*table.name));
        tables.filter_map(|entry| entry.marks.as_ref())
    }

    /// The names of the pools that hold tables, each with its tables, in order of declaration.
    pub fn tables_by_pool(&self) -> Vec<(&str, Vec<Arc<Table>>)> {
        let mut pools: Vec<(&str, Vec<Arc<Table>>)> = Vec::new();
        for table in self.tables() {
            let Some(entry) = self.inner.entries.get(&*table.name) else { continue };
            match pools.iter_mut().find(|(pool, _)| *pool == entry.pool) {
                Some((_, tables)) => tables.push(table.clone()),
                None => pools.push((&entry.pool, vec![table.clone()])),
            }
        }
        pools
    }

    /// In what the pools differ from the descriptions of their tables: what [`create_tables`](Self::create_tables)
    /// would do, and what it would leave as it is. Nothing is changed.
    ///
    /// # Errors
    /// What the driver reports.
    pub async fn plan_tables(&self) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        for (pool, tables) in self.tables_by_pool() {
            found.extend(self.pool(pool).plan(tables).await?);
        }
        Ok(found)
    }

    /// Creates missing tables, columns and indexes in every pool; returns what was done, and what differs and was
    /// left as it is. Nothing is ever removed. Safe to run again and from several processes at once.
    ///
    /// # Errors
    /// What the driver reports; tables created before stay.
    pub async fn create_tables(&self) -> Result<Vec<Difference>> {
        self.create_tables_in(|_| true).await
    }

    /// [`create_tables`](Self::create_tables) in the pools whose name is wanted; the others are not asked for anything.
    ///
    /// # Errors
    /// What the driver reports; tables created before stay.
    pub async fn create_tables_in(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Difference>> {
        let mut done = Vec::new();
        for (pool, tables) in self.tables_by_pool() {
            if wanted(pool) {
                done.extend(self.pool(pool).create(tables).await?);
            }
        }
        Ok(done)
    }

    /// Removes a table and its records; not being there is no error.
    ///
    /// # Errors
    /// `SkipDrop` for a protected table, of which nothing is removed; `NotFound` for one that is not declared.
    pub async fn drop_table(&self, table: &str, options: &Options) -> Result<()> {
        let entry = self.entry(table)?;
        let table = &entry.plan.table;
        if self.inner.protected.iter().any(|pattern| pattern.is_match(&table.name)) {
            let text = format!("table {} is protected and was not dropped", table.name);
            return Err(Error::new(ErrorKind::SkipDrop, text));
        }
        let writing = entry.marks.as_ref().map(TableMarks::write_any);
        let dropped = self.driver(entry, options).drop_table(table.clone()).await;
        if let Some(writing) = writing {
            writing.done(dropped.as_ref().err()).await;
        }
        dropped
    }

    /// What is known of a table.
    pub(super) fn entry(&self, table: &str) -> Result<&Arc<Entry>> {
        let entries = &self.inner.entries;
        let found = match entries.get(table) {
            None if table.bytes().any(|b| b.is_ascii_uppercase()) => entries.get(&table.to_lowercase()),
            found => found,
        };
        found.ok_or_else(|| {
            Error::not_found(format!("no table {table:.40}: check the name, or enable its module"))
        })
    }

    /// The driver that answers a call.
    pub(super) fn driver<'a>(&'a self, entry: &'a Entry, options: &Options) -> &'a Arc<dyn Driver> {
        options.pool.as_deref().map_or(&entry.driver, |name| self.pool(name))
    }

    pub(super) fn context<'a>(&'a self, entry: &'a Entry, options: &'a Options) -> Context<'a> {
        Context { plan: &entry.plan, can: self.driver(entry, options).capabilities(), options }
    }

    pub(super) fn token_key(&self) -> &[u8; 32] {
        &self.inner.token_key
    }
}
