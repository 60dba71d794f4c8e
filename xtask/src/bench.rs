//! `cargo xtask bench`: builds the optimised programs and hands over to the one that measures.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::services::Ready;
use crate::workspace::{cargo, target};

#[derive(clap::Args)]
#[command(trailing_var_arg = true)]
pub(crate) struct Args {
    /// Names of measurements and options of the load generator; `db` first measures the drivers of databases beside
    /// bare client libraries, `ipc` caches and queues, `icons` images. `-- --help`, `db --help` and so on list what there is
    #[arg(allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds with optimisation and runs the measurements; they are programs of their own, so that the other
/// chores need not wait until an HTTP stack or all drivers are compiled.
///
/// # Errors
/// When the build fails or the measuring program cannot be started.
pub(crate) fn run(args: &Args) -> Result<bool> {
    match args.rest.split_first() {
        Some((first, rest)) if first == "db" => drivers("bkjs-bench-db", rest),
        Some((first, rest)) if first == "ipc" => drivers("bkjs-bench-ipc", rest),
        Some((first, rest)) if first == "icons" => {
            Ok(built(&["bkjs-bench-icons"], "bkjs-bench-icons")?.args(rest).status()?.success())
        }
        _ => {
            let mut load = built(&["bkjs-cli", "bkjs-bench"], "bkjs-bench")?;
            Ok(load.args(&args.rest).status()?.success())
        }
    }
}

/// Measures drivers by the program of a package, on the servers that tests use.
fn drivers(package: &str, args: &[String]) -> Result<bool> {
    let mut program = built(&[package], package)?;
    program.args(args);
    // What it says of itself needs no servers.
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Ok(program.status()?.success());
    }
    let ready = Ready::start()?;
    for missing in &ready.missing {
        println!("{missing}");
    }
    let done = program.envs(ready.variables.iter().cloned()).status();
    ready.stop()?;
    Ok(done?.success())
}

/// Builds these packages; gives a program of theirs.
fn built(packages: &[&str], program: &str) -> Result<Command> {
    let mut build = cargo(["build", "--release"]);
    build.args(packages.iter().flat_map(|package| ["--package", package]));
    println!("== build: cargo build --release of {} (minutes, the first time)", packages.join(", "));
    ensure!(build.status()?.success(), "the build failed");
    Ok(Command::new(target()?.join("release").join(program)))
}
