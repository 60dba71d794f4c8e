//! `cargo xtask bench ipc`: what a call of a cache and a job cost through the framework, and by the bare client library.
//!
//! Both sides talk to the same server, in one process with one thread as a web or worker process has, in turns. Servers
//! are found by the variables of the tests (`BKJS_TEST_REDIS_URL` and so on).
#![allow(clippy::print_stdout)] // the table is what it is for

mod cache;
mod place;
mod queue;
mod report;

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use bkjs_bench_rounds::Which;
use clap::Parser;

use place::Place;
use report::Line;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench ipc",
    about = "Measures caches and queues beside the bare client libraries",
    disable_version_flag = true
)]
struct Args {
    /// What to measure, such as cache-redis or queue-postgres, or all of a kind: cache, queue; all whose server is there
    /// when nothing is named
    names: Vec<String>,
    /// Only these operations: get and put of caches; submit, work and both, which is the two at once, of queues
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many callers at once, by comma
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32])]
    lanes: Vec<usize>,
    /// Milliseconds of one round of one side of a cache
    #[arg(long, default_value_t = 400)]
    millis: u64,
    /// Jobs of one round of one side of a queue; an emulator gets a tenth of them
    #[arg(long, default_value_t = 5000)]
    jobs: u64,
    /// Rounds of each side
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Measure this side only, for a profiler: ours or bare
    #[arg(long)]
    side: Option<String>,
}

/// How much is measured.
pub(crate) struct Effort {
    /// The length of a round of a cache.
    pub(crate) time: Duration,
    /// The jobs of a round of a queue.
    pub(crate) jobs: u64,
    /// Rounds of each side.
    pub(crate) rounds: usize,
    /// Callers at once.
    pub(crate) lanes: Vec<usize>,
    /// Operations by name; none is all.
    pub(crate) cases: Vec<String>,
    /// One side only.
    pub(crate) only: Option<Which>,
}

impl Effort {
    /// Whether an operation is measured.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }
}

/// The operations of both kinds.
const CASES: [&str; 5] = ["get", "put", "submit", "work", "both"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.jobs > 0 && args.rounds > 0 && args.millis > 0, "nothing to measure");
    if let Some(odd) = args.only.iter().find(|name| !CASES.contains(&name.as_str())) {
        bail!("no operation {odd}, there are {}", CASES.join(", "));
    }
    let effort = Effort {
        time: Duration::from_millis(args.millis),
        jobs: args.jobs,
        rounds: args.rounds,
        lanes: args.lanes.clone(),
        cases: args.only.clone(),
        only: args.side.as_deref().map(Which::parse).transpose()?,
    };
    let known: Vec<String> = cache::names().chain(queue::names()).collect();
    let fits = |name: &str, wanted: &str| {
        name == wanted || name.split_once('-').is_some_and(|(kind, _)| kind == wanted)
    };
    if let Some(odd) = args.names.iter().find(|wanted| known.iter().all(|name| !fits(name, wanted))) {
        bail!("nothing is called {odd}, there are cache, queue, {}", known.join(", "));
    }
    let mut lines: Vec<Line> = Vec::new();
    for name in &known {
        if !args.names.is_empty() && args.names.iter().all(|wanted| !fits(name, wanted)) {
            continue;
        }
        let measured = match name.split_once('-') {
            Some(("cache", product)) => cache::measure(product, &effort).await?,
            Some((_, product)) => queue::measure(product, &effort).await?,
            None => None,
        };
        match measured {
            Some(measured) => lines.extend(measured),
            None => println!("{name}: no server, it is found by a variable of the tests"),
        }
    }
    println!("{}", report::table(&lines));
    Ok(())
}

/// The server that a variable names; the empty text where none is needed.
fn server(variable: &str) -> Option<String> {
    if variable.is_empty() { Some(String::new()) } else { std::env::var(variable).ok() }
}
