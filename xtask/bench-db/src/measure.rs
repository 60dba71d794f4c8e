//! Rounds in turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bkjs_core::task::spawn;
use rustix::time::{ClockId, clock_gettime};

use crate::case::{Case, Numbers};
use crate::report::Line;
use crate::side::{Side, Which};

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

/// What a side did in all its rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) operations: u64,
    pub(crate) time: Duration,
    /// Processor time of this process.
    pub(crate) cpu: Duration,
}

impl Measured {
    /// Operations in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.operations as f64 / self.time.as_secs_f64()
    }

    /// Microseconds of processor time for each operation.
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.operations as f64
    }
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
            for number in 0..effort.rounds * 2 {
                // The side that begins a pair of rounds changes from pair to pair.
                let turn = if (number / 2 + number) % 2 == 0 { Which::Ours } else { Which::Bare };
                if effort.only.is_some_and(|only| only != turn) {
                    continue;
                }
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
    let (start, before) = (Instant::now(), cpu());
    sum.operations += run(side, case, lanes, numbers, time).await?;
    sum.cpu += cpu().saturating_sub(before);
    sum.time += start.elapsed();
    Ok(())
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

/// Processor time of all threads of this process so far.
fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}
