//! What came of the run, by driver.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use crate::trial::{Trial, scenario};

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

/// The outcomes so far, by driver and trial.
#[derive(Default)]
pub(crate) struct Matrix(Mutex<BTreeMap<&'static str, BTreeMap<&'static str, Outcome>>>);

impl Matrix {
    /// Takes note of an outcome.
    pub(crate) fn note(&self, driver: &'static str, trial: &'static Trial, outcome: Outcome) {
        let mut noted = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        noted.entry(driver).or_default().insert(trial.name, outcome);
    }

    /// A line for each driver; `trials` and `scenarios` are those that each should have.
    pub(crate) fn lines(&self, drivers: &[&'static str], trials: &[&'static Trial]) -> Vec<Line> {
        let noted = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let none = BTreeMap::new();
        let line = |driver: &&'static str| {
            let outcomes = noted.get(driver).unwrap_or(&none);
            let mut line = Line { driver, ..Line::default() };
            for trial in trials {
                match outcomes.get(trial.name) {
                    Some(Outcome::Passed) => line.passed += 1,
                    Some(Outcome::Refused(lacking)) => {
                        line.refused += 1;
                        line.lacking.insert(lacking);
                    }
                    Some(Outcome::Failed) => line.failed += 1,
                    None => {
                        line.not_tried += 1;
                        continue;
                    }
                }
                line.scenarios.extend(scenario(trial));
            }
            line
        };
        drivers.iter().map(line).collect()
    }
}

/// The outcomes of one driver.
#[derive(Debug, Default)]
pub(crate) struct Line {
    driver: &'static str,
    passed: usize,
    refused: usize,
    failed: usize,
    not_tried: usize,
    scenarios: BTreeSet<u16>,
    lacking: BTreeSet<&'static str>,
}

/// The lines as a table.
pub(crate) struct Shown<'a>(pub(crate) &'a [Line]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |cells: [&str; 7]| {
            let [driver, passed, refused, failed, not_tried, scenarios, lacking] = cells;
            writeln!(
                f,
                "{driver:<10}{passed:>8}{refused:>9}{failed:>8}{not_tried:>11}{scenarios:>11}  {lacking}"
            )
        };
        row(["driver", "passed", "refused", "failed", "not tried", "scenarios", "refused by capability"])?;
        for line in self.0 {
            let lacking: Vec<&str> = line.lacking.iter().copied().collect();
            row([
                line.driver,
                &line.passed.to_string(),
                &line.refused.to_string(),
                &line.failed.to_string(),
                &line.not_tried.to_string(),
                &line.scenarios.len().to_string(),
                &lacking.join(", "),
            ])?;
        }
        Ok(())
    }
}
