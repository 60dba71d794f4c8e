//! `cargo xtask chaos NAME`: a driver writes under load while its server is restarted; then what was acknowledged
//! is counted.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

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
#[allow(clippy::disallowed_methods)] // chores have nothing else to do meanwhile
pub(crate) fn run(args: &Args) -> Result<bool> {
    // Only the driver in question: all of them take minutes to build.
    let feature = if args.name == "mariadb" { "mysql" } else { &args.name };
    let suite = ["test", "--package", "bkjs-core", "--features", feature, "--test", "chaos"];
    // So that the writing starts with the clock.
    if !cargo(suite).arg("--no-run").status()?.success() {
        return Ok(false);
    }
    let mut server = Server::start(&args.name)?;
    println!("{} at {}", args.name, server.address());
    let mut load = cargo(suite)
        .args(["--", "--nocapture"])
        .env("BKJS_TEST_CHAOS_URL", server.address())
        .env("BKJS_TEST_CHAOS_SECONDS", args.seconds.to_string())
        .spawn()
        .context("cannot start the load")?;
    let pause = Duration::from_secs(args.seconds.max(8)) / 4;
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
    Ok(load.wait()?.success())
}
