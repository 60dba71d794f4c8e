//! `cargo xtask bench`: builds the optimised programs and hands over to the load generator.

use anyhow::{Result, ensure};

use crate::workspace::{cargo, target};

#[derive(clap::Args)]
#[command(trailing_var_arg = true)]
pub(crate) struct Args {
    /// Names of measurements and options of the load generator; `-- --help` lists them
    #[arg(allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds with optimisation and runs the measurements; it is a program of its own, so that the other
/// chores need not wait until an HTTP stack is compiled.
///
/// # Errors
/// When the build fails or the measuring program cannot be started.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let build = ["build", "--release", "--package", "bkjs-bench"];
    println!("== build: cargo {} (minutes, the first time)", build.join(" "));
    ensure!(cargo(build).status()?.success(), "the build failed");
    let program = target()?.join("release").join("bkjs-bench");
    Ok(std::process::Command::new(program).args(&args.rest).status()?.success())
}
