//! What the log says about the sources on other hosts.

use std::collections::BTreeSet;

use super::super::{Rank, Reload};
use super::CONFIG_TABLE;
use crate::{Error, ErrorKind};

/// What has been logged, so that each thing is said once.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) warnings: BTreeSet<String>,
    pub(super) complaints: BTreeSet<String>,
}

impl Told {
    /// As after these warnings.
    pub(super) fn with(warnings: Vec<String>) -> Self {
        Self { warnings: warnings.into_iter().collect(), ..Self::default() }
    }

    /// Logs the warnings that were not there before.
    pub(super) fn warn(&mut self, warnings: Vec<String>) {
        let warnings: BTreeSet<String> = warnings.into_iter().collect();
        warnings.difference(&self.warnings).for_each(|warning| tracing::warn!("{warning}"));
        self.warnings = warnings;
    }

    /// Logs what is wrong and was not wrong before, and when all is right again.
    pub(super) fn complain(&mut self, wrong: Vec<String>) {
        let wrong: BTreeSet<String> = wrong.into_iter().collect();
        wrong.difference(&self.complaints).for_each(|line| tracing::error!("{line}"));
        if wrong.is_empty() && !self.complaints.is_empty() {
            tracing::info!("the configuration on other hosts is right again");
        }
        self.complaints = wrong;
    }
}

/// Logs what a reading changed.
pub(super) fn report(reload: &Reload) {
    let live: Vec<&str> =
        reload.changed.iter().filter(|name| !reload.restart.contains(name)).map(String::as_str).collect();
    if !live.is_empty() {
        tracing::info!(parameters = live.join(", "), "the configuration has changed");
    }
    if !reload.restart.is_empty() {
        let parameters = reload.restart.join(", ");
        tracing::warn!(parameters, "the configuration has changed, which takes effect at the next start");
    }
}

/// A source as the log names it.
pub(super) fn name(rank: Rank) -> &'static str {
    match rank {
        Rank::Dns => "DNS",
        _ => CONFIG_TABLE,
    }
}

/// The lines that say what is wrong with a source.
pub(super) fn complaints(rank: Rank, error: &Error) -> Vec<String> {
    match error.kind() {
        // Each line names its parameter and where it stands.
        ErrorKind::Config => error.message().lines().map(str::to_owned).collect(),
        _ => vec![format!("the configuration in {} cannot be read: {}", name(rank), error.log_text())],
    }
}

/// The error of a start without any values of a source.
pub(super) fn hopeless(rank: Rank, error: &Error) -> Error {
    let way_out = match rank {
        Rank::Dns => "-no-dns does without",
        _ => "-db-config '' does without",
    };
    let text = format!("{}\n{way_out}", complaints(rank, error).join("\n"));
    Error::new(error.kind(), text)
}
