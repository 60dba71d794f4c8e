//! Real process trees of a small program, killed, stopped and restarted.
//!
//! The test binary is also the program: started with `run` it is the top of a tree, and with a title of ours
//! it is a role below.

#![allow(clippy::expect_used)] // a test says what it takes for granted

#[cfg(target_os = "linux")]
mod instance;
#[cfg(target_os = "linux")]
mod kills;
#[cfg(target_os = "linux")]
mod proc;
mod program;
#[cfg(target_os = "linux")]
mod starts;
#[cfg(target_os = "linux")]
mod stops;

use std::process::ExitCode;

use bkjs_runtime::Start;

fn main() -> ExitCode {
    let start = match Start::take() {
        Ok(start) => start,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if start.role().is_some() || start.args().first().is_some_and(|arg| arg == "run") {
        return program::run(start);
    }
    trials()
}

/// The processes are looked at through `/proc`.
#[cfg(target_os = "linux")]
fn trials() -> ExitCode {
    let trials = [starts::trials(), kills::trials(), stops::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn trials() -> ExitCode {
    ExitCode::SUCCESS
}

/// A test by its name; it fails by panicking.
#[cfg(target_os = "linux")]
fn trial(name: &str, act: fn()) -> libtest_mimic::Trial {
    libtest_mimic::Trial::test(name, move || {
        act();
        Ok(())
    })
}
