//! The contract of the database drivers: every trial runs against every backend of [`backend::BACKENDS`]
//! and talks to the facade only, so that it says what callers can rely on, whichever product stores.
//!
//! Names start with the number of the scenario they come from (`s015_`); those that come from none start
//! with the subject. What a backend cannot do is skipped by name (`ignored` in the list).

mod backend;
mod check;
mod coverage;
mod tables;

mod add_get_del;
mod batch;
mod cache;
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
mod schema;
mod select;
mod sort_page;
mod typed;
mod update;
mod validation;
mod values;

use std::process::ExitCode;
use std::sync::Arc;

use bkjs_core::db::driver::Capabilities;
use libtest_mimic::{Arguments, Failed};

use backend::{BACKENDS, Backend, Bench};
use check::Checked;

/// One rule of the contract.
pub(crate) struct Trial {
    /// What the rule says.
    pub(crate) name: &'static str,
    /// Why it does not apply to a driver with these capabilities.
    pub(crate) obstacle: fn(&Capabilities) -> Option<&'static str>,
    /// Tries it on an empty store.
    pub(crate) run: fn(Bench) -> std::pin::Pin<Box<dyn Future<Output = Checked>>>,
}

/// The trials of a section: `name`, `name if capability` or `name unless capability`.
macro_rules! trials {
    ($($name:ident $(if $needed:ident)? $(unless $unwanted:ident)?),* $(,)?) => {
        pub(crate) const TRIALS: &[crate::Trial] = &[$(crate::Trial {
            name: stringify!($name),
            obstacle: |_can| {
                $(if !_can.$needed { return Some(concat!("needs ", stringify!($needed))); })?
                $(if _can.$unwanted { return Some(concat!("is for drivers without ", stringify!($unwanted))); })?
                None
            },
            run: |bench| Box::pin($name(bench)),
        }),*];
    };
}
pub(crate) use trials;

/// All trials, by section.
const SECTIONS: &[&[Trial]] = &[
    schema::TRIALS,
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
    typed::TRIALS,
    hostile::TRIALS,
    durable::TRIALS,
    random::TRIALS,
    random_writes::TRIALS,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![libtest_mimic::Trial::test("every_scenario_is_tried_or_explained", || {
        coverage::every_scenario_is_tried_or_explained(SECTIONS).map_err(Failed::from)
    })];
    for backend in BACKENDS {
        // The driver says what it can do; a product that does not answer fails the whole run.
        let can = match runtime.block_on(async { backend.capabilities() }) {
            Ok(can) => can,
            Err(problem) => {
                eprintln!("{} cannot be tried: {problem}", backend.name);
                return ExitCode::FAILURE;
            }
        };
        for trial in SECTIONS.iter().copied().flatten() {
            trials.push(prepare(backend, trial, can, runtime.clone()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The trial as the runner wants it.
fn prepare(
    backend: &'static Backend,
    trial: &'static Trial,
    can: Capabilities,
    runtime: Arc<tokio::runtime::Runtime>,
) -> libtest_mimic::Trial {
    let obstacle = backend.obstacle().or_else(|| (trial.obstacle)(&can).map(str::to_owned));
    let name = match &obstacle {
        Some(obstacle) => format!("{} ({obstacle})", trial.name),
        None => trial.name.to_owned(),
    };
    libtest_mimic::Trial::test(name, move || {
        let tried = runtime.block_on(async {
            let bench = Bench::new(backend, can)?;
            let place = bench.place();
            let tried = (trial.run)(bench).await;
            let removed = backend.remove(&place).await;
            tried.and(removed)
        });
        tried.map_err(Failed::from)
    })
    .with_kind(backend.name)
    .with_ignored_flag(obstacle.is_some())
}
