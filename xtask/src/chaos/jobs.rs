//! `cargo xtask chaos jobs`: workers are killed at random while their queue fails; then the effects of jobs are counted.
//!
//! The test `torture` starts the example `jobs` with its workers, submits to it, kills, and counts; it says when the
//! queue is to fail. A queue that is a file fails with the processes that use it, all of which are killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::outage::{Outage, Victim};
use super::{SILENCE, built};
use crate::workspace::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Drivers of queues by name; all when none is named
    drivers: Vec<String>,
    /// Jobs that are submitted to each
    #[arg(long, default_value_t = 10_000)]
    jobs: u32,
    /// Worker processes
    #[arg(long, default_value_t = 4)]
    workers: u16,
    /// How often one of them is killed
    #[arg(long, default_value_t = 20)]
    kills: u16,
    /// Milliseconds that a job takes
    #[arg(long, default_value_t = 20)]
    pause: u32,
    /// What chance begins with: the same workers die at the same parts of the work
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A driver of queues.
struct Driver {
    name: &'static str,
    /// Its server by its name in `services status`; none for a file.
    server: Option<&'static str>,
    /// `-ipc-queue`, and further arguments of the server, when it is at an address.
    at: fn(String) -> (String, Vec<String>),
}

/// All of them.
static DRIVERS: [Driver; 7] = [
    Driver { name: "sqlite", server: None, at: |_| ("db://".into(), Vec::new()) },
    Driver { name: "local", server: None, at: |_| ("local://".into(), Vec::new()) },
    Driver {
        name: "postgres",
        server: Some("postgres"),
        at: |address| ("db://postgres".into(), vec!["-db-postgres-pool".into(), address]),
    },
    Driver { name: "redis", server: Some("redis"), at: |address| (address, Vec::new()) },
    Driver { name: "nats", server: Some("nats"), at: |address| (address, Vec::new()) },
    Driver { name: "amqp", server: Some("rabbitmq"), at: |address| (address, Vec::new()) },
    // The emulator is one of all of Amazon's services.
    Driver { name: "sqs", server: Some("dynamodb"), at: |address| (address, Vec::new()) },
];

/// Tortures each driver; says whether nothing was lost and no worker was wedged.
///
/// # Errors
/// For an unknown name, or when a server cannot be had.
pub(super) fn run(args: &Args) -> Result<bool> {
    let known = || DRIVERS.iter().map(|driver| driver.name);
    if let Some(odd) = args.drivers.iter().find(|name| known().all(|known| known != **name)) {
        bail!("no driver of queues is called {odd}, there are {}", known().collect::<Vec<_>>().join(", "));
    }
    // With the features of the whole workspace: those of a few drivers alone would compile all dependencies anew.
    let examples = cargo(["build", "--workspace", "--all-features", "--examples"]).status()?;
    ensure!(examples.success(), "the build failed");
    let program = built(&mut cargo([
        "test",
        "--workspace",
        "--all-features",
        "--test",
        "torture",
        "--no-run",
        "--message-format",
        "json-render-diagnostics",
    ]))?;
    let mut told = Vec::new();
    let mut all_good = true;
    for driver in &DRIVERS {
        if !args.drivers.is_empty() && args.drivers.iter().all(|name| name != driver.name) {
            continue;
        }
        println!("== {}", driver.name);
        let (count, good) = torture(driver, &program, args)?;
        told.push(if good { count } else { format!("{count}: NOT GOOD") });
        all_good &= good;
    }
    println!("\n{}", told.join("\n"));
    Ok(all_good)
}

/// Tortures one driver; gives what was counted, and whether that is as it must be.
fn torture(driver: &Driver, program: &Path, args: &Args) -> Result<(String, bool)> {
    let mut victim = driver.server.map(Victim::start).transpose()?;
    let (queue, more) = (driver.at)(victim.as_ref().map(Victim::address).unwrap_or_default());
    let plan = json!({
        "name": driver.name, "queue": queue, "args": more, "jobs": args.jobs, "workers": args.workers,
        "kills": args.kills, "outages": 3, "served": victim.is_some(), "pause": args.pause, "seed": args.seed,
    });
    let mut load = Command::new(program);
    load.arg("--nocapture").env("BKJS_TEST_TORTURE", plan.to_string()).stdout(Stdio::piped());
    let mut load = load.spawn().context("cannot start the load")?;
    let output = load.stdout.take().context("the load has no output")?;
    let mut count = format!("{}: no count", driver.name);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        println!("{line}");
        if line.contains(" acknowledged, ") {
            count.clone_from(&line);
        }
        // The runner of tests may have begun the line.
        if let (Some((_, number)), Some(victim)) = (line.split_once("== outage "), &mut victim)
            && let Err(error) = fail(victim, number)
        {
            load.kill().ok();
            load.wait().ok();
            return Err(error);
        }
    }
    Ok((count, load.wait()?.success()))
}

/// Lets the server fail in the way whose turn it is.
fn fail(victim: &mut Victim, number: &str) -> Result<()> {
    let number: u32 = number.trim().parse().context("no number of an outage")?;
    let at = usize::try_from(number.saturating_sub(1))?;
    let outage = *victim.outages().get(at).context("there are three outages")?;
    let time = if outage == Outage::Silence { SILENCE } else { Duration::from_millis(700) * number };
    victim.fail(outage, time)?;
    println!("{number}: {outage:?} of {time:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Args, DRIVERS, run};

    #[test]
    fn an_unknown_driver_is_refused_by_name() {
        let args = Args { drivers: vec!["kafka".into()], jobs: 1, workers: 1, kills: 0, pause: 0, seed: 0 };
        let error = run(&args).unwrap_err().to_string();
        assert!(error.contains("kafka") && error.contains(DRIVERS[0].name), "{error}");
    }
}
