//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{Account, Api, Context, Options, Reply, Result};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result as Checked};

use crate::service::{Connections, Link};
use crate::tables::{CONNECTION_TABLE, REFERENCE_TABLE};

/// Connects the caller with `peer`.
pub(crate) async fn add(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let link = link(&context, &account)?;
    Connections::of(&api).add(&link, &columns(&context), account.row().text("name")).await?;
    tell(&api, &context, &link).await;
    connected(&api, &context, &link).await
}

/// As [`add`], also when they are connected so.
pub(crate) async fn put(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let link = link(&context, &account)?;
    Connections::of(&api).put(&link, &columns(&context), account.row().text("name")).await?;
    tell(&api, &context, &link).await;
    connected(&api, &context, &link).await
}

/// Changes columns.
pub(crate) async fn update(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let link = link(&context, &account)?;
    Connections::of(&api).change(&link, &columns(&context), false).await?;
    tell(&api, &context, &link).await;
    Ok(Reply::empty())
}

/// Adds to counter columns.
pub(crate) async fn incr(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let link = link(&context, &account)?;
    Connections::of(&api).change(&link, &columns(&context), true).await?;
    tell(&api, &context, &link).await;
    Ok(Reply::empty())
}

/// One connection of the caller's.
pub(crate) async fn get(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let row = Connections::of(&api).get(&link(&context, &account)?).await?;
    Ok(Reply::row(CONNECTION_TABLE, row.ok_or_else(|| Error::not_found("no connection"))?))
}

/// One connection that `peer` made with the caller.
pub(crate) async fn reference(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let Link { id, kind, peer } = link(&context, &account)?;
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
pub(crate) async fn del(State(api): State<Api>, context: Arc<Context>, account: Account) -> Result {
    let (kind, peer) = (one(&context, "type")?, peer(&context)?);
    Connections::of(&api).del(account.id(), kind, peer).await?;
    Ok(Reply::empty_list())
}

async fn page(api: &Api, table: &str, context: &Context, account: &Account, options: &Options) -> Result {
    let query = api.own_query(table, account.id(), context, options)?;
    Ok(Reply::page(table, Connections::of(api).select(table, query, options).await?))
}

/// The connection that the parameters name, made by the caller.
fn link(context: &Context, account: &Account) -> Checked<Link> {
    let required = |name: &str| Error::invalid(format!("{name} is required"));
    let peer = peer(context)?.ok_or_else(|| required("peer"))?;
    let kind = one(context, "type")?.ok_or_else(|| required("type"))?;
    Ok(Link { id: account.id().to_owned(), kind: kind.to_owned(), peer: peer.to_owned() })
}

/// The other account: `peer`, or `id` as older clients call it.
fn peer(context: &Context) -> Checked<Option<&str>> {
    match one(context, "peer")? {
        None => one(context, "id"),
        peer => Ok(peer),
    }
}

/// A parameter that is given once or not at all.
fn one<'a>(context: &'a Context, name: &str) -> Checked<Option<&'a str>> {
    if context.params.get(name).is_none_or(|value| value.is_empty()) {
        return Ok(None);
    }
    context.params.required(name).map(Some)
}

/// The columns that are written on both sides.
fn columns(context: &Context) -> Row {
    let mut row = context.params.record();
    row.retain(|name, _| !["id", "type", "peer", "mtime"].contains(&name));
    row
}

/// With `_connected` the connection that the other side has made with the caller, if there is one.
async fn connected(api: &Api, context: &Context, link: &Link) -> Result {
    if !context.params.flag("_connected")? {
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
