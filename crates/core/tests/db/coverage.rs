//! Every scenario is a trial, or there is a reason why not.

use std::collections::BTreeSet;
use std::fmt;

use crate::trial::{Trial, scenario};

/// The scenarios are numbered from 1 to this.
const LAST: u16 = 210;

/// Scenarios without a trial, each with the reason.
const NOT_COVERED: &[(u16, &str)] = &[(
    208,
    "the removal of columns the caller may not see belongs to the API layer, which tries it in reply/clean.rs",
)];

/// A scenario has a trial or a reason, not both, and every trial named by number has a scenario.
pub(crate) fn every_scenario_is_tried_or_explained(sections: &[&[Trial]]) -> Result<(), String> {
    let trials = || sections.iter().copied().flatten();
    let names: Vec<&str> = trials().map(|trial| trial.name).collect();
    let tried: BTreeSet<u16> = trials().filter_map(scenario).collect();
    let explained: BTreeSet<u16> = NOT_COVERED.iter().map(|(number, _)| *number).collect();
    let mut wrong = Vec::new();
    for number in 1..=LAST {
        match (tried.contains(&number), explained.contains(&number)) {
            (false, false) => wrong.push(format!("scenario {number} has neither a trial nor a reason")),
            (true, true) => wrong.push(format!("scenario {number} has a trial and a reason against one")),
            _ => {}
        }
    }
    wrong.extend(tried.range(LAST + 1..).map(|number| format!("there is no scenario {number}")));
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    if unique.len() != names.len() {
        wrong.push("two trials have the same name".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The scenarios that are not tried, with the reasons, for people.
pub(crate) struct Explained;

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried = usize::from(LAST) - NOT_COVERED.len();
        writeln!(f, "{tried} of {LAST} scenarios are tried on every driver; the others are of no driver:")?;
        NOT_COVERED.iter().try_for_each(|(number, reason)| writeln!(f, "  {number}: {reason}"))
    }
}
