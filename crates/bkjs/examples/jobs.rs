//! Visits that are counted by jobs, open to everybody with
//!
//! ```text
//! jobs -db-create-tables -jobs-workers 2 -api-allow-path /jobs
//! curl localhost:8000/jobs/submit -d job=app.visit
//! jobs shell -jobs-submit '{"job": {"app.visit": {"id": "me", "pause": 5000}}}'
//! ```

use std::time::Duration;

use bkjs::prelude::*;

/// How often somebody was here.
#[derive(Table, Serialize, Deserialize)]
#[table(name = "visit")]
struct Visit {
    #[column(primary, public)]
    id: String,
    #[column(public, counter)]
    count: i64,
    /// The process that counted last.
    #[column(public)]
    worker: i64,
}

/// Whom a job is about.
#[derive(Deserialize)]
#[serde(default)]
struct Visitor {
    id: String,
    /// Milliseconds that it takes.
    pause: u64,
    /// What goes wrong at the first attempt: fail, refuse, panic, hang or block.
    mishap: String,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { id: "somebody".into(), pause: 0, mishap: String::new() }
    }
}

/// Counts a visit. It may run twice, as every job: who must not count twice notes `running.id` beside what it does.
async fn visit(context: JobContext, visitor: Visitor) -> bkjs::core::Result<String> {
    if context.running.attempt == 1 {
        mishap(&visitor.mishap).await?;
    }
    tokio::time::sleep(Duration::from_millis(visitor.pause)).await;
    let row =
        Row::new().with("id", visitor.id).with("count", 1).with("worker", i64::from(std::process::id()));
    context.api.db().incr("visit", row, &Options::new()).await?;
    Ok(format!("counted at attempt {}", context.running.attempt))
}

/// What may go wrong with a job, to see what becomes of it.
#[allow(clippy::panic, clippy::disallowed_methods)] // that is what it is for
async fn mishap(what: &str) -> bkjs::core::Result<()> {
    match what {
        "fail" => Err(Error::internal("it went wrong")),
        "refuse" => Err(Error::invalid("it will never go right")),
        "panic" => panic!("it went very wrong"),
        "hang" => std::future::pending().await,
        "block" => {
            std::thread::sleep(Duration::from_secs(3600));
            Ok(())
        }
        _ => Ok(()),
    }
}

async fn submit(State(api): State<Api>, context: Arc<Context>) -> Result {
    let job = Job::from_json(context.params.record().to_json())?;
    Ok(Reply::value(Row::new().with("id", api.jobs()?.submit(job).await?)))
}

/// How many were here.
async fn count(db: Db) -> Result {
    let page = db.select::<Row>("visit", Query::new(), &Options { total: true, ..Options::new() }).await?;
    Ok(Reply::value(Row::new().with("count", page.total.unwrap_or_default() as i64)))
}

/// Who was here, a page at a time: `start` is the `next_token` of the one before.
async fn visits(db: Db, context: Arc<Context>) -> Result {
    let start = Some(context.params.text("start")).filter(|token| !token.is_empty()).map(str::to_owned);
    let options = Options { start, ..Options::new().count(5000) };
    Ok(Reply::page("visit", db.select::<Row>("visit", Query::new(), &options).await?))
}

fn main() -> ExitCode {
    let routes = Router::new()
        .route("/jobs/submit", any(submit))
        .route("/jobs/count", any(count))
        .route("/jobs/visits", any(visits));
    App::new("jobs").table::<Visit>().job("app.visit", visit).routes(routes).run()
}
