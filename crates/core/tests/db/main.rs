//! The contract of the database drivers: every trial runs against every backend of [`backend::BACKENDS`]
//! and talks to the facade only, so that it says what callers can rely on, whichever product stores.
//!
//! Names start with the number of the scenario they come from (`s015_`); those that come from none start
//! with the subject. What a driver says that it cannot do, it is tried to refuse: such a trial says `refused` in
//! its name. A run of all closes with the matrix of drivers and outcomes.
#![allow(clippy::print_stdout)] // the matrix is for people

#[path = "../shared/check.rs"]
mod assertions;
mod backend;
mod check;
mod coverage;
mod matrix;
mod remains;
#[path = "../shared/rule.rs"]
mod rule;
mod tables;
mod trial;

mod add_get_del;
mod batch;
mod cache;
mod configuration;
mod costs;
mod counters;
mod durable;
mod expiry_hooks;
mod generated;
mod hostile;
mod joined;
mod list;
mod put;
mod random;
mod random_writes;
mod refusals;
mod schema;
mod select;
mod sort_page;
mod transfer;
mod typed;
mod update;
mod upgrade;
mod validation;
mod values;

use std::process::ExitCode;
use std::sync::Arc;

use bkjs_core::db::driver::Capabilities;
use libtest_mimic::{Arguments, Failed};
use tokio::runtime::Runtime;

use backend::{BACKENDS, Backend, Bench};
use check::Checked;
use matrix::{Matrix, Outcome, Shown};
use trial::Trial;

/// All trials, by section.
const SECTIONS: &[&[Trial]] = &[
    schema::TRIALS,
    upgrade::TRIALS,
    add_get_del::TRIALS,
    put::TRIALS,
    update::TRIALS,
    counters::TRIALS,
    list::TRIALS,
    select::TRIALS,
    sort_page::TRIALS,
    values::TRIALS,
    generated::TRIALS,
    validation::TRIALS,
    joined::TRIALS,
    batch::TRIALS,
    cache::TRIALS,
    expiry_hooks::TRIALS,
    transfer::TRIALS,
    typed::TRIALS,
    hostile::TRIALS,
    durable::TRIALS,
    configuration::TRIALS,
    refusals::TRIALS,
    costs::TRIALS,
    random::TRIALS,
    random_writes::TRIALS,
];

/// What the trials of a run share.
#[derive(Clone)]
struct Run {
    runtime: Arc<Runtime>,
    matrix: Arc<Matrix>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let run = Run { runtime, matrix: Arc::default() };
    let all: Vec<&'static Trial> = SECTIONS.iter().copied().flatten().collect();
    let mut trials = vec![libtest_mimic::Trial::test("every_scenario_is_tried_or_explained", || {
        coverage::every_scenario_is_tried_or_explained(SECTIONS).map_err(Failed::from)
    })];
    for backend in BACKENDS {
        // The driver says what it can do; a product that does not answer fails the whole run.
        let can = match run.runtime.block_on(async { backend.capabilities() }) {
            Ok(can) => can,
            Err(problem) => {
                eprintln!("{} cannot be tried: {problem}", backend.name);
                return ExitCode::FAILURE;
            }
        };
        trials.extend(all.iter().map(|trial| run.prepare(backend, trial, can)));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && conclusion.num_filtered_out == 0 {
        let drivers: Vec<&str> = BACKENDS.iter().map(|backend| backend.name).collect();
        println!("{}{}", Shown(&run.matrix.lines(&drivers, &all)), coverage::Explained);
    }
    conclusion.exit_code()
}

impl Run {
    /// The trial as the runner wants it.
    fn prepare(
        &self,
        backend: &'static Backend,
        trial: &'static Trial,
        can: Capabilities,
    ) -> libtest_mimic::Trial {
        let obstacle = backend.obstacle();
        let lacking = trial.lacks(&can);
        let name = match (&obstacle, lacking) {
            (Some(obstacle), _) => format!("{} ({obstacle})", trial.name),
            (None, Some(lacking)) => format!("{} (refused: no {lacking})", trial.name),
            (None, None) => trial.name.to_owned(),
        };
        let run = self.clone();
        let attempt = move || {
            // A panic leaves it at that.
            run.matrix.note(backend.name, trial, Outcome::Failed);
            let tried = run.runtime.block_on(attempt(backend, trial, can));
            let outcome = match (&tried, lacking) {
                (Ok(()), None) => Outcome::Passed,
                (Ok(()), Some(lacking)) => Outcome::Refused(lacking),
                (Err(_), _) => Outcome::Failed,
            };
            run.matrix.note(backend.name, trial, outcome);
            tried.map_err(Failed::from)
        };
        libtest_mimic::Trial::test(name, attempt)
            .with_kind(backend.name)
            .with_ignored_flag(obstacle.is_some())
    }
}

/// Tries one rule in a store of its own, and removes that.
async fn attempt(backend: &'static Backend, trial: &'static Trial, can: Capabilities) -> Checked {
    let bench = Bench::new(backend, can)?;
    let places = bench.places();
    let tried = trial.attempt(&can, bench).await;
    let mut removed = backend.remove(&places.first).await;
    if let Some(second) = places.second.get() {
        removed = removed.and(backend.remove(second).await);
    }
    tried.and(removed)
}
