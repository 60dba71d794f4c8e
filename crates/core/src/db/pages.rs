//! The operations that read by condition.

use super::driver::{Capabilities, Select};
use super::entry::Entry;
use super::expiry::live;
use super::kept::kept_page;
use super::prepare::{Checked, check_query, order, selected};
use super::read::only;
use super::token::Paged;
use super::{Db, IntoQuery, Options, Page, Query, Sort};
use crate::value::{FromRow, Name, Row};
use crate::{Error, Result};

/// Rows on a page when the caller does not say.
const USUAL_COUNT: usize = 50;
/// The most rows on a page.
const MAX_COUNT: usize = 10_000;

impl Db {
    /// A page of the records that match, in the order of `options.sort` and the primary key.
    ///
    /// The token of the page continues after its last row, whatever was written meanwhile: rows added
    /// behind it appear, rows before it never repeat.
    ///
    /// # Errors
    /// `Invalid` for an unknown column or a value that does not fit, `NotMatched` for a token of another
    /// query, `Unsupported` for what the driver cannot do.
    pub async fn select<T: FromRow>(
        &self,
        table: &str,
        query: impl IntoQuery,
        options: &Options,
    ) -> Result<Page<T>> {
        let page = self.select_rows(table, query.into_query()?, options).await?;
        let rows = page.rows.into_iter().map(T::from_row).collect::<Result<_>>()?;
        Ok(Page { rows, next_token: page.next_token, total: page.total })
    }

    async fn select_rows(&self, table: &str, query: Query, options: &Options) -> Result<Page<Row>> {
        let entry = self.entry(table)?;
        let context = self.context(entry, options);
        let order = order(&context)?;
        let unique = unique(entry, options)?;
        let checked = check_query(&context, query, options.any)?;
        let nothing = checked == Checked::Never || (options.noscan && checked == Checked::Always);
        if nothing {
            return Ok(Page { rows: Vec::new(), next_token: None, total: options.total.then_some(0) });
        }
        if let Some(mut rows) = kept_page(entry, &context, &checked, options).await? {
            only_one(&mut rows, options);
            return Ok(Page { rows, next_token: None, total: None });
        }
        let driver = self.driver(entry, options);
        if options.total {
            let Some(query) = with_live(entry, context.can, checked) else {
                return Ok(Page { rows: Vec::new(), next_token: None, total: Some(0) });
            };
            let total = driver.count(entry.plan.table.clone(), query).await?;
            return Ok(Page { rows: Vec::new(), next_token: None, total: Some(total) });
        }
        let size = count(options);
        // A hook may drop the first rows that are found.
        let count = if options.first && entry.post.is_empty() { 1 } else { size };
        let paged = Paged {
            key: self.token_key(),
            table: &entry.plan.table,
            query: &checked,
            order: &order,
            unique: unique.as_ref(),
        };
        let after = match options.start.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => Some(paged.open(token)?),
            None => None,
        };
        let skip = match (&after, options.page) {
            (None, Some(page)) => page.saturating_sub(1).saturating_mul(size as u64),
            _ => 0,
        };
        let select = selected(&context);
        let Some(query) = with_live(entry, context.can, checked.clone()) else {
            return Ok(Page { rows: Vec::new(), next_token: None, total: None });
        };
        let request = Select {
            table: entry.plan.table.clone(),
            query,
            select: select.clone(),
            sort: order.clone(),
            // One more than asked for tells whether there is a next page.
            count: count + 1,
            after,
            skip,
            unique: unique.clone(),
        };
        let mut found = driver.select(request).await?;
        let mut next_token = None;
        let more = found.len() > count;
        found.truncate(count);
        if more && !options.first {
            next_token = found.last().map(|last| paged.seal(last)).transpose()?;
        }
        let mut rows = finish(entry, found, &select, &order, options)?;
        only_one(&mut rows, options);
        Ok(Page { rows, next_token, total: None })
    }
}

/// Leaves the first or the last row, if only that is wanted.
pub(super) fn only_one(rows: &mut Vec<Row>, options: &Options) {
    if options.first {
        rows.truncate(1);
    } else if options.last {
        rows.drain(..rows.len().saturating_sub(1));
    }
}

/// Takes out the columns that were read for their order only, then does what every read does.
pub(super) fn finish(
    entry: &Entry,
    found: Vec<Row>,
    select: &[Name],
    order: &[Sort],
    options: &Options,
) -> Result<Vec<Row>> {
    let extra = !select.is_empty() && order.iter().any(|s| !select.contains(&s.column));
    let mut rows = Vec::with_capacity(found.len());
    for mut row in found {
        if extra {
            only(&mut row, select);
        }
        rows.extend(entry.returned(row, select, options)?);
    }
    Ok(rows)
}

pub(super) fn with_live(entry: &Entry, can: &Capabilities, checked: Checked) -> Option<Query> {
    match checked.and(live(&entry.plan, can)) {
        Checked::Never => None,
        Checked::Always => Some(Query::new()),
        Checked::Some(query) => Some(query),
    }
}

pub(super) fn count(options: &Options) -> usize {
    match options.count {
        None | Some(0) => USUAL_COUNT,
        Some(count) => count.min(MAX_COUNT),
    }
}

fn unique(entry: &Entry, options: &Options) -> Result<Option<Name>> {
    let Some(wanted) = &options.unique else { return Ok(None) };
    match entry.plan.table.find(wanted) {
        Some(column) if !column.hidden => Ok(Some(column.name.clone())),
        _ => Err(Error::invalid(format!("table {} has no column {wanted:.40}", entry.plan.table.name))),
    }
}
