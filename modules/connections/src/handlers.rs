//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{Account, Api, Context, Options, Params, Reply, Result};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result as Checked};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::{Connections, Link};
use crate::tables::{CONNECTION_TABLE, REFERENCE_TABLE};

/// Names connections.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Named {
    /// The other account.
    peer: Option<String>,
    /// The same, as older clients call it.
    id: Option<String>,
    /// What kind of connection it is.
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Named {
    /// The one connection that is named, made by the caller.
    fn link(self, account: &Account) -> Checked<Link> {
        let required = |name: &str| Error::invalid(format!("{name} is required"));
        let peer = self.peer.or(self.id).ok_or_else(|| required("peer"))?;
        let kind = self.kind.ok_or_else(|| required("type"))?;
        Ok(Link { id: account.id().to_owned(), kind, peer })
    }
}

/// What is asked for beside.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// The answer is the connection of this type that the peer has made with the caller, if there is one.
    #[serde(rename = "_connected", default)]
    connected: bool,
}

/// Connects the caller with `peer`.
pub(crate) async fn add(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(named): Params<Named>,
    Params(wanted): Params<Wanted>,
) -> Result {
    let link = named.link(&account)?;
    Connections::of(&api).add(&link, &columns(&context), account.row().text("name")).await?;
    tell(&api, &context, &link).await;
    connected(&api, &wanted, &link).await
}

/// As [`add`], also when they are connected so.
pub(crate) async fn put(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(named): Params<Named>,
    Params(wanted): Params<Wanted>,
) -> Result {
    let link = named.link(&account)?;
    Connections::of(&api).put(&link, &columns(&context), account.row().text("name")).await?;
    tell(&api, &context, &link).await;
    connected(&api, &wanted, &link).await
}

/// Changes columns.
pub(crate) async fn update(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(named): Params<Named>,
) -> Result {
    let link = named.link(&account)?;
    Connections::of(&api).change(&link, &columns(&context), false).await?;
    tell(&api, &context, &link).await;
    Ok(Reply::empty())
}

/// Adds to counter columns.
pub(crate) async fn incr(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(named): Params<Named>,
) -> Result {
    let link = named.link(&account)?;
    Connections::of(&api).change(&link, &columns(&context), true).await?;
    tell(&api, &context, &link).await;
    Ok(Reply::empty())
}

/// One connection of the caller's.
pub(crate) async fn get(State(api): State<Api>, account: Account, Params(named): Params<Named>) -> Result {
    let row = Connections::of(&api).get(&named.link(&account)?).await?;
    Ok(Reply::row(CONNECTION_TABLE, row.ok_or_else(|| Error::not_found("no connection"))?))
}

/// One connection that `peer` made with the caller.
pub(crate) async fn reference(
    State(api): State<Api>,
    account: Account,
    Params(named): Params<Named>,
) -> Result {
    let Link { id, kind, peer } = named.link(&account)?;
    let row = Connections::of(&api).reference(&Link { id: peer, kind, peer: id }).await?;
    Ok(Reply::row(REFERENCE_TABLE, row.ok_or_else(|| Error::not_found("no connection"))?))
}

/// The caller's connections.
pub(crate) async fn select(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
) -> Result {
    page(&api, CONNECTION_TABLE, &context, &account, &options).await
}

/// The connections that others made with the caller.
pub(crate) async fn references(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
) -> Result {
    page(&api, REFERENCE_TABLE, &context, &account, &options).await
}

/// Removes connections of the caller's.
pub(crate) async fn del(State(api): State<Api>, account: Account, Params(named): Params<Named>) -> Result {
    let peer = named.peer.or(named.id);
    Connections::of(&api).del(account.id(), named.kind.as_deref(), peer.as_deref()).await?;
    Ok(Reply::empty_list())
}

async fn page(api: &Api, table: &str, context: &Context, account: &Account, options: &Options) -> Result {
    let query = api.own_query(table, account.id(), context, options)?;
    Ok(Reply::page(table, Connections::of(api).select(table, query, options).await?))
}

/// The columns that are written on both sides.
fn columns(context: &Context) -> Row {
    let mut row = context.params.record();
    row.retain(|name, _| !["id", "type", "peer", "mtime"].contains(&name));
    row
}

/// With `_connected` the connection that the other side has made with the caller, if there is one.
async fn connected(api: &Api, wanted: &Wanted, link: &Link) -> Result {
    if !wanted.connected {
        return Ok(Reply::empty());
    }
    let other = Link { id: link.peer.clone(), kind: link.kind.clone(), peer: link.id.clone() };
    let row = Connections::of(api).get(&other).await?;
    Ok(row.map_or_else(Reply::empty, |row| Reply::row(CONNECTION_TABLE, row)))
}

/// Tells the peer.
async fn tell(api: &Api, context: &Context, link: &Link) {
    let more = Row::new().with("type", link.kind.as_str()).with("peer", link.id.as_str());
    api.tell_account(&link.peer, context.path(), more).await;
}
