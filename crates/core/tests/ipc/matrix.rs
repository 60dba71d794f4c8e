//! What came of the run, by driver.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What came of one trial on one driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The driver does what the rule says.
    Passed,
    /// The driver refuses what it says that it cannot do.
    Refused(&'static str),
    /// Neither.
    Failed,
}

/// The outcomes so far.
#[derive(Default)]
pub(crate) struct Matrix(Mutex<BTreeMap<String, Line>>);

/// Those of one driver.
#[derive(Default)]
struct Line {
    expected: usize,
    outcomes: BTreeMap<&'static str, Outcome>,
}

impl Matrix {
    /// One more trial should be tried on a driver.
    pub(crate) fn expect(&self, driver: &str) {
        self.lines().entry(driver.to_owned()).or_default().expected += 1;
    }

    /// Takes note of an outcome.
    pub(crate) fn note(&self, driver: &str, trial: &'static str, outcome: Outcome) {
        self.lines().entry(driver.to_owned()).or_default().outcomes.insert(trial, outcome);
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line for each driver.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |cells: [&str; 6]| {
            let [driver, passed, refused, failed, not_tried, lacking] = cells;
            writeln!(f, "{driver:<24}{passed:>8}{refused:>9}{failed:>8}{not_tried:>11}  {lacking}")
        };
        row(["driver", "passed", "refused", "failed", "not tried", "refused by capability"])?;
        for (driver, Line { expected, outcomes }) in &*self.lines() {
            let count = |wanted: fn(&Outcome) -> bool| {
                outcomes.values().filter(|outcome| wanted(outcome)).count().to_string()
            };
            let lacking: BTreeSet<&str> = outcomes
                .values()
                .filter_map(|outcome| match outcome {
                    Outcome::Refused(lacking) => Some(*lacking),
                    _ => None,
                })
                .collect();
            row([
                driver,
                &count(|outcome| *outcome == Outcome::Passed),
                &count(|outcome| matches!(outcome, Outcome::Refused(_))),
                &count(|outcome| *outcome == Outcome::Failed),
                &expected.saturating_sub(outcomes.len()).to_string(),
                &lacking.into_iter().collect::<Vec<_>>().join(", "),
            ])?;
        }
        Ok(())
    }
}
