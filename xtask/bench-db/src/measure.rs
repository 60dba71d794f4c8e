//! Rounds in turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bkjs_bench_rounds::{Measured, Which, turns};
use bkjs_core::task::spawn;

use crate::case::{Case, Numbers};
use crate::report::Line;
use crate::side::Side;

/// How much is measured.
pub(crate) struct Effort {
    /// The length of a round.
    pub(crate) time: Duration,
    /// Rounds of each side.
    pub(crate) rounds: usize,
    /// Callers at once.
    pub(crate) lanes: Vec<usize>,
    /// The operations.
    pub(crate) cases: Vec<Case>,
    /// One side only.
    pub(crate) only: Option<Which>,
}

/// Measures both sides of a product.
///
/// # Errors
/// When an operation fails.
pub(crate) async fn compare<O: Side, B: Side>(
    product: &'static str,
    ours: &Arc<O>,
    bare: &Arc<B>,
    numbers: &Arc<Numbers>,
    effort: &Effort,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for case in &effort.cases {
        for lanes in &effort.lanes {
            let mut line = Line { product, case: *case, lanes: *lanes, ..Line::default() };
            for turn in turns(effort.rounds, effort.only) {
                match turn {
                    Which::Ours => round(ours, *case, *lanes, numbers, effort.time, &mut line.ours).await?,
                    Which::Bare => round(bare, *case, *lanes, numbers, effort.time, &mut line.bare).await?,
                }
            }
            lines.push(line);
        }
    }
    Ok(lines)
}

async fn round<S: Side>(
    side: &Arc<S>,
    case: Case,
    lanes: usize,
    numbers: &Arc<Numbers>,
    time: Duration,
    sum: &mut Measured,
) -> Result<()> {
    // The other side has had the caches of the processor until now.
    run(side, case, lanes, numbers, time / 8).await?;
    sum.add(run(side, case, lanes, numbers, time)).await
}

/// Runs an operation on so many lanes for some time; gives how often.
async fn run<S: Side>(
    side: &Arc<S>,
    case: Case,
    lanes: usize,
    numbers: &Arc<Numbers>,
    time: Duration,
) -> Result<u64> {
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..lanes)
        .map(|_| {
            let (side, numbers) = (side.clone(), numbers.clone());
            spawn("lane", async move {
                let mut count = 0;
                while Instant::now() < end {
                    case.call(&*side, &numbers).await?;
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await?.context("a lane panicked")??;
    }
    Ok(count)
}
