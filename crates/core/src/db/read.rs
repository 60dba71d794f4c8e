//! The operations that read by key.

use std::collections::{HashMap, HashSet};

use super::cache::key_text;
use super::driver::Get;
use super::expiry::{is_live, live};
use super::kept::kept_row;
use super::pages::only_one;
use super::prepare::{AnyKey, Checked, key, list_key, selected};
use super::{Db, IntoKey, Key, Options};
use crate::Result;
use crate::schema::Table;
use crate::value::{FromRow, Name, Row, Value};

/// Keys asked of a driver at once; engines limit the parameters of a statement.
const KEYS_AT_ONCE: usize = 500;

impl Db {
    /// One record by its primary key, or none. Known columns beside the key must have the values given.
    ///
    /// A record of a table that is listed for caching may come out of what is kept, unless `options.nocache`. It is
    /// as new as the last write that was answered, on this machine.
    ///
    /// # Errors
    /// `KeyIncomplete` when a part of the key is missing, `Invalid` when a value does not fit its column.
    pub async fn get<T: FromRow>(
        &self,
        table: &str,
        key: impl IntoKey,
        options: &Options,
    ) -> Result<Option<T>> {
        let row = self.get_row(table, key.into_key(), options).await?;
        row.map(T::from_row).transpose()
    }

    /// As [`get`](Self::get): for code that says that it counts on the table being listed for caching.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_cached<T: FromRow>(
        &self,
        table: &str,
        key: impl IntoKey,
        options: &Options,
    ) -> Result<Option<T>> {
        let row = self.get_row(table, key.into_key(), options).await?;
        row.map(T::from_row).transpose()
    }

    /// The records of a list of keys, each once and in the order of the keys. Missing records and incomplete
    /// keys are left out, columns beside the key mean nothing.
    ///
    /// A single text with commas, for a table with one key column, is a list of keys; to name one record
    /// whose key has a comma, give it as a row.
    ///
    /// # Errors
    /// `Invalid` when a value does not fit its column.
    pub async fn list<T: FromRow, K: IntoKey>(
        &self,
        table: &str,
        keys: impl IntoIterator<Item = K> + Send,
        options: &Options,
    ) -> Result<Vec<T>> {
        let keys = keys.into_iter().map(IntoKey::into_key).collect();
        self.list_rows(table, keys, options).await?.into_iter().map(T::from_row).collect()
    }

    pub(super) async fn get_row(&self, table: &str, given: Key, options: &Options) -> Result<Option<Row>> {
        let entry = self.entry(table)?;
        let context = self.context(entry, options);
        let AnyKey { values, filter } = key(&context, given)?;
        let select = if options.select.is_empty() { Vec::new() } else { selected(&context) };
        let cache = entry.cache.as_ref().filter(|_| !options.nocache && options.pool.is_none());
        let row = if let Some(cache) = cache {
            kept_row(entry, cache, values, &filter, &select).await?
        } else {
            let filter = match filter.and(live(&entry.plan, context.can)) {
                Checked::Never => return Ok(None),
                Checked::Always => None,
                Checked::Some(query) => Some(query),
            };
            let get = Get { table: entry.plan.table.clone(), key: values, filter, select: select.clone() };
            self.driver(entry, options).get(get).await?
        };
        match row {
            Some(row) => entry.returned(row, &select, options),
            None => Ok(None),
        }
    }

    async fn list_rows(&self, table: &str, given: Vec<Key>, options: &Options) -> Result<Vec<Row>> {
        let entry = self.entry(table)?;
        let plan = &entry.plan;
        let context = self.context(entry, options);
        let mut seen = HashSet::new();
        let mut keys = Vec::new();
        for given in split_text(given, plan.table.keys().len()) {
            if let Some(key) = list_key(&context, given)?
                && seen.insert(key_text(&key))
            {
                keys.push(key);
            }
        }
        let select = selected(&context);
        // To put rows in order and leave out expired ones, their keys and times are read as well.
        let mut read = select.clone();
        if !select.is_empty() {
            let needed = plan.table.keys().map(|c| &c.name).chain(&plan.ttl);
            read.extend(needed.filter(|name| !select.contains(name)).cloned());
        }
        let driver = self.driver(entry, options);
        let mut rows = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let mut found = driver.list(plan.table.clone(), keys.to_vec(), read.clone()).await?;
            in_order_of(keys, &mut found, &plan.table);
            for mut row in found {
                if is_live(plan, &row) {
                    only(&mut row, &select);
                    rows.extend(entry.returned(row, &select, options)?);
                }
            }
        }
        only_one(&mut rows, options);
        Ok(rows)
    }
}

/// Leaves the selected columns of a row; an empty selection is all.
pub(super) fn only(row: &mut Row, select: &[Name]) {
    if !select.is_empty() {
        row.retain(|name, _| select.iter().any(|wanted| &**wanted == name));
    }
}

fn split_text(mut given: Vec<Key>, key_columns: usize) -> Vec<Key> {
    if key_columns == 1
        && let [Key::Values(values)] = given.as_mut_slice()
        && let [Value::Text(text)] = values.as_slice()
        && text.contains(',')
    {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        return parts.map(|part| Key::Values(vec![part.into()])).collect();
    }
    given
}

fn in_order_of(keys: &[Vec<Value>], rows: &mut [Row], table: &Table) {
    let places: HashMap<String, usize> =
        keys.iter().enumerate().map(|(at, key)| (key_text(key), at)).collect();
    rows.sort_by_cached_key(|row| {
        let key: Vec<Value> = table.keys().map(|c| row.get(&c.name).cloned().unwrap_or_default()).collect();
        places.get(&key_text(&key)).copied()
    });
}
