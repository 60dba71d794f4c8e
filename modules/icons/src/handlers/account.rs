//! Icons of accounts themselves: those of the prefix `account`.

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
use crate::name::{ACCOUNT, IconName};
use crate::service::{Icons, no_icon};
use crate::tables::ICON_TABLE;

/// Which icon.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// One digit or one letter a-z; `0` without one.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = "^[0-9a-z]$"))]
    kind: Option<String>,
}

impl Which {
    fn name(&self) -> bkjs_core::Result<IconName> {
        IconName::new(ACCOUNT, self.kind.as_deref())
    }
}

pub(crate) async fn get(
    State(api): State<Api>,
    account: Option<Account>,
    ids: Ids,
    Params(which): Params<Which>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = ids.single()?;
    let owner = owner_of(id.as_deref(), account.as_ref())?;
    let found = Icons::of(&api).find(owner, &which.name()?, account.as_ref()).await?;
    let (row, public) = found.ok_or_else(no_icon)?;
    Ok(answer(&api, &row, None, &headers, copies(public, id.as_deref())).await?)
}

pub(crate) async fn put(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(which): Params<Which>,
    Params(shape): Params<Shape>,
) -> Result {
    let name = which.name()?;
    let picture = picture(&api, &context, shape).await?;
    let icons = Icons::of(&api);
    icons.put(account.id(), &name, &context.params.record(), &picture).await?;
    listed(icons.list(account.id(), ACCOUNT, "", Some(&account)).await?)
}

pub(crate) async fn select(State(api): State<Api>, account: Option<Account>, ids: Ids) -> Result {
    let id = ids.single()?;
    let Ok(owner) = owner_of(id.as_deref(), account.as_ref()) else { return Ok(Reply::empty_list()) };
    listed(Icons::of(&api).list(owner, ACCOUNT, "", account.as_ref()).await?)
}

pub(crate) async fn del(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    Icons::of(&api).del(account.id(), &which.name()?).await?;
    Ok(Reply::empty_list())
}

fn listed(rows: Vec<Row>) -> Result {
    let with_address = |row: Row| {
        let url = address(row.text("id"), row.text("type"));
        row.with("url", url.as_str()).with("icon", url.as_str())
    };
    Ok(Reply::rows(ICON_TABLE, rows.into_iter().map(with_address).collect()))
}

/// The address of an icon of an account.
pub(crate) fn address(id: &str, kind: &str) -> String {
    format!("/account/get/icon?id={id}&type={kind}")
}
