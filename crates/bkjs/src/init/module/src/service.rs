//! What can be done with records, without HTTP: jobs and the shell use it as handlers do.

use bkjs_api::{Api, Options};
use bkjs_core::db::{Page, Query};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};

use crate::tables::SAMPLE_TABLE;

/// Reads and writes records. Cheap to make and to clone.
#[derive(Clone)]
pub struct Samples {
    api: Api,
}

impl Samples {
    /// The records of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// Stores a record of an account, new or in place of the one with its name, and gives it.
    ///
    /// # Errors
    /// `ValidationFailed` for what is too long; those of the database.
    pub async fn add(&self, id: &str, name: &str, text: &str) -> Result<Row> {
        let row = Row::new().with("id", id).with("name", name).with("text", text);
        self.api.db().put(SAMPLE_TABLE, row, &Options::new()).await?;
        self.get(id, name).await
    }

    /// A record of an account.
    ///
    /// # Errors
    /// `NotFound` without it.
    pub async fn get(&self, id: &str, name: &str) -> Result<Row> {
        let row = self.api.db().get(SAMPLE_TABLE, key(id, name), &Options::new()).await?;
        row.ok_or_else(|| Error::not_found(format!("no record {name:.40}")))
    }

    /// Records by condition, page by page.
    ///
    /// # Errors
    /// `Invalid` for a condition that makes no sense.
    pub async fn select(&self, query: Query, options: &Options) -> Result<Page<Row>> {
        self.api.db().select(SAMPLE_TABLE, query, options).await
    }

    /// Removes a record of an account; one that is absent is no error.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn del(&self, id: &str, name: &str) -> Result<()> {
        self.api.db().del(SAMPLE_TABLE, key(id, name), &Options::new()).await.map(drop)
    }
}

fn key(id: &str, name: &str) -> Row {
    Row::new().with("id", id).with("name", name)
}
