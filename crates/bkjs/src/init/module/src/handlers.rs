//! Parameters in, service, reply out. Who may ask, which columns leave and what errors look like is decided around it.

use std::sync::Arc;

use axum::extract::State;
use bkjs_api::{Account, Api, Context, Options, Params, Reply, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::Samples;
use crate::tables::SAMPLE_TABLE;

/// What is noted. The comments stand in the OpenAPI document.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Noted {
    /// What the record is called.
    name: String,
    /// What it says.
    #[serde(default)]
    text: String,
}

pub(crate) async fn add(State(api): State<Api>, account: Account, Params(noted): Params<Noted>) -> Result {
    let row = Samples::of(&api).add(account.id(), &noted.name, &noted.text).await?;
    Ok(Reply::row(SAMPLE_TABLE, row))
}

/// Which record.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// What the record is called.
    name: String,
}

pub(crate) async fn get(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    Ok(Reply::row(SAMPLE_TABLE, Samples::of(&api).get(account.id(), &which.name).await?))
}

pub(crate) async fn select(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    options: Options,
) -> Result {
    let query = api.own_query(SAMPLE_TABLE, account.id(), &context, &options)?;
    Ok(Reply::page(SAMPLE_TABLE, Samples::of(&api).select(query, &options).await?))
}

pub(crate) async fn del(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    Samples::of(&api).del(account.id(), &which.name).await?;
    Ok(Reply::empty_list())
}
