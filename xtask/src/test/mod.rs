//! `cargo xtask test`: everything that can be tested here, with one count at the end.

mod counts;
mod drivers;
mod openapi;
mod stream;

use anyhow::Result;
use counts::{Counts, Runner};

use crate::services::Ready;
use crate::workspace::{cargo, output};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only tests whose name contains one of these; `db` alone runs the contract suite of database drivers, `ipc`
    /// those of caches and queues, `modules-on-drivers` the tests of all modules on each database driver,
    /// `openapi` many requests that are made up of the OpenAPI document
    filter: Vec<String>,
}

/// The contract suites that run alone when their name is all that is asked for.
const SUITES: [(&str, &str); 2] =
    [("db", "contract suite of database drivers"), ("ipc", "contract suites of caches and queues")];

/// The name of the tests of all modules on each driver.
const DRIVERS: &str = "modules-on-drivers";

/// The name of requests made up of the OpenAPI document.
const OPENAPI: &str = "openapi";

/// Runs the tests, and says whether all passed.
///
/// # Errors
/// When cargo cannot be started; a failed build counts as a failed test.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut total = Counts::default();
    if let Some((suite, name)) = SUITES.iter().find(|(suite, _)| args.filter == [*suite]) {
        // With the features of the whole workspace: those of one package alone would compile all its dependencies anew.
        let suite = ["test", "--workspace", "--all-features", "--test", suite];
        let ready = servers(&mut total)?;
        let done = step(name, Runner::Libtest, cargo(suite).envs(ready.variables.iter().cloned()));
        ready.stop()?;
        total += done?;
        return Ok(conclude(&total));
    }

    // Once and with one set of features: every other set would compile large parts of the tree again.
    let build = ["build", "--workspace", "--all-features", "--bins", "--examples"];
    println!("== build: cargo {}", build.join(" "));
    if !cargo(build).status()?.success() {
        println!("the build failed: it counts as one failed test");
        total.failed += 1;
        return Ok(conclude(&total));
    }
    if args.filter == [OPENAPI] {
        total += openapi::run(openapi::Depth::Many)?;
        return Ok(conclude(&total));
    }
    if args.filter != [DRIVERS] {
        let ready = servers(&mut total)?;
        let done = run_all(args, &ready, &mut total);
        ready.stop()?;
        done?;
    }
    if args.filter.is_empty() || args.filter == [DRIVERS] {
        total += drivers::run()?;
    }
    if args.filter.is_empty() {
        total += openapi::run(openapi::Depth::Few)?;
    }
    Ok(conclude(&total))
}

/// Runs all tests of the workspace.
fn run_all(args: &Args, ready: &Ready, total: &mut Counts) -> Result<()> {
    let servers = || ready.variables.iter().cloned();
    if has_nextest() {
        let all = ["nextest", "run", "--workspace", "--all-features", "--no-fail-fast", "--no-tests", "pass"];
        *total += step("tests", Runner::Nextest, cargo(all).args(&args.filter).envs(servers()))?;
        let doc = ["test", "--doc", "--workspace", "--all-features", "--no-fail-fast", "--"];
        *total += step("documentation tests", Runner::Libtest, cargo(doc).args(&args.filter))?;
    } else {
        let all = ["test", "--workspace", "--all-features", "--no-fail-fast", "--"];
        *total += step("tests", Runner::Libtest, cargo(all).args(&args.filter).envs(servers()))?;
    }
    Ok(())
}

/// Starts the servers of the drivers. One that cannot be had counts as a failed test, or its driver would
/// pass by being skipped.
fn servers(total: &mut Counts) -> Result<Ready> {
    let ready = Ready::start()?;
    let names: Vec<_> = ready.variables.iter().map(|(name, address)| format!("{name}={address}")).collect();
    println!("== services: {}", names.join(" "));
    for missing in &ready.missing {
        println!("{missing}: it counts as one failed test");
        total.failed += 1;
    }
    Ok(ready)
}

/// Runs one command and counts its tests; one that fails without a failed test counts as one.
fn step(name: &str, runner: Runner, command: &mut std::process::Command) -> Result<Counts> {
    println!("== {name}");
    let (mut counts, success) = stream::run(command, runner)?;
    if !success && counts.failed == 0 {
        println!("{name}: the command failed before or beside its tests: it counts as one failed test");
        counts.failed = 1;
    }
    Ok(counts)
}

/// Prints the count as the last line.
fn conclude(total: &Counts) -> bool {
    let passed = total.failed == 0 && total.passed > 0;
    if total.passed + total.failed == 0 {
        println!("no test has run");
    }
    if total.unsteady > 0 {
        println!("passed only when repeated, FLAKY above, to be mended: {}", total.unsteady);
    }
    println!("\n{total}");
    passed
}

fn has_nextest() -> bool {
    output(&mut cargo(["nextest", "--version"])).is_ok_and(|out| out.status.success())
}
