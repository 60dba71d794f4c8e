//! Reading the records of a table in a pool.

use bkjs_core::db::{Batches, Db, Options};
use bkjs_core::schema::Table;
use bkjs_core::value::{Name, Row};
use bkjs_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::retry::Tries;

/// Which records are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Source {
    table: String,
    /// The pool; the table's own when none is named.
    pool: Option<String>,
    /// The condition, as JSON.
    filter: serde_json::Value,
}

impl Source {
    pub(super) fn new(table: &Table, pool: Option<String>, filter: &Row) -> Self {
        Self { table: table.name.to_string(), pool, filter: filter.to_json() }
    }

    fn filter(&self) -> Result<Row> {
        match &self.filter {
            serde_json::Value::Object(columns) => Row::from_json_object(columns.clone()),
            _ => Err(Error::invalid("the condition is no JSON object")),
        }
    }

    /// The records as they are stored, in batches of `batch`, behind `start`; `select` are the columns, empty for all.
    ///
    /// # Errors
    /// `Invalid` for a condition that the table cannot have; `NotMatched` when `start` is of other records.
    pub(super) fn read(
        &self,
        db: &Db,
        batch: usize,
        start: Option<String>,
        select: Vec<Name>,
    ) -> Result<Reader> {
        let options = Options {
            as_stored: true,
            pool: self.pool.clone(),
            count: Some(batch),
            start,
            select,
            ..Options::new()
        };
        Ok(Reader(db.batches(&self.table, self.filter()?, &options)?))
    }
}

/// The batches of a [`Source`].
pub(super) struct Reader(Batches<Row>);

impl Reader {
    /// The next batch; none at the end. An error that may be gone a moment later is waited out.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let mut tries = Tries::default();
        loop {
            match self.0.next().await {
                Err(error) => tries.after(error).await?,
                batch => return batch,
            }
        }
    }

    /// Where another run can go on; none at the end, and where the keys of records are too long to note.
    pub(super) fn position(&self) -> Option<String> {
        self.0.position().ok().flatten()
    }
}

/// How many records there are.
///
/// # Errors
/// What the database reports, unless it is gone a moment later.
pub(super) async fn count(db: &Db, source: &Source) -> Result<u64> {
    let options = Options { total: true, as_stored: true, pool: source.pool.clone(), ..Options::new() };
    let mut tries = Tries::default();
    loop {
        match db.select::<Row>(&source.table, source.filter()?, &options).await {
            Ok(page) => return Ok(page.total.unwrap_or_default()),
            Err(error) => tries.after(error).await?,
        }
    }
}
