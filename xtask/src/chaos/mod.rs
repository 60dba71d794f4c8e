//! `cargo xtask chaos`: a driver writes under load while its server fails; then what was acknowledged is counted.
//!
//! A server that keeps its data is restarted three times, the second time by a crash. The emulator of DynamoDB keeps
//! everything in memory, so that a restart would show nothing but that: the way to it is cut, it falls silent for
//! longer than a call may take, and it is cut again. That tries what the driver promises, and not what Amazon does.

mod jobs;
mod outage;
mod proxy;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use outage::{Outage, Victim};
use serde_json::Value;

use crate::workspace::cargo;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// Servers by their names in `services status`; all that a driver talks to when none is named
    names: Vec<String>,
    /// How long to write to each, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

#[derive(clap::Subcommand)]
enum Other {
    /// Kill workers at random while their queue fails, and count the effects of jobs
    Jobs(jobs::Args),
}

/// The servers, and the products whose drivers talk to them; either name will do.
const SERVERS: [(&str, &str); 4] =
    [("postgres", "postgres"), ("mariadb", "mysql"), ("redis", "redis"), ("dynamodb", "dynamodb")];

/// Milliseconds that a call may take while its server may be silent, and how long it is.
const CALL_LIMIT: u64 = 3000;
const SILENCE: Duration = Duration::from_millis(CALL_LIMIT + 2000);

/// Lets each server fail three times while the test `chaos` writes; says whether nothing was lost.
///
/// # Errors
/// For a name that has no driver, or when a server cannot be had.
pub(crate) fn run(args: &Args) -> Result<bool> {
    if let Some(Other::Jobs(args)) = &args.other {
        return jobs::run(args);
    }
    let chosen = chosen(&args.names)?;
    // With the features of the whole workspace: those of a few drivers alone would compile all dependencies anew.
    let suite = ["test", "--workspace", "--all-features", "--test", "chaos", "--no-run"];
    let mut build = cargo(suite);
    build.args(["--message-format", "json-render-diagnostics"]);
    let program = built(&mut build)?;
    let mut told = Vec::new();
    let mut all_kept = true;
    for (name, _) in chosen {
        let (count, kept) = endure(name, &program, args.seconds)?;
        told.push(format!("{name}: {count}"));
        all_kept &= kept;
    }
    println!("\n{}", told.join("\n"));
    Ok(all_kept)
}

fn chosen(names: &[String]) -> Result<Vec<(&'static str, &'static str)>> {
    for name in names {
        if SERVERS.iter().all(|(server, product)| server != name && product != name) {
            bail!("no driver talks to {name}, there are {}", SERVERS.map(|(known, _)| known).join(", "));
        }
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    Ok(SERVERS.into_iter().filter(|(server, product)| wanted(server) || wanted(product)).collect())
}

/// Writes to one server while it fails; gives what the load counted, and whether that is as it must be.
fn endure(name: &str, program: &Path, seconds: u64) -> Result<(String, bool)> {
    let mut victim = Victim::start(name)?;
    println!("== {name} at {}", victim.address());
    // Not by way of cargo, which may wait for another one: the writing starts with the clock.
    let mut load = Command::new(program);
    load.arg("--nocapture")
        .env("BKJS_TEST_CHAOS_URL", victim.address())
        .env("BKJS_TEST_CHAOS_SECONDS", seconds.to_string())
        .stdout(Stdio::piped());
    if victim.outages().contains(&Outage::Silence) {
        load.env("BKJS_TEST_CHAOS_OPTIONS", format!("{{\"statement_timeout\":{CALL_LIMIT}}}"));
    }
    let mut load = load.spawn().context("cannot start the load")?;
    let output = load.stdout.take().context("the load has no output")?;
    let counted = thread::spawn(move || count(BufReader::new(output)));
    if let Err(error) = fail_three_times(&mut victim, seconds) {
        load.kill().ok();
        load.wait().ok();
        return Err(error);
    }
    let kept = load.wait()?.success();
    let count = counted.join().ok().flatten().unwrap_or_else(|| "the load told no count".to_owned());
    Ok((count, kept))
}

/// Passes the output of the load on; gives the line with its count.
fn count(output: impl std::io::BufRead) -> Option<String> {
    let mut found = None;
    for line in output.lines().map_while(Result::ok) {
        println!("{line}");
        if line.contains(" acknowledged, ") {
            found = Some(line);
        }
    }
    found
}

#[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
fn fail_three_times(victim: &mut Victim, seconds: u64) -> Result<()> {
    let begun = Instant::now();
    for (round, outage) in (1..).zip(victim.outages()) {
        let due = Duration::from_secs(seconds) * round / 4;
        thread::sleep(due.saturating_sub(begun.elapsed()));
        // Longer than a blink, so that calls and connections really fail.
        let time = if outage == Outage::Silence { SILENCE } else { Duration::from_millis(700) * round };
        victim.fail(outage, time)?;
        println!("{round}: {outage:?} of {time:?}");
    }
    Ok(())
}

/// The test program that cargo builds.
fn built(command: &mut Command) -> Result<PathBuf> {
    let out = command.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&out.stdout);
    let messages = text.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next().context("the test was not built")
}

#[cfg(test)]
mod tests {
    use super::{SERVERS, chosen};

    #[test]
    fn all_servers_are_chosen_unless_some_are_named() {
        assert_eq!(chosen(&[]).unwrap(), SERVERS);
        assert_eq!(chosen(&["mariadb".into()]).unwrap(), [("mariadb", "mysql")]);
        assert_eq!(chosen(&["mysql".into()]).unwrap(), [("mariadb", "mysql")]);
        let error = chosen(&["oracle".into()]).unwrap_err().to_string();
        assert!(error.starts_with("no driver talks to oracle, there are postgres, "), "{error}");
    }
}
