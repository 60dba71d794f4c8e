//! The contracts of what processes and hosts share, a suite for each family of drivers: every trial of a family runs
//! against every product of it, and talks to the facade only, so that it says what callers can rely on, whichever
//! product is behind.
//!
//! A family is a folder: its `mod.rs` lists the products and the sections of trials, and implements [`suite::Family`].
//! What a driver says that it cannot do, it is tried to refuse: such a trial says `refused` in its name. A run of all
//! closes with the matrix of drivers and outcomes.
#![allow(clippy::print_stdout)] // the matrix is for people

#[path = "../shared/check.rs"]
mod assertions;
mod check;
mod gate;
mod matrix;
#[path = "../shared/rule.rs"]
mod rule;
mod suite;
mod trial;

mod cache;
mod pubsub;
mod queue;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use suite::Run;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let run = match Run::new() {
        Ok(run) => run,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    // One line for each family.
    let trials = [
        run.prepare_all::<cache::Caches>(),
        run.prepare_all::<queue::Queues>(),
        run.prepare_all::<pubsub::Pubsubs>(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && conclusion.num_filtered_out == 0 {
        println!("{}", run.matrix());
    }
    conclusion.exit_code()
}
