//! Icons by prefix and type.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bkjs_api::{Account, Api, Context, Ids, Params, Reply, Result, owner_of};
use bkjs_core::value::Row;
use bkjs_images::Shape;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{answer, copies, picture};
use crate::name::IconName;
use crate::service::{Icons, no_icon};
use crate::tables::ICON_TABLE;

/// Which icon.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// The names among which its own counts: letters, digits, dots, dashes, underscores.
    prefix: String,
    /// Its name; `0` without one.
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Which {
    fn name(&self) -> bkjs_core::Result<IconName> {
        IconName::new(&self.prefix, self.kind.as_deref())
    }
}

/// What a record that is listed has beside its columns.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Addresses {
    /// The address of the image.
    url: String,
    /// The same.
    icon: String,
}

/// The address of an uploaded image.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Uploaded {
    /// The address of the image.
    url: String,
}

/// The format that an image is asked for in.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// The format that it was stored in: another one is not found.
    #[serde(rename = "_ext")]
    ext: Option<String>,
}

pub(crate) async fn get(
    State(api): State<Api>,
    account: Option<Account>,
    ids: Ids,
    Params(which): Params<Which>,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = ids.single()?;
    let owner = owner_of(id.as_deref(), account.as_ref())?;
    let format = wanted.ext.as_deref().map(str::parse).transpose().map_err(|_| no_icon())?;
    let found = Icons::of(&api).find(owner, &which.name()?, account.as_ref()).await?;
    let (row, public) = found.ok_or_else(no_icon)?;
    Ok(answer(&api, &row, format, &headers, copies(public, id.as_deref())).await?)
}

pub(crate) async fn put(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(which): Params<Which>,
    Params(shape): Params<Shape>,
) -> Result {
    let name = IconName::of_new(&which.prefix, which.kind.as_deref())?;
    let picture = picture(&api, &context, shape).await?;
    let icons = Icons::of(&api);
    icons.put(account.id(), &name, &context.params.record(), &picture).await?;
    listed(icons.list(account.id(), &name.prefix, "", Some(&account)).await?)
}

/// As [`put`], of an image that is not listed. Without a type it gets one that no other has.
pub(crate) async fn upload(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(which): Params<Which>,
    Params(shape): Params<Shape>,
) -> Result {
    let name = IconName::of_new(&which.prefix, which.kind.as_deref().or(Some("@uuid@")))?;
    let picture = picture(&api, &context, shape).await?;
    Icons::of(&api).upload(account.id(), &name, &picture).await?;
    let (id, ext) = (account.id(), picture.format.ext());
    Ok(Reply::value(Row::new().with("url", format!("/image/{}/{id}/{}.{ext}", name.prefix, name.kind))))
}

/// Which icons.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Listed {
    /// The names among which theirs count.
    prefix: String,
    /// What their types begin with.
    #[serde(rename = "type", default)]
    kind: String,
}

pub(crate) async fn select(
    State(api): State<Api>,
    account: Option<Account>,
    ids: Ids,
    Params(which): Params<Listed>,
) -> Result {
    let id = ids.single()?;
    // Where nobody need say who they are, nobody has no icons.
    let Ok(owner) = owner_of(id.as_deref(), account.as_ref()) else { return Ok(Reply::empty_list()) };
    listed(Icons::of(&api).list(owner, &which.prefix, &which.kind, account.as_ref()).await?)
}

pub(crate) async fn del(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    Icons::of(&api).del(account.id(), &which.name()?).await?;
    Ok(Reply::empty_list())
}

/// Records with the addresses of their images.
fn listed(rows: Vec<Row>) -> Result {
    let with_address = |row: Row| {
        let (id, prefix, kind) = (row.text("id"), row.text("prefix"), row.text("type"));
        let url = format!("/icon/get?id={id}&prefix={prefix}&type={kind}");
        row.with("url", url.as_str()).with("icon", url.as_str())
    };
    Ok(Reply::rows(ICON_TABLE, rows.into_iter().map(with_address).collect()))
}
