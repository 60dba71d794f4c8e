//! `cargo xtask chaos NAME`: a driver writes under load while its server is restarted; then what was acknowledged
//! is counted.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::services::Server;
use crate::workspace::cargo;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server, by its name in `services status`; its driver is known by the address
    name: String,
    /// How long to write, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Restarts the server three times while the test `chaos` writes; says whether nothing was lost.
///
/// # Errors
/// When the server cannot be had.
pub(crate) fn run(args: &Args) -> Result<bool> {
    // Only the driver in question: all of them take minutes to build.
    let feature = if args.name == "mariadb" { "mysql" } else { &args.name };
    let suite = ["test", "--package", "bkjs-core", "--features", feature, "--test", "chaos"];
    let program = built(cargo(suite).args(["--no-run", "--message-format", "json-render-diagnostics"]))?;
    let mut server = Server::start(&args.name)?;
    println!("{} at {}", args.name, server.address());
    // Not by way of cargo, which may wait for another one: the writing starts with the clock.
    let mut load = Command::new(program)
        .arg("--nocapture")
        .env("BKJS_TEST_CHAOS_URL", server.address())
        .env("BKJS_TEST_CHAOS_SECONDS", args.seconds.to_string())
        .spawn()
        .context("cannot start the load")?;
    if let Err(error) = restart(&mut server, args.seconds) {
        load.kill().ok();
        load.wait().ok();
        return Err(error);
    }
    Ok(load.wait()?.success())
}

/// Restarts the server three times while the load runs.
#[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
fn restart(server: &mut Server, seconds: u64) -> Result<()> {
    let pause = Duration::from_secs(seconds.max(8)) / 4;
    for round in 1..=3 {
        thread::sleep(pause);
        // Every second time as a crash: what was acknowledged must survive that too.
        let crash = round % 2 == 0;
        if crash {
            server.crash()?
        } else {
            server.stop()?
        }
        // Longer than a blink, so that calls and connections really fail.
        thread::sleep(Duration::from_millis(700 * round));
        server.start_again()?;
        println!("restart {round}: {}", if crash { "crashed" } else { "stopped" });
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
