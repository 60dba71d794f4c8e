//! Reading every record that matches.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::driver::{Driver, Select};
use super::entry::Entry;
use super::pages::{count, finish, with_live};
use super::prepare::{Checked, check_query, selected};
use super::token::Paged;
use super::{Db, IntoQuery, Options, Sort};
use crate::value::{FromRow, Name, Row, Value};
use crate::{Error, Result};

impl Db {
    /// Every record that matches, each once and in the order of the primary key, in batches of
    /// `options.count` to an async callback that may stop early; returns the number of records delivered.
    ///
    /// Every batch is read on its own, so the callback may write, also to the records it got. Records that
    /// are added meanwhile may or may not be among those delivered.
    ///
    /// The compiler cannot see that a future with an async closure may move between threads: within a task
    /// or a request handler use [`batches`](Self::batches).
    ///
    /// # Errors
    /// As [`select`](Self::select), and what the callback returns, which ends the scan.
    pub async fn scan<T: FromRow>(
        &self,
        table: &str,
        query: impl IntoQuery,
        options: &Options,
        mut each: impl AsyncFnMut(Vec<T>) -> Result<ControlFlow<()>>,
    ) -> Result<u64> {
        let mut batches = self.batches::<T>(table, query, options)?;
        while let Some(records) = batches.next().await? {
            if each(records).await?.is_break() {
                break;
            }
        }
        Ok(batches.delivered())
    }

    /// As [`scan`](Self::scan), to be asked for one batch after the other. It borrows nothing, so it may
    /// move to another task or be the body of a reply.
    ///
    /// # Errors
    /// As [`select`](Self::select); nothing is read yet. `NotMatched` when `options.start` is not a
    /// [`position`](Batches::position) of the same scan.
    pub fn batches<T: FromRow>(
        &self,
        table: &str,
        query: impl IntoQuery,
        options: &Options,
    ) -> Result<Batches<T>> {
        let entry = self.entry(table)?;
        let context = self.context(entry, options);
        let order: Vec<Sort> =
            entry.plan.table.keys().map(|c| Sort { column: c.name.clone(), descending: false }).collect();
        if order.is_empty() {
            return Err(Error::invalid(format!(
                "table {} has no primary key to scan by",
                entry.plan.table.name
            )));
        }
        let checked = check_query(&context, query.into_query()?, options.any)?;
        let nothing = checked == Checked::Never || (options.noscan && checked == Checked::Always);
        let paged = Paged {
            key: self.token_key(),
            table: &entry.plan.table,
            query: &checked,
            order: &order,
            unique: None,
        };
        let start = options.start.as_deref().filter(|token| !token.is_empty());
        let after = start.map(|token| paged.open(token)).transpose()?;
        Ok(Batches {
            token_key: *self.token_key(),
            entry: entry.clone(),
            driver: self.driver(entry, options).clone(),
            options: options.clone(),
            query: checked,
            ended: nothing,
            order,
            select: selected(&context),
            after,
            delivered: 0,
            records: PhantomData,
        })
    }
}

/// The batches of a scan, made by [`Db::batches`].
#[must_use]
pub struct Batches<T> {
    entry: Arc<Entry>,
    driver: Arc<dyn Driver>,
    options: Options,
    token_key: [u8; 32],
    query: Checked,
    ended: bool,
    order: Vec<Sort>,
    select: Vec<Name>,
    after: Option<Vec<Value>>,
    delivered: u64,
    records: PhantomData<fn() -> T>,
}

impl<T: FromRow> Batches<T> {
    /// The next batch, never empty; none at the end. After an error it may be asked again.
    ///
    /// # Errors
    /// As [`Db::select`].
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        loop {
            let left = self.options.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.delivered));
            let count = count(&self.options).min(usize::try_from(left).unwrap_or(usize::MAX));
            if self.ended || count == 0 {
                return Ok(None);
            }
            let Some(query) = with_live(&self.entry, self.driver.capabilities(), self.query.clone()) else {
                return Ok(None);
            };
            let request = Select {
                table: self.entry.plan.table.clone(),
                query,
                select: self.select.clone(),
                sort: self.order.clone(),
                count,
                after: self.after.clone(),
                skip: 0,
                unique: None,
            };
            let found = self.driver.select(request).await?;
            match found.last() {
                Some(last) if found.len() >= count => {
                    let position =
                        self.order.iter().map(|s| last.get(&s.column).cloned().unwrap_or_default());
                    self.after = Some(position.collect());
                }
                _ => self.ended = true,
            }
            let rows = finish(&self.entry, found, &self.select, &self.order, &self.options)?;
            self.delivered += rows.len() as u64;
            if !rows.is_empty() {
                return rows.into_iter().map(T::from_row).collect::<Result<Vec<T>>>().map(Some);
            }
        }
    }

    /// Where the scan is: with this as `options.start` another one of the same table, condition and key of tokens
    /// goes on behind the last record given, in this process or a later one. None before the first batch and
    /// at the end.
    ///
    /// # Errors
    /// `Invalid` when the key of the last record is too long for a token.
    pub fn position(&self) -> Result<Option<String>> {
        let Some(after) = self.after.as_ref().filter(|_| !self.ended) else { return Ok(None) };
        let names = self.order.iter().map(|sort| sort.column.clone());
        let last: Row = names.zip(after.iter().cloned()).collect();
        let (table, order) = (&self.entry.plan.table, &self.order);
        let paged = Paged { key: &self.token_key, table, query: &self.query, order, unique: None };
        paged.seal(&last).map(Some)
    }

    /// The records given so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }
}
