//! Reads that are answered with what is kept.

use std::sync::Arc;

use futures_util::future::try_join_all;

use super::Options;
use super::cache::{TableCache, keys_of, list_of};
use super::driver::{Get, Select};
use super::entry::Entry;
use super::evaluate::Matcher;
use super::expiry::is_live;
use super::pages::count;
use super::prepare::{Checked, Context, order, selected};
use super::read::only;
use crate::Result;
use crate::value::{Name, Row, Value};

/// Selections of more records are not kept.
const MOST: usize = 50;

/// A record out of what is kept: whole there, the condition and the choice of columns are this caller's.
pub(super) async fn kept_row(
    entry: &Entry,
    cache: &Arc<TableCache>,
    key: Vec<Value>,
    filter: &Checked,
    select: &[Name],
) -> Result<Option<Row>> {
    let table = &entry.plan.table;
    let load = || {
        let (driver, table, key) = (entry.driver.clone(), table.clone(), key.clone());
        async move { driver.get(Get { table, key, filter: None, select: Vec::new() }).await }
    };
    let found = cache.get(&key, load).await?;
    let Some(row) = found.filter(|row| is_live(&entry.plan, row)) else { return Ok(None) };
    let fits = match filter {
        Checked::Always => true,
        Checked::Never => false,
        Checked::Some(query) => Matcher::new(table, query)?.matches(&row),
    };
    if !fits {
        return Ok(None);
    }
    let mut row = Row::clone(&row);
    only(&mut row, select);
    Ok(Some(row))
}

/// The rows of a page out of what is kept, if it is asked for by a named key and nothing else, and they all fit.
pub(super) async fn kept_page(
    entry: &Entry,
    context: &Context<'_>,
    checked: &Checked,
    options: &Options,
) -> Result<Option<Vec<Row>>> {
    let (Some(cache), Some(marks), Checked::Some(query)) = (&entry.cache, &entry.marks, checked) else {
        return Ok(None);
    };
    let wanted = marks.named().iter().find_map(|named| named.wanted(query));
    let Some(text) = wanted.filter(|_| is_plain(options)) else { return Ok(None) };
    let order = order(context)?;
    let load = || {
        let (driver, table, query) = (entry.driver.clone(), entry.plan.table.clone(), query.clone());
        async move {
            let names: Vec<Name> = table.keys().map(|column| column.name.clone()).collect();
            let (after, skip, unique, select) = (None, 0, None, names.clone());
            let select = Select { table, query, select, sort: order, count: MOST + 1, after, skip, unique };
            let rows = driver.select(select).await?;
            let keys = rows
                .iter()
                .map(|row| names.iter().map(|name| row.get(name).cloned().unwrap_or_default()).collect());
            Ok(Some(list_of((rows.len() <= MOST).then(|| keys.collect()))))
        }
    };
    let kept = cache.find(text, load).await?;
    let keys = kept.as_ref().and_then(keys_of).filter(|keys| keys.len() <= count(options));
    let Some(keys) = keys else { return Ok(None) };
    let select = selected(context);
    let found = keys.into_iter().map(|key| kept_row(entry, cache, key, checked, &select));
    let mut rows = Vec::new();
    for row in try_join_all(found).await?.into_iter().flatten() {
        rows.extend(entry.returned(row, &select, options)?);
    }
    Ok(Some(rows))
}

/// Whether a select asks for the first page in the order of the key.
fn is_plain(options: &Options) -> bool {
    let ordered = !options.sort.is_empty() || options.descending || options.unique.is_some();
    let started = options.start.as_ref().is_some_and(|token| !token.is_empty());
    let later = options.page.is_some_and(|page| page > 1);
    !(ordered || started || later || options.total || options.nocache || options.pool.is_some())
}
