//! Caches: a value is read, a value is put.

mod bare;
mod ours;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bkjs_bench_rounds::{Measured, Which, turns};
use bkjs_core::task::spawn;

use crate::report::Line;
use crate::{Effort, Place, server};

/// Values that are there.
const VALUES: u64 = 10_000;

/// What is under every key.
pub(crate) const VALUE: [u8; 100] = [b'x'; 100];

/// How long a value lives.
pub(crate) const TTL: Duration = Duration::from_secs(3600);

/// A cache product, and the variable with the address of its server.
struct Product {
    name: &'static str,
    server: &'static str,
}

static PRODUCTS: [Product; 3] = [
    Product { name: "local", server: "" },
    Product { name: "redis", server: "BKJS_TEST_REDIS_URL" },
    Product { name: "memcached", server: "BKJS_TEST_MEMCACHED_URL" },
];

/// One of the two ways to a cache.
pub(crate) trait Side: Send + Sync + 'static {
    /// Reads a value, which must be there.
    fn get(&self, number: u64) -> impl Future<Output = Result<()>> + Send;

    /// Puts a value.
    fn put(&self, number: u64) -> impl Future<Output = Result<()>> + Send;
}

/// The names of all caches.
pub(crate) fn names() -> impl Iterator<Item = String> {
    PRODUCTS.iter().map(|product| format!("cache-{}", product.name))
}

/// Measures the cache of a name; none without its server.
///
/// # Errors
/// When a call fails.
pub(crate) async fn measure(name: &str, effort: &Effort) -> Result<Option<Vec<Line>>> {
    let product = PRODUCTS.iter().find(|product| product.name == name).context("no such cache")?;
    let Some(url) = server(product.server) else { return Ok(None) };
    // Keys are spread over several servers by one side only.
    let url = url.split(',').next().unwrap_or_default().to_owned();
    let place = Place::new(url)?;
    let ours = Arc::new(ours::Ours::open(&place)?);
    macro_rules! against {
        ($bare:expr) => {
            compare(name, &ours, &Arc::new($bare), effort).await?
        };
    }
    let lines = match name {
        "local" => against!(bare::Memory::new()),
        "redis" => against!(bare::Redis::open(&place).await?),
        "memcached" => against!(bare::Memcached::open(&place).await?),
        _ => bail!("nobody measures the cache {name}"),
    };
    Ok(Some(lines))
}

/// A key that nobody else uses.
pub(crate) fn key(room: &str, number: u64) -> String {
    format!("{room}:{:016x}", (number % VALUES).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

async fn compare<O: Side, B: Side>(
    name: &str,
    ours: &Arc<O>,
    bare: &Arc<B>,
    effort: &Effort,
) -> Result<Vec<Line>> {
    for number in 0..VALUES {
        ours.put(number).await?;
        bare.put(number).await?;
    }
    let mut lines = Vec::new();
    for case in ["get", "put"].into_iter().filter(|case| effort.wants(case)) {
        for &lanes in &effort.lanes {
            let mut line = Line { product: format!("cache {name}"), case, lanes, ..Line::default() };
            for turn in turns(effort.rounds, effort.only) {
                match turn {
                    Which::Ours => round(ours, case, lanes, effort.time, &mut line.ours).await?,
                    Which::Bare => round(bare, case, lanes, effort.time, &mut line.bare).await?,
                }
            }
            lines.push(line);
        }
    }
    Ok(lines)
}

async fn round<S: Side>(
    side: &Arc<S>,
    case: &str,
    lanes: usize,
    time: Duration,
    sum: &mut Measured,
) -> Result<()> {
    // The other side has had the caches of the processor until now.
    run(side, case == "get", lanes, time / 8).await?;
    sum.add(run(side, case == "get", lanes, time)).await
}

/// Reads or puts on so many lanes for some time; gives how often.
async fn run<S: Side>(side: &Arc<S>, reads: bool, lanes: usize, time: Duration) -> Result<u64> {
    let (end, next) = (Instant::now() + time, Arc::new(AtomicU64::new(0)));
    let lane = |_| {
        let (side, next) = (side.clone(), next.clone());
        spawn("lane", async move {
            let mut count = 0_u64;
            while Instant::now() < end {
                // A cache in this process never waits, and others should have their turn.
                for _ in 0..16 {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if reads {
                        side.get(number).await?
                    } else {
                        side.put(number).await?
                    }
                    count += 1;
                }
                tokio::task::yield_now().await;
            }
            anyhow::Ok(count)
        })
    };
    let mut count = 0;
    for lane in (0..lanes).map(lane).collect::<Vec<_>>() {
        count += lane.await?.context("a lane panicked")??;
    }
    Ok(count)
}
