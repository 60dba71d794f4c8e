//! The tests of all modules and the end-to-end tests, unchanged, on every database product.
//!
//! The other steps run them on the embedded database that needs no settings. Each server is one of its own, so that
//! nothing of a test is left on one that stays.

use anyhow::{Context as _, Result};

use super::counts::{Counts, Runner};
use super::{has_nextest, step};
use crate::services::Server;
use crate::workspace::{cargo, metadata};

/// A pool that can hold the tables of all modules.
struct Pool {
    /// As in `-db-pool`.
    name: &'static str,
    /// Its service and the setting of a URL that gives a test a place of its own; none for a product that is a file.
    server: Option<(&'static str, &'static str)>,
    /// Tests that would take minutes there, by the beginning of their names.
    slow: &'static [&'static str],
}

const POOLS: [Pool; 5] = [
    Pool { name: "lmdb", server: None, slow: &[] },
    Pool { name: "postgres", server: Some(("postgres", "schema")), slow: &[] },
    Pool { name: "mysql", server: Some(("mariadb", "database")), slow: &[] },
    Pool { name: "redis", server: Some(("redis", "prefix")), slow: &[] },
    // Thousands of records, one by one, into an emulator.
    Pool { name: "dynamodb", server: Some(("dynamodb", "prefix")), slow: &["scan::"] },
];

/// The package of the end-to-end tests.
const END_TO_END: &str = "bkjs-tests";

/// Test programs of it that are about pools of their own, about what a server of the embedded database does, or about
/// nothing that has to do with a database.
const OTHERS: [&str; 9] =
    ["browser", "cached", "configuration", "https", "metrics", "schema", "transfer", "upgrade", "websockets"];

/// How the tests learn of their pool.
const VARIABLE: &str = "BKJS_TEST_POOL";

/// Runs the tests on every pool. A server that cannot be had counts as a failed test.
///
/// # Errors
/// When cargo cannot be started.
pub(super) fn run() -> Result<Counts> {
    let mut total = Counts::default();
    for pool in &POOLS {
        let done = match pool.server.map(|(service, _)| Server::start(service)).transpose() {
            Ok(server) => run_on(pool, server.as_ref())?,
            Err(error) => {
                println!("{}: {error:#}: it counts as one failed test", pool.name);
                Counts { failed: 1, ..Counts::default() }
            }
        };
        total += done;
    }
    Ok(total)
}

fn run_on(pool: &Pool, server: Option<&Server>) -> Result<Counts> {
    let told = match (server, pool.server) {
        (Some(server), Some((_, setting))) => {
            format!("{} {}?{setting}={{room}}", pool.name, server.address())
        }
        _ => pool.name.to_owned(),
    };
    println!("== {VARIABLE}={told}");
    // The whole workspace, of which a part is run: for a part by itself, cargo would compile other features.
    let (runner, mut command) = if has_nextest() {
        let all = ["nextest", "run", "--workspace", "--all-features", "--no-fail-fast", "--filterset"];
        let mut command = cargo(all);
        let packages: Vec<_> = packages()?.iter().map(|name| format!("package({name})")).collect();
        let others = OTHERS.iter().map(|name| format!("binary({name})"));
        let left_out: Vec<_> =
            others.chain(pool.slow.iter().map(|name| format!("test(/^{name}/)"))).collect();
        command.arg(format!("({}) and not ({})", packages.join(" or "), left_out.join(" or ")));
        (Runner::Nextest, command)
    } else {
        let all = ["test", "--workspace", "--all-features", "--no-fail-fast"];
        let mut command = cargo(all);
        command.args(targets()?.iter().flat_map(|name| ["--test", name.as_str()])).arg("--");
        command.args(pool.slow.iter().flat_map(|name| ["--skip", name]));
        (Runner::Libtest, command)
    };
    let name = format!("modules on {}", pool.name);
    let counts = step(&name, runner, command.env(VARIABLE, told))?;
    // Those that were not chosen are no tests that were skipped.
    Ok(Counts { skipped: 0, ..counts })
}

/// The names of the packages: those of all modules, and of the end-to-end tests.
fn packages() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let chosen = packages.iter().filter(|package| is_chosen(package));
    Ok(chosen.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
}

fn is_chosen(package: &serde_json::Value) -> bool {
    let in_modules = package["manifest_path"].as_str().is_some_and(|path| path.contains("/modules/"));
    in_modules || package["name"] == END_TO_END
}

/// The names of their test programs.
fn targets() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let targets =
        packages.iter().filter(|package| is_chosen(package)).filter_map(|p| p["targets"].as_array());
    let others = |target: &&serde_json::Value| OTHERS.iter().any(|name| target["name"] == *name);
    let tests = targets.flatten().filter(|target| target["kind"][0] == "test" && !others(target));
    Ok(tests.filter_map(|target| target["name"].as_str().map(str::to_owned)).collect())
}
