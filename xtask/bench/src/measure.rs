//! Rounds of load with the processor time that they cost the server.

use std::time::Duration;

use anyhow::Result;
use bkjs_tests::Server;
use hdrhistogram::Histogram;

use crate::Args;
use crate::cases::{Case, Prepared};
use crate::load::{Plan, drive};
use crate::sides::Sides;

/// The sum of all rounds of one server.
pub(crate) struct Measured {
    pub(crate) served: u64,
    pub(crate) failed: u64,
    pub(crate) time: Duration,
    /// Processor time of all the server's processes.
    pub(crate) cpu: Duration,
    pub(crate) latency: Histogram<u64>,
}

impl Measured {
    fn new() -> Result<Self> {
        let latency = Histogram::new_with_bounds(1, 60_000_000, 3)?;
        Ok(Self { served: 0, failed: 0, time: Duration::ZERO, cpu: Duration::ZERO, latency })
    }

    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.served as f64 / self.time.as_secs_f64()
    }

    /// Microseconds of processor time for a request.
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.served as f64
    }
}

/// Measures both sides in turn, so that whatever else the machine does falls on both.
pub(crate) async fn alternate(
    case: &Case,
    sides: &Sides,
    length: Duration,
    args: &Args,
) -> Result<(Measured, Measured)> {
    let (mut ours, mut baseline) = (Measured::new()?, Measured::new()?);
    // More than any server can take in a round.
    let count = if case.once { (length.as_secs_f64() * 60_000.0) as usize } else { 0 };
    for _ in 0..args.rounds {
        for (server, make, sum) in
            [((case.server)(sides), case.ours, &mut ours), (&sides.baseline, case.baseline, &mut baseline)]
        {
            if !case.once {
                let warm_up = make(sides, server, count)?;
                drive(&plan(case, server, &warm_up, length / 8, args)).await?;
            }
            let requests = make(sides, server, count)?;
            round(&plan(case, server, &requests, length, args), server, sum).await?;
        }
    }
    Ok((ours, baseline))
}

fn plan<'a>(case: &Case, server: &Server, requests: &'a [Prepared], time: Duration, args: &Args) -> Plan<'a> {
    let (port, connections) = (server.port, args.connections);
    Plan { port, connections, requests, time: Some(time), again: !case.once }
}

async fn round(plan: &Plan<'_>, server: &Server, sum: &mut Measured) -> Result<()> {
    let before = ticks(server);
    let done = drive(plan).await?;
    let used = ticks(server).saturating_sub(before);
    if let Some(failure) = &done.first_failure {
        println!("failed: {failure}");
    }
    sum.served += done.served;
    sum.failed += done.failed;
    sum.time += done.time;
    sum.cpu += Duration::from_secs_f64(used as f64 / rustix::param::clock_ticks_per_second() as f64);
    sum.latency.add(&done.latency)?;
    Ok(())
}

/// Clock ticks that all processes of a server have used.
fn ticks(server: &Server) -> u64 {
    server.processes().iter().map(|process| process.ticks).sum()
}
