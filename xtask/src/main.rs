//! The project's own chores: `cargo xtask test`, `bench`, `services`, `tidy`.
#![allow(clippy::print_stdout)] // what a chore prints is what it is for

mod bench;
mod chaos;
mod services;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The chores of the bkjs project",
    version,
    disable_version_flag = true
)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything once and run all tests; the last line is the count
    Test(test::Args),
    /// Measure the server against a bare axum and rusqlite program, or drivers against bare client libraries
    Bench(bench::Args),
    /// Restart a database server under load, and count what was lost
    Chaos(chaos::Args),
    /// Start, stop and list the servers that driver tests talk to
    Services(services::Args),
    /// Check formatting, lints, documentation, layering, file sizes and left-overs
    Tidy(tidy::Args),
}

fn main() -> ExitCode {
    let done = match Args::parse().chore {
        Chore::Test(args) => test::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Chaos(args) => chaos::run(&args),
        Chore::Services(args) => services::run(&args),
        Chore::Tidy(args) => tidy::run(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
