//! A TODO application: a table and five commands, open to everybody with
//!
//! ```text
//! todo -web -api-allow-path /todo -db-create-tables
//! ```

use bkjs::prelude::*;

/// Something to do.
#[derive(Table, Serialize, Deserialize)]
#[table(name = "todo")]
struct Todo {
    #[column(primary, uuid, public)]
    id: String,
    #[column(public, time)]
    due: Option<i64>,
    #[column(public, not_empty, max = 128)]
    name: String,
    #[column(public)]
    descr: Option<String>,
    #[column(public, now)]
    mtime: i64,
}

async fn get(db: Db, context: Arc<Context>) -> Result {
    let todo = db.get::<Row>("todo", context.params.required("id")?, &Options::new()).await?;
    Ok(Reply::row("todo", todo.ok_or_else(|| Error::not_found("no such todo"))?))
}

async fn select(State(api): State<Api>, db: Db, context: Arc<Context>, options: Options) -> Result {
    // Without a condition all of them are wanted, which has to be said.
    let options = Options { noscan: false, ..options };
    let query = api.query("todo", &context, &options)?;
    Ok(Reply::page("todo", db.select::<Row>("todo", query, &options).await?))
}

async fn add(db: Db, context: Arc<Context>) -> Result {
    let mut todo = context.params.record();
    if !todo.has("due") {
        todo.set("due", tomorrow());
    }
    let written = db.add("todo", todo, &Options { prepared: true, ..Options::new() }).await?;
    Ok(Reply::row("todo", written.prepared.unwrap_or_default()))
}

async fn update(db: Db, context: Arc<Context>) -> Result {
    context.params.required("id")?;
    match db.update("todo", context.params.record(), &Options::new()).await?.affected {
        0 => Err(Error::not_found("no such todo").into()),
        _ => Ok(Reply::empty()),
    }
}

async fn del(db: Db, context: Arc<Context>) -> Result {
    db.del("todo", context.params.required("id")?, &Options::new()).await?;
    Ok(Reply::empty())
}

/// A day from now, in milliseconds since 1970.
fn tomorrow() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_millis() as i64 + 86_400_000
}

fn main() -> ExitCode {
    let routes = Router::new()
        .route("/todo/get", any(get))
        .route("/todo/select", any(select))
        .route("/todo/add", any(add))
        .route("/todo/update", any(update))
        .route("/todo/del", any(del));
    App::new("todo").table::<Todo>().routes(routes).run()
}
