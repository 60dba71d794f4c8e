//! Queues: jobs that do nothing are submitted, and done by one worker.

mod bare;
mod ours;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use bkjs_bench_rounds::{Measured, Which, turns};
use bkjs_core::task::spawn;
use futures_util::future::BoxFuture;

use crate::report::Line;
use crate::{Effort, Place, server};

/// Jobs that a worker does at once.
pub(crate) const CONCURRENCY: usize = 10;

/// A queue of the framework, and what it is compared with.
struct Product {
    name: &'static str,
    /// The variable with the address of its server; empty for a file.
    server: &'static str,
    /// The pool and the URL of the queue, in a place.
    ours: fn(&Place) -> (Pool, String),
    /// The least work with the client library alone; none where nobody has written that down.
    bare: Option<Bare>,
    /// Whether it is an emulator, which is slow.
    emulated: bool,
}

/// The database that a queue may be in.
pub(crate) enum Pool {
    /// None.
    None,
    /// An SQLite file.
    File,
    /// A PostgreSQL server.
    Postgres,
}

#[derive(Clone, Copy)]
enum Bare {
    Sqlite,
    Postgres,
    Redis,
    Nats,
    Amqp,
}

/// All of them: a driver is a line.
static PRODUCTS: [Product; 7] = [
    Product {
        name: "sqlite",
        server: "",
        ours: |_| (Pool::File, "db://".into()),
        bare: Some(Bare::Sqlite),
        emulated: false,
    },
    Product {
        name: "local",
        server: "",
        ours: |_| (Pool::None, "local://".into()),
        bare: Some(Bare::Sqlite),
        emulated: false,
    },
    Product {
        name: "postgres",
        server: "BKJS_TEST_POSTGRES_URL",
        ours: |_| (Pool::Postgres, "db://".into()),
        bare: Some(Bare::Postgres),
        emulated: false,
    },
    Product {
        name: "redis",
        server: "BKJS_TEST_REDIS_URL",
        ours: |place| (Pool::None, format!("{}?bk-queue={}", place.url, place.room)),
        bare: Some(Bare::Redis),
        emulated: false,
    },
    Product {
        name: "nats",
        server: "BKJS_TEST_NATS_URL",
        ours: |place| (Pool::None, format!("{}?bk-queue={}", place.url, place.room)),
        bare: Some(Bare::Nats),
        emulated: false,
    },
    Product {
        name: "amqp",
        server: "BKJS_TEST_AMQP_URL",
        ours: |place| (Pool::None, format!("{}?bk-queue={}", place.url, place.room)),
        bare: Some(Bare::Amqp),
        emulated: false,
    },
    Product {
        name: "sqs",
        // The emulator is one of all of Amazon's services.
        server: "BKJS_TEST_DYNAMODB_URL",
        ours: |place| (Pool::None, format!("{}?bk-queue={}", place.url, place.room)),
        bare: None,
        emulated: true,
    },
];

/// One of the two ways to a queue.
pub(crate) trait Side: Send + Sync + 'static {
    /// Submits one job, and is answered when it is stored.
    fn submit(&self) -> impl Future<Output = Result<()>> + Send;

    /// Does so many jobs as one worker; gives what ends the worker.
    fn work(&self, count: u64) -> impl Future<Output = Result<End>> + Send;
}

/// What is still to be done when a worker has done its jobs, and is not measured.
pub(crate) type End = BoxFuture<'static, Result<()>>;

/// The names of all queues.
pub(crate) fn names() -> impl Iterator<Item = String> {
    PRODUCTS.iter().map(|product| format!("queue-{}", product.name))
}

/// Measures the queue of a name; none without its server.
///
/// # Errors
/// When a call fails.
pub(crate) async fn measure(name: &str, effort: &Effort) -> Result<Option<Vec<Line>>> {
    let product = PRODUCTS.iter().find(|product| product.name == name).context("no such queue")?;
    let Some(url) = server(product.server) else { return Ok(None) };
    let place = Place::new(url)?;
    let (pool, queue) = (product.ours)(&place);
    let ours = Arc::new(ours::Ours::open(&place, &pool, &queue).await?);
    let jobs = if product.emulated { (effort.jobs / 10).max(1) } else { effort.jobs };
    macro_rules! against {
        ($bare:ty) => {{
            let bare = Arc::new(<$bare>::open(&place).await?);
            let lines = compare(name, &ours, Some(&bare), jobs, effort).await?;
            bare.clean().await?;
            lines
        }};
    }
    let lines = match product.bare {
        Some(Bare::Sqlite) => against!(bare::Sqlite),
        Some(Bare::Postgres) => against!(bare::Postgres),
        Some(Bare::Redis) => against!(bare::Redis),
        Some(Bare::Nats) => against!(bare::Nats),
        Some(Bare::Amqp) => against!(bare::Amqp),
        None => compare::<_, ours::Ours>(name, &ours, None, jobs, effort).await?,
    };
    ours.clean(&place).await?;
    Ok(Some(lines))
}

async fn compare<O: Side, B: Side>(
    name: &str,
    ours: &Arc<O>,
    bare: Option<&Arc<B>>,
    jobs: u64,
    effort: &Effort,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for &lanes in &effort.lanes {
        let cases = ["submit", "work", "both"];
        let mut all = cases.map(|case| {
            // How many submit is of no interest to who works.
            let lanes = if case == "work" { CONCURRENCY } else { lanes };
            Line { product: format!("queue {name}"), case, lanes, ..Line::default() }
        });
        for turn in turns(effort.rounds, effort.only) {
            match (turn, bare) {
                (Which::Ours, _) => {
                    let sums = all.each_mut().map(|line| &mut line.ours);
                    round(ours, lanes, jobs, effort, sums).await?;
                }
                (Which::Bare, Some(bare)) => {
                    let sums = all.each_mut().map(|line| &mut line.bare);
                    round(bare, lanes, jobs, effort, sums).await?;
                }
                (Which::Bare, None) => {}
            }
        }
        lines.extend(all.into_iter().filter(|line| effort.wants(line.case)));
    }
    Ok(lines)
}

/// Submits jobs, does them, and then both at once.
async fn round<S: Side>(
    side: &Arc<S>,
    lanes: usize,
    jobs: u64,
    effort: &Effort,
    [submitted, worked, both]: [&mut Measured; 3],
) -> Result<()> {
    if effort.wants("submit") || effort.wants("work") {
        submitted.add(submit(side, lanes, jobs)).await?;
        let mut end = None;
        let work = async {
            end = Some(side.work(jobs).await?);
            Ok(jobs)
        };
        worked.add(work).await?;
        end.context("no end")?.await?;
    }
    if effort.wants("both") {
        let mut end = None;
        let work = async {
            let (submitted, ended) = tokio::join!(submit(side, lanes, jobs), side.work(jobs));
            end = Some(ended?);
            submitted
        };
        both.add(work).await?;
        end.context("no end")?.await?;
    }
    Ok(())
}

/// Submits so many jobs, by as many callers at once.
async fn submit<S: Side>(side: &Arc<S>, lanes: usize, jobs: u64) -> Result<u64> {
    let next = Arc::new(AtomicU64::new(0));
    let lane = |_| {
        let (side, next) = (side.clone(), next.clone());
        spawn("lane", async move {
            while next.fetch_add(1, Ordering::Relaxed) < jobs {
                side.submit().await?;
            }
            anyhow::Ok(())
        })
    };
    for lane in (0..lanes).map(lane).collect::<Vec<_>>() {
        lane.await?.context("a lane panicked")??;
    }
    Ok(jobs)
}
