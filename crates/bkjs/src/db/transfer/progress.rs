//! How far a run is, for who waits for it: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line tells how far the run is where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// What the run counts.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// Records.
    Records,
    /// Bytes of a file.
    Bytes,
}

/// Tells on standard error how far the run is.
pub(super) struct Progress {
    what: String,
    total: Option<u64>,
    unit: Unit,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    /// A run that is about `what` and ends at `total`, if that is known.
    pub(super) fn new(what: String, total: Option<u64>, unit: Unit) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(&what, total, unit));
        Self { what, total, unit, bar, told: Instant::now() }
    }

    /// The run is here.
    pub(super) fn at(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.told.elapsed() >= EVERY => {
                self.told = Instant::now();
                let unit = match self.unit {
                    Unit::Records => "records",
                    Unit::Bytes => "bytes",
                };
                let total = self.total.map_or_else(String::new, |total| format!(" of {total}"));
                self.say(&format!("{}: {done}{total} {unit}", self.what));
            }
            None => {}
        }
    }

    /// A line for who waits, above the bar.
    #[allow(clippy::print_stderr)] // standard output is for what the run gives
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, total: Option<u64>, unit: Unit) -> ProgressBar {
    let template = match (total, unit) {
        (Some(_), Unit::Records) => "{msg} [{bar:40}] {human_pos}/{human_len} {per_sec} {eta}",
        (Some(_), Unit::Bytes) => "{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        (None, Unit::Records) => "{msg} {spinner} {human_pos} {per_sec}",
        (None, Unit::Bytes) => "{msg} {spinner} {bytes} {bytes_per_sec}",
    };
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.with_message(what.to_owned())
}
