//! What can be done with icons, without HTTP.

use bkjs_api::{Account, Api, Objects, Options, Shown};
use bkjs_core::db::{Op, Query};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use bkjs_images::Picture;

use crate::name::IconName;
use crate::tables::{ICON_TABLE, ICONS, UPLOAD_TABLE, UPLOADS};

/// The most icons that are listed.
pub(crate) const MAX_LISTED: usize = 999;

/// What the owner says of an icon.
const SAID: [&str; 5] = ["descr", "acl_allow", "tags", "latitude", "longitude"];

/// Stores and finds icons. Cheap to make and to clone.
#[derive(Clone)]
pub struct Icons {
    api: Api,
}

impl Icons {
    /// The icons of an application.
    pub fn of(api: &Api) -> Self {
        Self { api: api.clone() }
    }

    /// Stores an icon of an account, in place of the one with its name; of `input` the columns count that an owner says.
    /// What is not said is empty, so that an icon is never shown to those who saw the one before it.
    ///
    /// # Errors
    /// `ValidationFailed` by the rules of the columns; those of the database and the storage, and then the icon that was
    /// there before is still there.
    pub async fn put(&self, id: &str, name: &IconName, input: &Row, picture: &Picture) -> Result<()> {
        Shown::parse(input.text("acl_allow"))?;
        let mut row = Row::new();
        for column in SAID {
            let value = input.get(column).filter(|value| !value.is_empty());
            row.set(column, value.cloned().unwrap_or(Value::Null));
        }
        self.store(ICONS, id, name, row, picture).await
    }

    /// Stores an image of an account that is not listed, in place of the one with its name.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn upload(&self, id: &str, name: &IconName, picture: &Picture) -> Result<()> {
        self.store(UPLOADS, id, name, Row::new(), picture).await
    }

    async fn store(
        &self,
        objects: Objects,
        id: &str,
        name: &IconName,
        said: Row,
        picture: &Picture,
    ) -> Result<()> {
        let path = picture.store(&self.api, &name.prefix, id, &name.kind).await?;
        let mut row = key(id, name)
            .with("ext", picture.format.ext())
            .with("width", i64::from(picture.width))
            .with("height", i64::from(picture.height))
            .with("path", path.as_str());
        for (column, value) in said {
            row.set(column, value);
        }
        objects.put(&self.api, row, &Options::new()).await
    }

    /// The record of an icon of the account `id`, if `caller` may see it, and whether everybody may.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find(
        &self,
        id: &str,
        name: &IconName,
        caller: Option<&Account>,
    ) -> Result<Option<(Row, bool)>> {
        let row = self.get(ICON_TABLE, id, name).await?;
        Ok(row.and_then(|row| {
            let shown = Shown::stored(row.text("acl_allow"));
            shown.to(id, caller).then(|| (row, shown == Shown::All))
        }))
    }

    /// The record of an icon, or of an image that is not listed, whoever asks.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_any(&self, id: &str, name: &IconName) -> Result<Option<Row>> {
        match self.get(ICON_TABLE, id, name).await? {
            Some(row) => Ok(Some(row)),
            None => self.get(UPLOAD_TABLE, id, name).await,
        }
    }

    /// The record of an image of the account `id` that is not listed: for itself alone.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_upload(
        &self,
        id: &str,
        name: &IconName,
        caller: Option<&Account>,
    ) -> Result<Option<Row>> {
        match Shown::Owner.to(id, caller) {
            true => self.get(UPLOAD_TABLE, id, name).await,
            false => Ok(None),
        }
    }

    async fn get(&self, table: &str, id: &str, name: &IconName) -> Result<Option<Row>> {
        self.api.db().get::<Row>(table, key(id, name), &Options::new()).await
    }

    /// The icons of the account `id` under a prefix whose types begin so, if `caller` may see them; at most 999.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(
        &self,
        id: &str,
        prefix: &str,
        kind: &str,
        caller: Option<&Account>,
    ) -> Result<Vec<Row>> {
        let mut query = Query::new().eq("id", id).eq("prefix", prefix);
        if !kind.is_empty() {
            query = query.op("type", Op::BeginsWith, kind);
        }
        let page = self.api.db().select::<Row>(ICON_TABLE, query, &Options::new().count(MAX_LISTED)).await?;
        let mut rows = page.rows;
        rows.retain(|row| Shown::stored(row.text("acl_allow")).to(id, caller));
        Ok(rows)
    }

    /// Removes an icon of an account, and the image of its name that is not listed.
    ///
    /// # Errors
    /// `NotFound` when there is neither; those of the database.
    pub async fn del(&self, id: &str, name: &IconName) -> Result<()> {
        let icon = ICONS.del(&self.api, key(id, name)).await?;
        let upload = UPLOADS.del(&self.api, key(id, name)).await?;
        if icon || upload { Ok(()) } else { Err(no_icon()) }
    }
}

fn key(id: &str, name: &IconName) -> Row {
    Row::new().with("id", id).with("prefix", name.prefix.as_str()).with("type", name.kind.as_str())
}

pub(crate) fn no_icon() -> Error {
    Error::not_found("no such icon, or it is not shown to you")
}
