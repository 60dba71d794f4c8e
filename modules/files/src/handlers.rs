//! Parameters in, service, reply out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bkjs_api::{
    Account, Api, Context, Copies, Ids, Params, Reply, Result, ServeAs, now_ms, owner_of, serve_object,
};
use bkjs_core::Error;
use bkjs_core::value::Row;
use bytes::Bytes;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::name::renamed;
use crate::service::{Files, NewFile};

/// Which file.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// The names among which its own counts.
    prefix: String,
    /// Its name.
    name: String,
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
    let files = Files::of(&api);
    let (object, public) = files.open(owner, &which.prefix, &which.name, account.as_ref()).await?;
    // Without an id the same address is another file for another caller.
    let copies = if public && id.is_some() { Copies::Public } else { Copies::Private };
    Ok(serve_object(object, &headers, ServeAs::file(&which.name, copies)))
}

/// What is stored, and how it comes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Put {
    /// The names among which its own counts.
    prefix: String,
    /// Its name.
    name: String,
    /// The parameter or field that holds it; `data` without this.
    #[serde(rename = "_name")]
    property: Option<String>,
    /// How the parameter holds it.
    #[serde(rename = "_encoding")]
    encoding: Option<Encoding>,
    /// The time, in milliseconds since 1970, becomes part of the name.
    #[serde(rename = "_tm", default)]
    stamped: bool,
    /// The ending of the name, in place of its own.
    #[serde(rename = "_ext")]
    ext: Option<String>,
    /// Who sees it beside the caller: `all`, `auth` for every account, or ids by comma.
    #[serde(default)]
    acl_allow: String,
}

/// How a parameter holds bytes.
#[derive(Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Base64,
    Utf8,
}

/// What was stored.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Stored {
    /// 200.
    status: u16,
    /// Empty.
    message: String,
    /// The prefix.
    prefix: String,
    /// The name that it has got.
    name: String,
    /// How many bytes it has.
    size: u64,
}

pub(crate) async fn put(
    State(api): State<Api>,
    context: Arc<Context>,
    account: Account,
    Params(put): Params<Put>,
) -> Result {
    let property = put.property.as_deref().unwrap_or("data");
    let data = match put.encoding.unwrap_or_default() {
        Encoding::Utf8 if context.params.get(property).is_some() => {
            Some(Bytes::copy_from_slice(context.params.required(property)?.as_bytes()))
        }
        _ => context.upload(property)?,
    };
    let data = data.ok_or_else(|| Error::invalid(format!("{property} is required: the file")))?;
    let name = renamed(&put.name, put.ext.as_deref(), put.stamped.then(now_ms));
    let stored = Row::new()
        .with("status", 200)
        .with("message", "")
        .with("prefix", put.prefix.as_str())
        .with("name", name.as_str())
        .with("size", i64::try_from(data.len()).unwrap_or(i64::MAX));
    let file = NewFile { prefix: put.prefix, name, acl_allow: put.acl_allow, data };
    Files::of(&api).put(account.id(), file).await?;
    Ok(Reply::value(stored))
}

pub(crate) async fn del(State(api): State<Api>, account: Account, Params(which): Params<Which>) -> Result {
    Files::of(&api).del(account.id(), &which.prefix, &which.name).await?;
    Ok(Reply::empty_list())
}
