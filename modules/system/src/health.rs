//! `/health`: whether this process should be sent requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use bkjs_api::{Api, Options, Reply, Result, Shared};
use bkjs_core::db::Query;
use bkjs_core::schema::{ColumnType, Table};
use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind};
use futures_util::future::{BoxFuture, join_all};
use http::StatusCode;
use schemars::JsonSchema;
use tokio::sync::Mutex;

/// How long a product may take to answer before it counts as down.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer stands: anybody may ask, and each time would be a call of every product.
const FRESH: Duration = Duration::from_secs(1);
/// The key under which is looked; nothing has it.
const KEY: &str = "bkjs:health";

/// What was found when it was looked last.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Looked>>);

type Looked = Option<(Instant, Vec<Check>)>;

/// One product.
#[derive(Clone)]
struct Check {
    /// Such as `database sqlite`.
    name: String,
    took: Duration,
    failure: Option<String>,
}

/// What is said of it.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Said {
    /// 200, or 503.
    status: u16,
    /// In words.
    message: String,
}

/// What is said of one product.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Found {
    /// Such as `database sqlite`.
    name: String,
    /// Whether it answered.
    ok: bool,
    /// How long it took, milliseconds.
    ms: f64,
    /// What is wrong with it.
    error: Option<String>,
}

/// What is said to administrators.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its description is used
pub(crate) struct Detail {
    /// Whether this process should be sent requests.
    ready: bool,
    /// Whether it is about to end.
    draining: bool,
    /// The name of the application.
    application: String,
    /// Its version.
    version: String,
    /// The process.
    pid: u32,
    /// Requests that are not answered yet.
    requests: u64,
    /// What was looked at.
    checks: Vec<Found>,
}

/// The process answers.
pub(crate) async fn live() -> Reply {
    Reply::message("live")
}

/// Everything that requests need is there, and no end has begun.
pub(crate) async fn ready(State(api): State<Api>, Shared(health): Shared<Health>) -> Reply {
    if api.draining().is_cancelled() {
        return not_ready("draining");
    }
    let checks = health.look(&api).await;
    let down: Vec<&str> = checks.iter().filter(|c| c.failure.is_some()).map(|c| c.name.as_str()).collect();
    // It may have begun meanwhile.
    match (api.draining().is_cancelled(), down.is_empty()) {
        (true, _) => not_ready("draining"),
        (false, true) => Reply::message("ready"),
        (false, false) => not_ready(&format!("down: {}", down.join(", "))),
    }
}

/// What was looked at, how long it took, and what is wrong with it.
pub(crate) async fn detail(State(api): State<Api>, Shared(health): Shared<Health>) -> Result {
    let checks = health.look(&api).await;
    let is_ready = !api.draining().is_cancelled() && checks.iter().all(|check| check.failure.is_none());
    let checks = checks.iter().map(|check| {
        let row = Row::new()
            .with("name", check.name.as_str())
            .with("ok", check.failure.is_none())
            .with("ms", check.took.as_secs_f64() * 1000.0)
            .with("error", check.failure.clone());
        Value::Map(row)
    });
    let (name, version) = api.program();
    let row = Row::new()
        .with("ready", is_ready)
        .with("draining", api.draining().is_cancelled())
        .with("application", name)
        .with("version", version)
        .with("pid", i64::from(std::process::id()))
        .with("requests", api.requests_in_progress() as i64)
        .with("checks", checks.collect::<Vec<_>>());
    Ok(Reply::value(row))
}

/// As an error, but not one to be logged: it is asked for every few seconds.
fn not_ready(why: &str) -> Reply {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let row =
        Row::new().with("status", i64::from(status.as_u16())).with("message", format!("not ready, {why}"));
    Reply::value(row).with_status(status)
}

impl Health {
    /// Looks at everything, unless that was done a moment ago.
    async fn look(&self, api: &Api) -> Vec<Check> {
        let mut last = self.0.lock().await;
        if let Some((at, checks)) = &*last
            && at.elapsed() < FRESH
        {
            return checks.clone();
        }
        let mut calls: Vec<BoxFuture<'_, Check>> = Vec::new();
        for (pool, tables) in api.db().tables_by_pool() {
            calls.push(Box::pin(check(format!("database {pool}"), database(api, tables))));
        }
        let cache = api.caches().default();
        calls.push(Box::pin(check(format!("cache {}", cache.name()), async {
            cache.get(KEY).await.map(drop)
        })));
        if let Ok(queue) = api.jobs().and_then(|jobs| jobs.queue("")) {
            calls.push(Box::pin(check("queue default".to_owned(), async { queue.counts().await.map(drop) })));
        }
        let checks = join_all(calls).await;
        *last = Some((Instant::now(), checks.clone()));
        checks
    }
}

async fn check(name: String, call: impl Future<Output = bkjs_core::Result<()>>) -> Check {
    let begun = Instant::now();
    let done = tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Timeout, format!("no answer within {} s", PATIENCE.as_secs())))
    });
    let failure = done.err().map(|error| {
        tracing::warn!(name, error = error.log_text(), "a health check fails");
        error.log_text()
    });
    Check { name, took: begun.elapsed(), failure }
}

/// Reads one record of a pool, which need not be there.
async fn database(api: &Api, tables: Vec<Arc<Table>>) -> bkjs_core::Result<()> {
    let options = Options { nocache: true, ..Options::new().count(1) };
    let by_text = |table: &&Arc<Table>| {
        let mut keys = table.keys();
        keys.next().is_some_and(|key| key.column_type() == ColumnType::Text) && keys.next().is_none()
    };
    match (tables.iter().find(by_text), tables.first()) {
        (Some(table), _) => api.db().get::<Row>(&table.name, KEY, &options).await.map(drop),
        (None, Some(table)) => {
            let any = Query::new();
            api.db().select::<Row>(&table.name, any, &options).await.map(drop)
        }
        (None, None) => Ok(()),
    }
}
