//! `cargo xtask bench icons`: what an image costs through the framework, and in a bare program with the same codecs.
//!
//! Both sides are in one process, and are measured in turns. `make` is the work on an image alone, in sharp's documented
//! case: a JPEG of 2725 x 2225 pixels becomes one of 720 x 588. `put` and `get` are requests over HTTP, with a connection
//! each: a JPEG of 400 x 400 pixels is stored as one of 128 x 128, on disk when it is answered.
#![allow(clippy::print_stdout)] // the table is what it is for

mod bare;
mod ours;
mod photo;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bkjs_bench_rounds::{Measured, Which, turns};
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use futures_util::future::try_join_all;

use bare::Bare;
use ours::Ours;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench icons",
    about = "Measures images beside a bare program with the same codecs",
    disable_version_flag = true
)]
struct Args {
    /// Only these operations: make, put, get
    names: Vec<String>,
    /// How many callers at once, by comma
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8])]
    lanes: Vec<usize>,
    /// Milliseconds of one round of one side
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Rounds of each side
    #[arg(long, default_value_t = 4)]
    rounds: usize,
}

/// What is measured.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Make,
    Put,
    Get,
}

const CASES: [(&str, Case); 3] = [("make", Case::Make), ("put", Case::Put), ("get", Case::Get)];

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.rounds > 0 && args.millis > 0, "nothing to measure");
    let (ours, bare) = (Ours::start().await?, Bare::start().await?);
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(["operation", "at once"].into_iter().chain(Measured::HEADS));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (name, case) in CASES {
        if !args.names.is_empty() && !args.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        for lanes in &args.lanes {
            let (mut of_ours, mut of_bare) = (Measured::default(), Measured::default());
            for turn in turns(args.rounds, None) {
                let time = Duration::from_millis(args.millis);
                match turn {
                    Which::Ours => of_ours.add(round(*lanes, time, || ours.run(case))).await?,
                    Which::Bare => of_bare.add(round(*lanes, time, || bare.run(case))).await?,
                }
            }
            table.add_row([name.to_owned(), lanes.to_string()].into_iter().chain(of_ours.cells(&of_bare)));
        }
    }
    println!("{table}");
    Ok(())
}

/// Does something over and over, several at once; gives how often.
async fn round<F: Future<Output = Result<()>>>(
    lanes: usize,
    time: Duration,
    work: impl Fn() -> F,
) -> Result<u64> {
    let end = Instant::now() + time;
    let lane = async || {
        let mut done = 0;
        while Instant::now() < end {
            work().await?;
            done += 1;
        }
        Ok::<u64, anyhow::Error>(done)
    };
    Ok(try_join_all((0..lanes).map(|_| lane())).await?.into_iter().sum())
}
