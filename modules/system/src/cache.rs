//! The cache, by hand.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use bkjs_api::{Api, Context, Reply, Result};
use bkjs_core::cache::Cache;
use bkjs_core::control::Command;
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result as Checked};

use crate::control::bytes_of;

/// Does what the path says, in the cache `cacheName` or the usual one.
pub(crate) async fn operation(
    State(api): State<Api>,
    Path(operation): Path<String>,
    context: Arc<Context>,
) -> Result {
    let params = &context.params;
    let cache = match params.text("cacheName") {
        "" => api.caches().default(),
        name => api.caches().get(name)?,
    };
    let key = || params.required("name");
    Ok(match &*operation {
        "init" => {
            api.control()?.send(Command::ClearCache).await?;
            Reply::empty()
        }
        "get" => cache.get(key()?).await?.map_or_else(Reply::empty, |value| data(text(value))),
        "put" | "set" => {
            cache.put(key()?, bytes_of(&context, "value")?, ttl(&context)?).await?;
            Reply::empty()
        }
        "incr" => data(cache.incr(key()?, number(&context)?, ttl(&context)?).await?),
        "del" => {
            cache.del(key()?).await?;
            Reply::empty()
        }
        "keys" => {
            data(cache.keys(params.text("name")).await?.into_iter().map(Value::from).collect::<Vec<_>>())
        }
        "clear" => data(i64::try_from(cache.clear(params.text("name")).await?).unwrap_or(i64::MAX)),
        "stats" => stats(cache).await?,
        other => return Err(Error::invalid(format!("invalid command {other:.64}")).into()),
    })
}

fn data(value: impl Into<Value>) -> Reply {
    Reply::value(Row::new().with("data", value.into()))
}

/// What was put, as text; bytes that are none are shown with marks in their places.
fn text(value: Vec<u8>) -> String {
    String::from_utf8(value).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

async fn stats(cache: &Cache) -> Checked<Reply> {
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

/// What is added: `value`, 1 without it.
fn number(context: &Context) -> Checked<i64> {
    match context.params.get("value") {
        None | Some(Value::Null) => Ok(1),
        Some(Value::Int(number)) => Ok(*number),
        Some(Value::Text(text)) => text.parse().map_err(|_| Error::invalid("value must be an integer")),
        Some(_) => Err(Error::invalid("value must be an integer")),
    }
}

/// How long it lives: `ttl` in milliseconds, without it as long as there is room.
fn ttl(context: &Context) -> Checked<Option<Duration>> {
    let wrong = || Error::invalid("ttl must be a number of milliseconds, 1 or more");
    let millis = match context.params.get("ttl") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Int(number)) => u64::try_from(*number).map_err(|_| wrong())?,
        Some(Value::Text(text)) => text.parse().map_err(|_| wrong())?,
        Some(_) => return Err(wrong()),
    };
    if millis == 0 { Err(wrong()) } else { Ok(Some(Duration::from_millis(millis))) }
}
