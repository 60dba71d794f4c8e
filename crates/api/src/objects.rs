//! Records that name objects of a storage: each names its own, and both go together.

use bkjs_core::db::{Options, Query, Returning};
use bkjs_core::schema::Table;
use bkjs_core::storage::{ObjectPath, Storage};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use futures_util::future::try_join_all;

use crate::hooks::AccountEvent;
use crate::setup::Setup;
use crate::state::Api;

/// Records of an account that are looked at together, and objects that are removed at once.
const BATCH: usize = 200;
const AT_ONCE: usize = 16;

/// Which column of a table names the objects, and where they are.
///
/// A new object is put under a new path, then the record that names it is written, then the object that the record named
/// before is removed. So a record never names half an object or another one than it was written with, and what a failure
/// leaves is an object that nothing names.
#[derive(Clone, Copy, Debug)]
pub struct Objects {
    /// The table.
    pub table: &'static str,
    /// The column: a secure one, so that paths never leave.
    pub column: &'static str,
    /// The storage.
    pub storage: fn(&Api) -> Result<&Storage>,
}

impl Objects {
    /// Stores a record that names an object just put, and removes the one that it named before.
    ///
    /// # Errors
    /// As [`Db::put`](bkjs_core::db::Db::put): then the new object is removed again, unless the record may have been
    /// written all the same.
    pub async fn put(&self, api: &Api, record: Row, options: &Options) -> Result<()> {
        let new = record.text(self.column).to_owned();
        let options = Options { returning: Returning::Old, ..options.clone() };
        match api.db().put(self.table, record, &options).await {
            Ok(written) => {
                let old = written.row.unwrap_or_default();
                if old.text(self.column) != new {
                    self.discard(api, &old).await;
                }
                Ok(())
            }
            Err(error) => {
                self.take_back(api, &new, &error).await;
                Err(error)
            }
        }
    }

    /// Removes an object that no record names, because of an error that kept its record from being written; not if it
    /// may have been written all the same.
    pub async fn take_back(&self, api: &Api, path: &str, error: &Error) {
        if !error.kind().is_retryable() {
            self.discard(api, &Row::new().with(self.column, path)).await;
        }
    }

    /// Removes a record, and then its object; says whether it was there.
    ///
    /// # Errors
    /// As [`Db::del`](bkjs_core::db::Db::del).
    pub async fn del(&self, api: &Api, key: Row) -> Result<bool> {
        let options = Options::new().returning(Returning::Old);
        let old = api.db().del(self.table, key, &options).await?.row;
        if let Some(old) = &old {
            self.discard(api, old).await;
        }
        Ok(old.is_some())
    }

    /// Removes the object of a record that is gone. A failure is logged: nothing reaches the object any more.
    pub async fn discard(&self, api: &Api, row: &Row) {
        if let (Ok(storage), Ok(path)) = ((self.storage)(api), ObjectPath::parse(row.text(self.column))) {
            storage.discard(&path).await;
        }
    }

    /// Removes the objects that the records of an account name.
    async fn del_owned(&self, api: &Api, id: &str) -> Result<()> {
        let storage = (self.storage)(api)?;
        let mut options = Options::new().select(["id", self.column]).count(BATCH);
        loop {
            let page = api.db().select::<Row>(self.table, Query::new().eq("id", id), &options).await?;
            for rows in page.rows.chunks(AT_ONCE) {
                let named = rows.iter().map(|row| row.text(self.column)).filter(|path| !path.is_empty());
                let removed = named.map(|path| async move { storage.del(&ObjectPath::parse(path)?).await });
                try_join_all(removed).await?;
            }
            match page.next_token {
                Some(token) => options.start = Some(token),
                None => return Ok(()),
            }
        }
    }
}

impl Setup {
    /// As [`owned_table`](Self::owned_table), for a table whose records name objects: they are removed with the account
    /// as well.
    pub fn owned_objects(&mut self, table: Table, objects: Objects) {
        // Before the records, which say what there is.
        self.account_hook(move |api, event, row| {
            Box::pin(async move {
                if event == AccountEvent::Deleted && row.has("id") {
                    objects.del_owned(api, row.text("id")).await?;
                }
                Ok(())
            })
        });
        self.owned_table(table);
    }
}
