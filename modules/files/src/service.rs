//! What can be done with files, without HTTP.

use bkjs_api::{Account, Api, Options, Shown};
use bkjs_core::storage::{ObjectPath, StoredObject};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result};
use bytes::Bytes;

use crate::name::FileName;
use crate::tables::{FILE_TABLE, OBJECTS};

/// Stores and opens files. Cheap to make and to clone.
#[derive(Clone)]
pub struct Files {
    api: Api,
}

/// A file that is to be stored.
#[derive(Clone, Debug, Default)]
pub struct NewFile {
    /// The names among which its own counts.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// Who sees it beside its owner, as [`Shown`] reads it.
    pub acl_allow: String,
    /// The bytes.
    pub data: Bytes,
}

impl Files {
    /// The files of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// Stores a file of an account, in place of the one with its name.
    ///
    /// # Errors
    /// `Invalid` for names that no file can have; those of the database and the storage, and then the one that was there
    /// before is still there.
    pub async fn put(&self, id: &str, file: NewFile) -> Result<()> {
        let NewFile { prefix, name, acl_allow, data } = file;
        let FileName { prefix, name } = FileName::new(prefix, name)?;
        Shown::parse(&acl_allow)?;
        // Of what the caller has chosen only the prefix, which is an identifier, is part of the path.
        let path = ObjectPath::of_account(&prefix, id, &format!("{id}.{}", uuid::Uuid::new_v4().simple()))?;
        let stat = self.api.files()?.put(&path, data).await?;
        let row = Row::new()
            .with("id", id)
            .with("prefix", prefix)
            .with("name", name)
            .with("acl_allow", acl_allow)
            .with("size", i64::try_from(stat.len).unwrap_or(i64::MAX))
            .with("path", path.as_str());
        OBJECTS.put(&self.api, row, &Options::new()).await
    }

    /// A file of the account `id` that `caller` may see, and whether everybody may.
    ///
    /// # Errors
    /// `NotFound` when it is not there or not shown to the caller; those of the database and the storage.
    pub async fn open(
        &self,
        id: &str,
        prefix: &str,
        name: &str,
        caller: Option<&Account>,
    ) -> Result<(Box<dyn StoredObject>, bool)> {
        let row = self.api.db().get::<Row>(FILE_TABLE, key(id, prefix, name)?, &Options::new()).await?;
        let row = row.ok_or_else(no_file)?;
        let shown = Shown::stored(row.text("acl_allow"));
        if !shown.to(id, caller) {
            return Err(no_file());
        }
        let path = ObjectPath::parse(row.text("path")).map_err(|_| no_file())?;
        let object = self.api.files()?.open(&path).await?.ok_or_else(no_file)?;
        Ok((object, shown == Shown::All))
    }

    /// Removes a file of an account.
    ///
    /// # Errors
    /// `NotFound` when it is not there; those of the database.
    pub async fn del(&self, id: &str, prefix: &str, name: &str) -> Result<()> {
        if OBJECTS.del(&self.api, key(id, prefix, name)?).await? { Ok(()) } else { Err(no_file()) }
    }
}

fn key(id: &str, prefix: &str, name: &str) -> Result<Row> {
    let FileName { prefix, name } = FileName::new(prefix.to_owned(), name.to_owned())?;
    Ok(Row::new().with("id", id).with("prefix", prefix).with("name", name))
}

fn no_file() -> Error {
    Error::not_found("no such file")
}
