//! What can be done with pages, without HTTP.

use bkjs_api::{Api, Options};
use bkjs_core::db::{Op, Page, Query};
use bkjs_core::value::Row;
use bkjs_core::{Error, ErrorKind, Result};

use crate::tables::PAGE_TABLE;

/// Reads and writes pages. Cheap to make and to clone.
#[derive(Clone)]
pub struct Pages {
    api: Api,
}

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The account.
    pub id: &'a str,
    /// Whether pages of others may be changed.
    pub admin: bool,
}

impl Pages {
    /// The pages of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// A page.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, id: &str) -> Result<Option<Row>> {
        self.api.db().get(PAGE_TABLE, id, &Options::new()).await
    }

    /// Pages by condition, page by page; with `only_public` those that are shown to everybody.
    ///
    /// # Errors
    /// `Invalid` for a condition that makes no sense.
    pub async fn select(&self, query: Query, only_public: bool, options: &Options) -> Result<Page<Row>> {
        let query = match only_public {
            // Beside a condition of the caller's, which may be joined by or.
            true if options.any && !query.conditions.is_empty() => {
                Query::new().or(query).op("pub", Op::Eq, true)
            }
            true => query.op("pub", Op::Eq, true),
            false => query,
        };
        let options = Options { noscan: false, any: options.any && !only_public, ..options.clone() };
        self.api.db().select(PAGE_TABLE, query, &options).await
    }

    /// Stores a new page.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one of this id; `ValidationFailed`, `Invalid`.
    pub async fn add(&self, writer: Writer<'_>, page: Row) -> Result<()> {
        let options = Options { condition: None, ..strict(writer) };
        self.api.db().add(PAGE_TABLE, by(writer, page), &options).await.map(drop)
    }

    /// Stores a page, new or into the one with its id, which keeps the columns that are not given.
    ///
    /// # Errors
    /// `Forbidden` for a page of another account, unless an administrator writes; `ValidationFailed`, `Invalid`.
    pub async fn put(&self, writer: Writer<'_>, page: Row) -> Result<()> {
        let known = self.get(page.text("id")).await?;
        match known {
            Some(_) => self.change(writer, page).await,
            None => match self.add(writer, page.clone()).await {
                // Somebody was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => self.change(writer, page).await,
                done => done,
            },
        }
    }

    /// Changes columns of a page.
    ///
    /// # Errors
    /// `NotFound` without such a page; as [`put`](Self::put).
    pub async fn update(&self, writer: Writer<'_>, page: Row) -> Result<()> {
        match self.get(page.text("id")).await? {
            Some(_) => self.change(writer, page).await,
            None => Err(no_page()),
        }
    }

    /// Removes a page; one that is absent is no error.
    ///
    /// # Errors
    /// `Forbidden` for a page of another account, unless an administrator removes it.
    pub async fn del(&self, writer: Writer<'_>, id: &str) -> Result<()> {
        let gone = self.api.db().del(PAGE_TABLE, id, &strict(writer)).await?;
        if gone.affected == 0 && self.get(id).await?.is_some() { Err(foreign()) } else { Ok(()) }
    }

    async fn change(&self, writer: Writer<'_>, mut page: Row) -> Result<()> {
        page.remove("userid");
        let id = page.text("id").to_owned();
        let changed = self.api.db().update(PAGE_TABLE, page, &strict(writer)).await?;
        match changed.affected {
            0 if self.get(&id).await?.is_some() => Err(foreign()),
            0 => Err(no_page()),
            _ => Ok(()),
        }
    }
}

/// What is no page, for callers.
pub(crate) fn no_page() -> Error {
    Error::not_found("no such page")
}

fn foreign() -> Error {
    Error::new(ErrorKind::Forbidden, "the page is of another account")
}

fn by(writer: Writer<'_>, mut page: Row) -> Row {
    page.set("userid", writer.id);
    page
}

/// Only their own pages are changed by others than administrators.
fn strict(writer: Writer<'_>) -> Options {
    let own = (!writer.admin).then(|| Query::new().eq("userid", writer.id));
    Options { admin: writer.admin, strict: true, condition: own, ..Options::new() }
}
