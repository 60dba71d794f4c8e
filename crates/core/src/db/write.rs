//! The operations that write.

use super::cache::{TableMarks, Writing};
use super::driver::{Affected, Capabilities, Verb, Write};
use super::entry::Entry;
use super::expiry::{expired, live};
use super::prepare::{Checked, check_query};
use super::read::only;
use super::request::Request;
use super::{Action, Db, IntoKey, IntoQuery, Options, Query, Returning, Written};
use crate::value::{IntoRow, Row};
use crate::{Error, Result};

impl Db {
    /// Stores a new record.
    ///
    /// # Errors
    /// `AlreadyExists` when its key, or its value of a unique column, is there already;
    /// `ValidationFailed` with every rule that the record breaks; `KeyIncomplete`; `Invalid`.
    pub async fn add(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        self.write_row(table, Action::Add, record.into_row()?, options).await
    }

    /// Stores a record, new or into the one with its key, which keeps the columns that are not given.
    /// With `options.condition` a stored record is changed only if that holds of it.
    ///
    /// # Errors
    /// As [`add`](Self::add), except that the key may be there.
    pub async fn put(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        self.write_row(table, Action::Put, record.into_row()?, options).await
    }

    /// Changes columns of the record with the key that `record` holds; with `options.condition` only if
    /// that holds. A record that is absent is not created, unless `options.upsert`.
    ///
    /// # Errors
    /// `KeyIncomplete`, `ValidationFailed`, `Invalid`; `AlreadyExists` for a value of a unique column.
    pub async fn update(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        self.write_row(table, Action::Update, record.into_row()?, options).await
    }

    /// Adds to counter columns of a record and sets the others; a record that is absent is created.
    ///
    /// # Errors
    /// As [`update`](Self::update); `Invalid` when a sum has more than 64 bits, and nothing is changed.
    pub async fn incr(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        self.write_row(table, Action::Incr, record.into_row()?, options).await
    }

    /// Removes a record; one that is absent is no error. Known columns beside the key must have the
    /// values given.
    ///
    /// # Errors
    /// `KeyIncomplete`, `Invalid`.
    pub async fn del(&self, table: &str, key: impl IntoKey, options: &Options) -> Result<Written> {
        let entry = self.entry(table)?;
        let request = self.del_request(entry, key.into_key(), options)?;
        self.perform(entry, request, options).await
    }

    /// Stores a record unless the stored one is newer (`options.check_newer`) or the same in the columns
    /// of `options.check_changed`; columns that are not given stay.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn replace(&self, table: &str, record: impl IntoRow, options: &Options) -> Result<Written> {
        let entry = self.entry(table)?;
        match self.replace_request(entry, record.into_row()?, options)? {
            Some(request) => self.perform(entry, request, options).await,
            None => Ok(Written::default()),
        }
    }

    /// Changes columns of every record that matches. An empty condition needs `options.whole_table`.
    ///
    /// # Errors
    /// `Invalid` for an empty or wrong condition or no column to change, `ValidationFailed`.
    pub async fn update_all(
        &self,
        table: &str,
        query: impl IntoQuery,
        record: impl IntoRow,
        options: &Options,
    ) -> Result<Written> {
        let entry = self.entry(table)?;
        let query = self.many(entry, query.into_query()?, options)?;
        let changes = self.changes_request(entry, record.into_row()?, options)?;
        let (Some(query), Some(changes)) = (query, changes) else { return Ok(Written::default()) };
        self.write_many(entry, Verb::UpdateAll { changes, query }, options).await
    }

    /// Removes every record that matches. An empty condition needs `options.whole_table`.
    ///
    /// # Errors
    /// `Invalid` for an empty or wrong condition.
    pub async fn del_all(&self, table: &str, query: impl IntoQuery, options: &Options) -> Result<Written> {
        let entry = self.entry(table)?;
        match self.many(entry, query.into_query()?, options)? {
            Some(query) => self.write_many(entry, Verb::DelAll { query }, options).await,
            None => Ok(Written::default()),
        }
    }

    async fn write_row(
        &self,
        table: &str,
        action: Action,
        record: Row,
        options: &Options,
    ) -> Result<Written> {
        let entry = self.entry(table)?;
        match self.request(entry, action, record, options)? {
            Some(request) => self.perform(entry, request, options).await,
            None => Ok(Written::default()),
        }
    }

    async fn perform(&self, entry: &Entry, request: Request, options: &Options) -> Result<Written> {
        let writing = entry.writing(&request);
        let driver = self.driver(entry, options);
        if let Some(removal) = entry.removal_of_expired(driver.capabilities(), &request) {
            driver.write(removal).await?;
        }
        let affected = driver.write(request.write).await;
        if let Some(writing) = writing {
            writing.done(affected.as_ref().err()).await;
        }
        entry.written(affected?, request.prepared, request.not_created, options)
    }

    async fn write_many(&self, entry: &Entry, verb: Verb, options: &Options) -> Result<Written> {
        let writing = entry.marks.as_ref().map(TableMarks::write_any);
        let write = Write { table: entry.plan.table.clone(), verb, returning: Returning::Nothing };
        let affected = self.driver(entry, options).write(write).await;
        if let Some(writing) = writing {
            writing.done(affected.as_ref().err()).await;
        }
        Ok(Written { affected: affected?.count, ..Written::default() })
    }

    /// The condition of a write of many records; none when nothing can match.
    fn many(&self, entry: &Entry, query: Query, options: &Options) -> Result<Option<Query>> {
        let context = self.context(entry, options);
        let checked = check_query(&context, query, options.any)?;
        let extra = match &options.condition {
            Some(query) => check_query(&context, query.clone(), false)?,
            None => Checked::Always,
        };
        let checked = checked.and(extra);
        if checked == Checked::Always && !options.whole_table {
            let text =
                format!("an empty condition would write all of {}: set whole_table", entry.plan.table.name);
            return Err(Error::invalid(text));
        }
        Ok(match checked.and(live(&entry.plan, context.can)) {
            Checked::Never => None,
            Checked::Always => Some(Query::new()),
            Checked::Some(query) => Some(query),
        })
    }
}

impl Entry {
    /// Begins a write of one record, for those who keep it.
    fn writing(&self, request: &Request) -> Option<Writing> {
        let marks = self.marks.as_ref()?;
        Some(marks.write(marks.touched(request.key.as_deref()?, &request.write.verb)))
    }

    /// The write that removes the record if it has expired, where that must come before.
    pub(super) fn removal_of_expired(&self, can: &Capabilities, request: &Request) -> Option<Write> {
        if !request.renews {
            return None;
        }
        let condition = expired(&self.plan, can)?;
        let verb = Verb::Del { key: request.key.clone()?, condition: Some(condition) };
        Some(Write { table: self.plan.table.clone(), verb, returning: Returning::Nothing })
    }

    /// What the caller learns of a write.
    pub(super) fn written(
        &self,
        affected: Affected,
        prepared: Option<Row>,
        not_created: Option<Error>,
        options: &Options,
    ) -> Result<Written> {
        if let (0, Some(error), None) = (affected.count, not_created, &options.condition) {
            return Err(error);
        }
        let row = match affected.row {
            Some(mut row) => {
                only(&mut row, &options.select);
                self.returned(row, &options.select, options)?
            }
            None => None,
        };
        Ok(Written { affected: affected.count, row, prepared })
    }
}
