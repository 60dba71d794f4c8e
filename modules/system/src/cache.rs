//! The cache, by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use bkjs_api::{Api, Context, Params, Reply, Result};
use bkjs_core::cache::Cache;
use bkjs_core::control::Command;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result as Checked};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::control::bytes_of;

/// Which cache is meant.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Which {
    /// Its name; the usual one without.
    #[serde(rename = "cacheName")]
    cache_name: Option<String>,
}

impl Which {
    fn of<'a>(&self, api: &'a Api) -> Checked<&'a Cache> {
        self.cache_name.as_deref().map_or_else(|| Ok(api.caches().default()), |name| api.caches().get(name))
    }
}

/// One value.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Key {
    /// Under what it is.
    name: String,
}

/// How long a value lives.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Lifetime {
    /// In milliseconds; without it as long as there is room.
    #[schemars(range(min = 1))]
    ttl: Option<u64>,
}

impl Lifetime {
    fn duration(&self) -> Checked<Option<Duration>> {
        match self.ttl {
            Some(0) => Err(Error::invalid("ttl must be a number of milliseconds, 1 or more")),
            millis => Ok(millis.map(Duration::from_millis)),
        }
    }
}

/// Many values.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Prefix {
    /// What their names begin with; all without it.
    #[serde(default)]
    name: String,
}

/// What is added.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Increment {
    /// How much; 1 without it.
    value: Option<i64>,
}

/// What the cache answers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Answer<T> {
    /// The value.
    data: T,
}

/// What a cache says of itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)] // as above
pub(crate) struct Stats {
    name: String,
    entries: Option<u64>,
    bytes: Option<u64>,
    max_bytes: Option<u64>,
    hits: Option<u64>,
    misses: Option<u64>,
    evictions: Option<u64>,
}

/// Has every process forget what it keeps.
pub(crate) async fn init(State(api): State<Api>) -> Result {
    api.control()?.send(Command::ClearCache).await?;
    Ok(Reply::empty())
}

/// A value.
pub(crate) async fn get(
    State(api): State<Api>,
    Params(which): Params<Which>,
    Params(key): Params<Key>,
) -> Result {
    let value = which.of(&api)?.get(&key.name).await?;
    Ok(value.map_or_else(Reply::empty, |value| data(text(value))))
}

/// Puts a value.
pub(crate) async fn put(
    State(api): State<Api>,
    context: Arc<Context>,
    Params(which): Params<Which>,
    Params(key): Params<Key>,
    Params(lifetime): Params<Lifetime>,
) -> Result {
    let cache = which.of(&api)?;
    cache.put(&key.name, bytes_of(&context, "value")?, lifetime.duration()?).await?;
    Ok(Reply::empty())
}

/// Adds to a value.
pub(crate) async fn incr(
    State(api): State<Api>,
    Params(which): Params<Which>,
    Params(key): Params<Key>,
    Params(increment): Params<Increment>,
    Params(lifetime): Params<Lifetime>,
) -> Result {
    let cache = which.of(&api)?;
    Ok(data(cache.incr(&key.name, increment.value.unwrap_or(1), lifetime.duration()?).await?))
}

/// Removes a value.
pub(crate) async fn del(
    State(api): State<Api>,
    Params(which): Params<Which>,
    Params(key): Params<Key>,
) -> Result {
    which.of(&api)?.del(&key.name).await?;
    Ok(Reply::empty())
}

/// The names of values.
pub(crate) async fn keys(
    State(api): State<Api>,
    Params(which): Params<Which>,
    Params(prefix): Params<Prefix>,
) -> Result {
    let keys = which.of(&api)?.keys(&prefix.name).await?;
    Ok(data(keys.into_iter().map(Value::from).collect::<Vec<_>>()))
}

/// Removes many values.
pub(crate) async fn clear(
    State(api): State<Api>,
    Params(which): Params<Which>,
    Params(prefix): Params<Prefix>,
) -> Result {
    let removed = which.of(&api)?.clear(&prefix.name).await?;
    Ok(data(i64::try_from(removed).unwrap_or(i64::MAX)))
}

/// What a cache says of itself.
pub(crate) async fn stats(State(api): State<Api>, Params(which): Params<Which>) -> Result {
    let cache = which.of(&api)?;
    let stats = cache.stats().await?;
    let mut row = Row::new().with("name", cache.name());
    let numbers = [
        ("entries", stats.entries),
        ("bytes", stats.bytes),
        ("max_bytes", stats.max_bytes),
        ("hits", stats.hits),
        ("misses", stats.misses),
        ("evictions", stats.evictions),
    ];
    for (name, number) in numbers {
        row.set(name, number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
    }
    Ok(Reply::value(row))
}

/// What no other path is for.
pub(crate) async fn unknown(Path(operation): Path<String>) -> Result {
    Err(Error::invalid(format!("invalid command {operation:.64}")).into())
}

fn data(value: impl Into<Value>) -> Reply {
    Reply::value(Row::new().with("data", value.into()))
}

/// What was put, as text; bytes that are none are shown with marks in their places.
fn text(value: Vec<u8>) -> String {
    String::from_utf8(value).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
