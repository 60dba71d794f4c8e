//! Measures the server beside a bare axum and rusqlite program, in alternating rounds.
//!
//! Requests per second depend on what else the machine does; the processor time that a request costs the server does
//! so much less. So the ratio of the latter is what to look at. Both servers run in one process (with its
//! supervisors, whose time is counted too), and one load generator drives both.
#![allow(clippy::print_stdout)] // the table is what this is for

mod cases;
mod load;
mod measure;
mod report;
mod sides;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use cases::CASES;
use clap::Parser;
use sides::Sides;

#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_version_flag = true)]
pub(crate) struct Args {
    /// Which measurements to make; all, when none is named
    names: Vec<String>,
    /// How long a round is, in seconds
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds for each server
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Connections, each with one request in flight
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Accounts to sign up before, as many as rows in the baseline
    #[arg(long, default_value_t = 100_000)]
    accounts: u64,
    /// One more argument for bkjs, such as --server-arg=-api-no-access-log; may be given several times
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    server_arg: Vec<String>,
    /// List the measurements
    #[arg(long)]
    list: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Measures and prints; false when a request failed.
async fn run(args: &Args) -> Result<bool> {
    if args.list {
        for case in &CASES {
            println!("{:8} {}", case.name, case.meaning);
        }
        return Ok(true);
    }
    let known = |name: &String| CASES.iter().any(|case| case.name == name);
    if let Some(name) = args.names.iter().find(|name| !known(name)) {
        anyhow::bail!("no measurement {name}: see --list");
    }
    ensure!(args.seconds > 0.0 && args.connections > 0 && args.rounds > 0, "there is nothing to measure");

    println!("starting both servers with {} rows each", args.accounts);
    let sides = Sides::start(args).await?;
    let mut lines = Vec::new();
    for case in
        CASES.iter().filter(|case| args.names.is_empty() || args.names.iter().any(|name| name == case.name))
    {
        let length = Duration::from_secs_f64(args.seconds);
        let (ours, baseline) = measure::alternate(case, &sides, length, args).await?;
        lines.push(report::Line { name: case.name, ours, baseline });
    }
    println!("\n{}", report::table(&lines));
    for case in CASES.iter().filter(|case| lines.iter().any(|line| line.name == case.name)) {
        println!("{:8} {}", case.name, case.meaning);
    }
    let failed: u64 = lines.iter().map(|line| line.ours.failed + line.baseline.failed).sum();
    if failed > 0 {
        println!("{failed} requests failed: these figures say nothing");
    }
    sides.stop().await?;
    Ok(failed == 0)
}
