//! `cargo xtask bench db`: what an operation costs through the facade and the driver, and by the bare client library.
//!
//! Both sides work on the same tables of the same server, in one process with one thread as a web process has, in
//! turns, so that whatever else the machine does meets both alike. Servers are found by the variables of the tests
//! (`BKJS_TEST_POSTGRES_URL` and so on).
#![allow(clippy::print_stdout)] // the table is what it is for

mod bare;
mod case;
mod measure;
mod ours;
mod product;
mod record;
mod report;
mod side;

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use bkjs_bench_rounds::Which;
use case::Case;
use measure::Effort;
use product::{PRODUCTS, Product};
use report::Line;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench db",
    about = "Measures every driver beside the bare client library",
    disable_version_flag = true
)]
struct Args {
    /// Products, such as sqlite or postgres; all whose server is there when none is named
    products: Vec<String>,
    /// Only these operations: get, insert, update, select, batch
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many callers at once, by comma
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32, 256])]
    lanes: Vec<usize>,
    /// Milliseconds of one round of one side
    #[arg(long, default_value_t = 400)]
    millis: u64,
    /// Rounds of each side
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Records in the table before it is measured; an emulator gets a hundredth of them
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Measure this side only, for a profiler: ours or bare
    #[arg(long)]
    side: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.rows > 0 && args.rounds > 0 && args.millis > 0, "nothing to measure");
    let effort = Effort {
        time: Duration::from_millis(args.millis),
        rounds: args.rounds,
        lanes: args.lanes.clone(),
        cases: cases(&args.only)?,
        only: args.side.as_deref().map(Which::parse).transpose()?,
    };
    let mut lines: Vec<Line> = Vec::new();
    for product in chosen(&args.products)? {
        match product.url() {
            Some(url) => lines.extend(product.measure(&url, args.rows, &effort).await?),
            None if args.products.is_empty() => {
                println!("{}: no server, {} is not set", product.name, product.server)
            }
            None => bail!("{} needs {}", product.name, product.server),
        }
    }
    println!("{}", report::table(&lines));
    Ok(())
}

fn cases(names: &[String]) -> Result<Vec<Case>> {
    if names.is_empty() {
        return Ok(Case::ALL.to_vec());
    }
    names.iter().map(|name| Case::parse(name)).collect()
}

fn chosen(names: &[String]) -> Result<Vec<&'static Product>> {
    for name in names {
        if PRODUCTS.iter().all(|product| product.name != name) {
            bail!(
                "no product {name}, there are {}",
                PRODUCTS.each_ref().map(|product| product.name).join(", ")
            );
        }
    }
    let wanted = |product: &&Product| names.is_empty() || names.iter().any(|name| name == product.name);
    Ok(PRODUCTS.iter().filter(wanted).collect())
}
