//! What can be done with messages, without HTTP; `send.rs` has the sending.

use bkjs_api::{Api, Options};
use bkjs_core::db::{Action, Op, Operation, Page, Query, Returning};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use futures_util::future::try_join_all;

use crate::folder::Folder;
use crate::tables::{ARCHIVE_TABLE, MESSAGE_TABLE};

/// Messages that are moved at once: the database writes what waits together.
const AT_ONCE: usize = 16;

/// Messages with images that are looked for together.
const BATCH: usize = 200;

/// How far the time of a message is moved to find a place in the archive.
const TRIES: usize = 200;

/// What becomes of messages when they have been read from the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They stay.
    Keep,
    /// They are moved to the archive, as read.
    Archive,
    /// They are removed.
    Remove,
}

/// Sends, reads and moves messages. Cheap to make and to clone.
#[derive(Clone)]
pub struct Messages {
    pub(crate) api: Api,
}

impl Messages {
    /// The messages of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// A page of the messages of a folder; `query` says whose.
    ///
    /// # Errors
    /// As [`Db::select`](bkjs_core::db::Db::select).
    pub async fn list(&self, folder: Folder, query: Query, options: &Options) -> Result<Page<Row>> {
        self.api.db().select::<Row>(folder.table(), query, options).await
    }

    /// A page of the inbox, whose messages are then moved or removed; all their columns are read.
    ///
    /// When it fails half way the messages that were moved are in the archive, and the others still in the inbox.
    ///
    /// # Errors
    /// As [`Db::select`](bkjs_core::db::Db::select), those of the database.
    pub async fn take(&self, query: Query, options: &Options, fate: Fate) -> Result<Page<Row>> {
        let whole = Options { select: Vec::new(), ..options.clone() };
        let page = self.list(Folder::Inbox, query, &whole).await?;
        for rows in page.rows.chunks(AT_ONCE) {
            let moves = rows.iter().map(|row| async move {
                match fate {
                    Fate::Keep => Ok(()),
                    Fate::Archive => self.put_aside(row).await,
                    Fate::Remove => self.remove(Folder::Inbox, key_of(row)).await,
                }
            });
            try_join_all(moves).await?;
        }
        Ok(page)
    }

