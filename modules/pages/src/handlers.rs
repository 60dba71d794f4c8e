//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::{Path, State};
use bkjs_api::{Account, Api, Context, Options, Params, Reply, Result, Shared};
use bkjs_core::value::Row;
use bkjs_core::{Error, Result as Checked};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::{Pages, Writer, no_page};
use crate::tables::{MAIN_PAGE, PAGE_TABLE};
use crate::view::View;

/// Which page, where the path does not say it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// The id of the page, where it is not in the path.
    #[serde(default)]
    id: String,
}

/// How a page is given.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct How {
    /// The content is given as HTML.
    #[serde(rename = "_render", default)]
    render: bool,
}

pub(crate) async fn get(
    State(api): State<Api>,
    Shared(view): Shared<View>,
    path: Option<Path<String>>,
    Params(which): Params<Which>,
    Params(how): Params<How>,
    account: Option<Account>,
) -> Result {
    let mut page = seen(&api, path, which, account.as_ref()).await?;
    if how.render {
        let html = view.html(page.text("content").to_owned()).await?;
        page.set("content", html);
    }
    Ok(Reply::row(PAGE_TABLE, page))
}

pub(crate) async fn select(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Option<Account>,
    options: Options,
) -> Result {
    let query = api.query(PAGE_TABLE, &context, &options)?;
    Ok(Reply::page(PAGE_TABLE, Pages::of(&api).select(query, account.is_none(), &options).await?))
}

pub(crate) async fn show(
    State(api): State<Api>,
    Shared(view): Shared<View>,
    path: Option<Path<String>>,
    Params(which): Params<Which>,
    account: Option<Account>,
) -> Result {
    let page = seen(&api, path, which, account.as_ref()).await?;
    Ok(view.page(&api, page).await?)
}

pub(crate) async fn put(
    State(api): State<Api>,
    path: Option<Path<String>>,
    context: Arc<Context>,
    account: Account,
) -> Result {
    Pages::of(&api).put(writer(&account), page(path, &context)?).await?;
    Ok(Reply::empty_list())
}

pub(crate) async fn add(
    State(api): State<Api>,
    path: Option<Path<String>>,
    context: Arc<Context>,
    account: Account,
) -> Result {
    Pages::of(&api).add(writer(&account), page(path, &context)?).await?;
    Ok(Reply::empty_list())
}

pub(crate) async fn update(
    State(api): State<Api>,
    path: Option<Path<String>>,
    context: Arc<Context>,
    account: Account,
) -> Result {
    Pages::of(&api).update(writer(&account), page(path, &context)?).await?;
    Ok(Reply::empty_list())
}

pub(crate) async fn del(
    State(api): State<Api>,
    path: Option<Path<String>>,
    Params(which): Params<Which>,
    account: Account,
) -> Result {
    let id = path.map_or(which.id, |Path(id)| id);
    if id.is_empty() {
        return Err(Error::invalid("id is required").into());
    }
    Pages::of(&api).del(writer(&account), &id).await?;
    Ok(Reply::empty_list())
}

/// The page that is asked for, if the caller may see it; others do not learn whether it is there.
async fn seen(
    api: &Api,
    path: Option<Path<String>>,
    which: Which,
    account: Option<&Account>,
) -> Checked<Row> {
    let id = path.map_or(which.id, |Path(id)| id);
    let id = if id.is_empty() { MAIN_PAGE } else { &id };
    let page = Pages::of(api).get(id).await?;
    let is_public = |page: &Row| page.get("pub") == Some(&true.into());
    page.filter(|page| account.is_some() || is_public(page)).ok_or_else(no_page)
}

fn writer(account: &Account) -> Writer<'_> {
    Writer { id: account.id(), admin: account.is_admin() }
}

/// The record that the parameters make; who has written it and when is not for them to say.
fn page(path: Option<Path<String>>, context: &Context) -> Checked<Row> {
    let mut page = context.params.record();
    page.retain(|name, _| !matches!(name, "userid" | "mtime"));
    if let Some(Path(id)) = path {
        page.set("id", id);
    }
    match page.get("id") {
        Some(id) if !id.is_empty() => Ok(page),
        _ => Err(Error::invalid("id is required")),
    }
}
