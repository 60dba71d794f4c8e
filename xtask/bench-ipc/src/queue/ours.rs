//! The side of the framework: jobs, as applications submit and register them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use bkjs_core::config::Secret;
use bkjs_core::db::{Db, drivers};
use bkjs_core::jobs::{Functions, Job, Jobs, Worker, WorkerOptions};
use bkjs_core::queue::drivers::db::tables;
use bkjs_core::queue::{Bell, QueueParams, Queues, Site};
use bkjs_core::schema::SchemaBuilder;
use bkjs_core::task::spawn;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{CONCURRENCY, End, Pool, Side};
use crate::place::Place;

/// The job.
const NAME: &str = "bench.nothing";

/// A queue, and the function that does nothing.
pub(crate) struct Ours {
    jobs: Jobs,
    functions: Arc<Functions>,
    done: Arc<Done>,
    db: Option<Db>,
}

/// How many jobs are to be done still.
#[derive(Default)]
struct Done {
    left: AtomicU64,
    all: Notify,
}

impl Ours {
    /// Opens a queue, and makes its tables if it is in a database.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn open(place: &Place, pool: &Pool, queue: &str) -> Result<Self> {
        let db = database(place, pool).await?;
        let mut params = QueueParams::default();
        params.queue.insert(String::new(), Secret::new(queue));
        let site = Site { db: db.as_ref(), folder: place.folder(), bell: Bell::default() };
        let jobs = Jobs::new(Queues::open(&params, &site)?);
        let done = Arc::new(Done::default());
        let mut functions = Functions::new();
        let count = done.clone();
        functions.add(NAME, move |_, _: Value| {
            if count.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                count.all.notify_one();
            }
            async { Ok(()) }
        });
        Ok(Self { jobs, functions: Arc::new(functions), done, db })
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self, place: &Place) -> Result<()> {
        self.jobs.queue("")?.purge().await?;
        self.jobs.close().await;
        if let Some(db) = &self.db {
            if !place.url.is_empty() {
                let statement = format!("DROP SCHEMA IF EXISTS {} CASCADE", place.room);
                db.query(&statement, Vec::new(), &bkjs_core::db::Options::new()).await?;
            }
            db.close().await;
        }
        Ok(())
    }
}

async fn database(place: &Place, pool: &Pool) -> Result<Option<Db>> {
    let (name, url) = match pool {
        Pool::None => return Ok(None),
        Pool::File => ("sqlite", String::new()),
        Pool::Postgres => ("postgres", format!("{}?schema={}", place.url, place.room)),
    };
    let mut options = Map::new();
    if let Pool::Postgres = pool {
        options.insert("max".into(), json!(CONCURRENCY));
    }
    let location = drivers::Location { url: &url, default_file: &place.file("ours.db"), options };
    let driver = drivers::open(name, location)?;
    let mut schema = SchemaBuilder::new();
    tables().into_iter().for_each(|table| schema.add(table));
    let db = Db::builder(Arc::new(schema.build())).pool(name, driver).token_key([7; 32]).build()?;
    db.create_tables().await?;
    Ok(Some(db))
}

impl Side for Ours {
    async fn submit(&self) -> Result<()> {
        self.jobs.submit(Job::call(NAME, Value::Null)).await?.context("not new")?;
        Ok(())
    }

    async fn work(&self, count: u64) -> Result<End> {
        self.done.left.store(count, Ordering::Relaxed);
        let options = WorkerOptions { concurrency: CONCURRENCY, ..WorkerOptions::default() };
        let worker = Worker::new(self.jobs.queue("")?.clone(), self.functions.clone(), options);
        let stop = CancellationToken::new();
        let worked = spawn("worker", {
            let stop = stop.clone();
            async move { worker.run(stop).await }
        });
        self.done.all.notified().await;
        Ok(Box::pin(async move {
            stop.cancel();
            worked.await?.context("the worker panicked")
        }))
    }
}
