//! Notes that every process keeps, so that reading one does not ask the database:
//!
//! ```text
//! notes -server-max-processes 2 -db-cache-tables note -api-allow-path /note -db-create-tables
//! ```
//!
//! `/note/get` says which process answered, and `/note/cache` how often it had to ask. `/note/edit` changes a note under
//! a lock, so that no two processes do it at once.

use std::time::Duration;

use bkjs::core::control::Command;
use bkjs::prelude::*;

/// Something to remember.
#[derive(Table, Serialize, Deserialize)]
#[table(name = "note")]
struct Note {
    #[column(primary, public)]
    id: String,
    #[column(public)]
    text: Option<String>,
    #[column(public)]
    version: i64,
}

async fn get(db: Db, context: Arc<Context>) -> Result {
    let note = db.get_cached::<Row>("note", context.params.required("id")?, &Options::new()).await?;
    let note = note.map_or(Value::Null, Value::Map);
    Ok(Reply::value(Row::new().with("process", process()).with("note", note)))
}

async fn put(db: Db, context: Arc<Context>) -> Result {
    db.put("note", context.params.record(), &Options::new()).await?;
    Ok(Reply::value(Row::new().with("process", process())))
}

async fn del(db: Db, context: Arc<Context>) -> Result {
    db.del("note", context.params.required("id")?, &Options::new()).await?;
    Ok(Reply::value(Row::new().with("process", process())))
}

/// Adds one to the version: what is read may not change before it is written.
async fn edit(db: Db, cache: Cache, context: Arc<Context>) -> Result {
    let id = context.params.required("id")?;
    let (ttl, wait) = (Duration::from_secs(10), Duration::from_secs(30));
    let lock = cache.lock_within(&format!("note:{id}"), ttl, wait).await?;
    let usual = Options::new();
    let note = db.get::<Row>("note", id, &Options { nocache: true, ..Options::new() }).await?;
    let version = note.and_then(|note| note.int("version")).unwrap_or(0) + 1;
    db.put("note", Row::new().with("id", id).with("version", version), &usual).await?;
    let held = lock.release().await?;
    Ok(Reply::value(Row::new().with("process", process()).with("version", version).with("held", held)))
}

/// Has all processes forget what they keep: the notes were changed by something else.
async fn forget(State(api): State<Api>) -> Result {
    api.control()?.send(Command::ClearCache).await?;
    Ok(Reply::value(Row::new().with("process", process())))
}

async fn cache(db: Db) -> Result {
    let stats = db.cache_stats("note").unwrap_or_default();
    let counts = Row::new()
        .with("process", process())
        .with("near", count(stats.near_hits))
        .with("shared", count(stats.shared_hits))
        .with("database", count(stats.misses));
    Ok(Reply::value(counts))
}

fn process() -> i64 {
    std::process::id().into()
}

fn count(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn main() -> ExitCode {
    let routes = Router::new()
        .route("/note/get", any(get))
        .route("/note/put", any(put))
        .route("/note/del", any(del))
        .route("/note/edit", any(edit))
        .route("/note/forget", any(forget))
        .route("/note/cache", any(cache));
    App::new("notes").table::<Note>().routes(routes).run()
}
