//! Passes a command's output on, line by line, and counts the tests in it.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::{io, thread};

use anyhow::{Context as _, Result};

use super::counts::{Counts, Runner};

/// Runs a command that runs tests to its end; returns the tests it counted and whether it was successful.
pub(super) fn run(command: &mut Command, runner: Runner) -> Result<(Counts, bool)> {
    let program = command.get_program().to_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let stdout = child.stdout.take().context("the command has no output")?;
    let stderr = child.stderr.take().context("the command has no error output")?;

    // Nextest closes with its count on the error output, libtest on the other.
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let errors = scope.spawn(|| pass_on(stderr, io::stderr(), runner));
        counts += pass_on(stdout, io::stdout(), runner);
        counts += errors.join().unwrap_or_default();
    });
    Ok((counts, child.wait()?.success()))
}

fn pass_on(from: impl Read, mut to: impl Write, runner: Runner) -> Counts {
    let mut counts = Counts::default();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        // A reader of ours that went away must not end the tests.
        to.write_all(&line).ok();
        if let Some(read) = Counts::read(&String::from_utf8_lossy(&line), runner) {
            counts += read;
        }
        line.clear();
    }
    counts
}
