//! What can be done with counters, without HTTP.

use bkjs_api::{Api, Options};
use bkjs_core::schema::{Column, ColumnType};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};

use crate::tables::COUNTER_TABLE;

/// Reads and changes counters. Cheap to make and to clone.
#[derive(Clone)]
pub struct Counters {
    api: Api,
}

impl Counters {
    /// The counters of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// The counters of an account; none when nothing was counted yet.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, id: &str) -> Result<Option<Row>> {
        self.api.db().get_cached(COUNTER_TABLE, id, &Options::new()).await
    }

    /// The counters of a list of accounts, in its order; those without any are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self, ids: Vec<String>) -> Result<Vec<Row>> {
        self.api.db().list(COUNTER_TABLE, ids, &Options::new()).await
    }

    /// Replaces the counters of an account by those of `input`; the others become 0.
    ///
    /// # Errors
    /// `Invalid` for what is no integer.
    pub async fn put(&self, id: &str, input: &Row) -> Result<()> {
        let mut row = Row::new().with("id", id);
        for column in self.columns() {
            row.set(
                &*column.name,
                input.get(&column.name).filter(|v| !v.is_empty()).cloned().unwrap_or(0.into()),
            );
        }
        self.api.db().put(COUNTER_TABLE, row, &Options::new()).await.map(drop)
    }

    /// Sets those counters of an account that `input` holds.
    ///
    /// # Errors
    /// `Invalid` for what is no integer, and when `input` holds no counter.
    pub async fn update(&self, id: &str, input: &Row) -> Result<()> {
        let row = self.named(id, input, |_| true)?;
        self.api.db().put(COUNTER_TABLE, row, &Options::new()).await.map(drop)
    }

    /// Adds to those counters of an account that `input` holds. Atomic.
    ///
    /// Gives the names of the counters that were changed.
    ///
    /// # Errors
    /// `Invalid` for what is no integer, for a sum of more than 64 bits, and when `input` holds no counter.
    pub async fn incr(&self, id: &str, input: &Row) -> Result<Vec<String>> {
        self.add(self.named(id, input, |_| true)?).await
    }

    /// As [`incr`](Self::incr) for the account of somebody else: to its public counters, others are left alone.
    ///
    /// # Errors
    /// `NotFound` without such an account; as [`incr`](Self::incr).
    pub async fn incr_other(&self, id: &str, input: &Row) -> Result<Vec<String>> {
        let row = self.named(id, input, |column| column.public == Some(true))?;
        if !self.api.has_account(id).await? {
            return Err(Error::not_found("no such account"));
        }
        self.add(row).await
    }

    async fn add(&self, row: Row) -> Result<Vec<String>> {
        let names = row.iter().map(|(name, _)| name.to_string()).filter(|name| name != "id").collect();
        self.api.db().incr(COUNTER_TABLE, row, &Options::new()).await?;
        Ok(names)
    }

    /// A record with the counters that `input` holds and `admits` lets pass.
    fn named(&self, id: &str, input: &Row, admits: impl Fn(&Column) -> bool) -> Result<Row> {
        let mut row = Row::new().with("id", id);
        for column in self.columns().filter(|column| admits(column)) {
            if let Some(value) = input.get(&column.name).filter(|value| !value.is_empty()) {
                row.set(&*column.name, value.clone());
            }
        }
        if row.len() > 1 {
            return Ok(row);
        }
        let known: Vec<_> =
            self.columns().filter(|column| admits(column)).map(|c| c.name.to_string()).collect();
        Err(Error::invalid(format!(
            "no counter is named that may be changed, there are: {}",
            known.join(", ")
        )))
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        let table = self.api.schema().find(COUNTER_TABLE);
        let columns = table.into_iter().flat_map(|table| table.columns());
        columns.filter(|column| column.column_type() == ColumnType::Counter)
    }
}