    /// How many messages in the inbox of an account are unread.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unread(&self, id: &str) -> Result<u64> {
        let unread = Query::new().eq("id", id).eq("read", 0);
        let options = Options { total: true, ..Options::new() };
        Ok(self.list(Folder::Inbox, unread, &options).await?.total.unwrap_or_default())
    }

    /// Moves a message from the inbox to the archive; one that is there already stays.
    ///
    /// # Errors
    /// `NotFound` when it is in neither; those of the database.
    pub async fn archive(&self, id: &str, mtime: i64, sender: &str) -> Result<()> {
        let key = || Folder::Inbox.key(id, mtime, sender);
        match self.get(Folder::Inbox, key()).await? {
            Some(row) => self.put_aside(&row).await,
            None => self.get(Folder::Archive, key()).await?.map(drop).ok_or_else(no_message),
        }
    }

    /// Changes what the owner notes of a message. `input` has the key and the columns.
    ///
    /// # Errors
    /// `Invalid` when no column is among them that may be changed, `NotFound` without such a message,
    /// `ValidationFailed` by the rules of the columns.
    pub async fn update(&self, folder: Folder, key: Row, input: &Row, options: &Options) -> Result<()> {
        let table = self.api.schema().find(folder.table());
        let columns = table.into_iter().flat_map(|table| table.columns());
        let names: Vec<_> = columns
            .filter(|column| column.primary.is_none() && !column.read_only && !column.hidden)
            .map(|column| column.name.clone())
            .collect();
        let mut record = key;
        let before = record.len();
        for name in &names {
            if let Some(value) = input.get(name) {
                record.set(name.clone(), value.clone());
            }
        }
        if record.len() == before {
            let names = names.join(", ");
            return Err(Error::invalid(format!("nothing is named that may be changed, there are: {names}")));
        }
        match self.api.db().update(folder.table(), record, options).await?.affected {
            0 => Err(no_message()),
            _ => Ok(()),
        }
    }

    /// The record of a message with an image: of the inbox or the archive by its sender, else of those sent by its
    /// recipient.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn with_image(&self, id: &str, mtime: i64, peer: &str, sent: bool) -> Result<Option<Row>> {
        let folders: &[Folder] = if sent { &[Folder::Sent] } else { &[Folder::Inbox, Folder::Archive] };
        for folder in folders {
            let row = self.get(*folder, folder.key(id, mtime, peer)).await?;
            if let Some(row) = row.filter(|row| row.has("image")) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Removes the messages of an account that were exchanged with `peer`, at `mtime`, or both.
    ///
    /// # Errors
    /// `Invalid` when neither is given; those of the database.
    pub async fn del(&self, folder: Folder, id: &str, peer: Option<&str>, mtime: Option<i64>) -> Result<()> {
        let mut query = Query::new().eq("id", id);
        match (peer, mtime) {
            (None, None) => return Err(Error::invalid(format!("{} or mtime is required", folder.peer()))),
            (Some(peer), Some(mtime)) => return self.remove(folder, folder.key(id, mtime, peer)).await,
            (Some(peer), None) => query = query.eq(folder.peer(), peer),
            (None, Some(mtime)) => query = query.eq("mtime", mtime),
        }
        self.del_with_images(folder, query.clone()).await?;
        self.api.db().del_all(folder.table(), query, &Options::new()).await.map(drop)
    }

    /// Removes those messages that match and have images.
    async fn del_with_images(&self, folder: Folder, query: Query) -> Result<()> {
        let query = query.op("icon_type", Op::NotNull, Value::Null);
        let mut options = Options::new().select(["id", "mtime", folder.peer()]).count(BATCH);
        loop {
            let page = self.api.db().select::<Row>(folder.table(), &query, &options).await?;
            for rows in page.rows.chunks(AT_ONCE) {
                try_join_all(rows.iter().map(|row| self.remove(folder, key_in(folder, row)))).await?;
            }
            match page.next_token {
                Some(token) => options.start = Some(token),
                None => return Ok(()),
            }
        }
    }

    /// Moves a message to the archive.
    ///
    /// The copy is written first, under the same key, so that a failure in between loses nothing, and doing it again
    /// finds the copy and removes what is left in the inbox.
    async fn put_aside(&self, row: &Row) -> Result<()> {
        let mut copy = row.clone().with("read", 1);
        for _ in 0..TRIES {
            let there = Options::new().only_if(Query::new().eq("id", row.text("id")));
            let removal = Operation::new(Action::Del, MESSAGE_TABLE, key_of(row));
            let operations = vec![
                Operation::new(Action::Add, ARCHIVE_TABLE, copy.clone()),
                Operation { options: there, ..removal },
            ];
            match self.api.db().apply(operations).await {
                Ok(_) => return Ok(()),
                // Somebody else has moved or removed it meanwhile.
                Err(error) if error.kind() == ErrorKind::ConditionFailed => return Ok(()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let archived = self.get(Folder::Archive, key_of(&copy)).await?;
                    let same = |archived: &Row| {
                        ["msg", "image"].iter().all(|name| archived.get(name) == row.get(name))
                    };
                    if archived.as_ref().is_some_and(same) {
                        // Its image is the copy's now.
                        self.api.db().del(MESSAGE_TABLE, key_of(row), &Options::new()).await?;
                        return Ok(());
                    }
                    // Another message of the same time, which came and went within that millisecond.
                    copy.set("mtime", copy.int("mtime").unwrap_or_default().saturating_add(1));
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::ConditionFailed, "the archive has too many messages of this time"))
    }

    async fn get(&self, folder: Folder, key: Row) -> Result<Option<Row>> {
        self.api.db().get::<Row>(folder.table(), key, &Options::new()).await
    }

    /// Removes a message with its image.
    async fn remove(&self, folder: Folder, key: Row) -> Result<()> {
        let options = Options::new().returning(Returning::Old);
        let Some(old) = self.api.db().del(folder.table(), key, &options).await?.row else { return Ok(()) };
        if !old.has("image") {
            return Ok(());
        }
        // A message that is being moved is in both places for a moment, where there are no transactions.
        let archived = match folder {
            Folder::Inbox => self.get(Folder::Archive, key_of(&old)).await?,
            Folder::Archive | Folder::Sent => None,
        };
        if archived.is_none_or(|archived| archived.get("image") != old.get("image")) {
            folder.images().discard(&self.api, &old).await;
        }
        Ok(())
    }
}

/// The key of a message that has arrived.
fn key_of(row: &Row) -> Row {
    key_in(Folder::Inbox, row)
}

fn key_in(folder: Folder, row: &Row) -> Row {
    folder.key(row.text("id"), row.int("mtime").unwrap_or_default(), row.text(folder.peer()))
}

fn no_message() -> Error {
    Error::not_found("no such message")
}
