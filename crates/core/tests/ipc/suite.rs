//! What the runner has to know of a family of drivers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use libtest_mimic::Failed;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::check::Checked;
use crate::matrix::{Matrix, Outcome};
use crate::trial::Trial;

/// A family of drivers: products that keep one contract.
pub(crate) trait Family: Sized + 'static {
    /// What the family is called, as in `cache/redis`.
    const NAME: &'static str;
    /// The record of what a driver can do.
    type Can: Copy + Send + Sync + 'static;
    /// What a trial receives: an empty room on the product, that it may open as often as it likes.
    type Bench: 'static;

    /// The products. Adding one is adding an entry.
    const BACKENDS: &'static [Backend<Self>];
    /// All trials, by section.
    const SECTIONS: &'static [&'static [Trial<Self>]];

    /// What a trial receives.
    fn bench(backend: &'static Backend<Self>, room: Arc<Room>) -> Checked<Self::Bench>;

    /// Removes what a trial has left in its room, its folder aside.
    fn remove(backend: &'static Backend<Self>, room: &Room) -> impl Future<Output = Checked>;
}

/// A product as a family tries it.
pub(crate) struct Backend<F: Family> {
    /// Its name, shown with each trial.
    pub(crate) name: &'static str,
    /// The variable with the address of its server; without it the trials are skipped. Products that need no server
    /// have none.
    pub(crate) server: Option<&'static str>,
    /// What its driver says that it can do.
    pub(crate) can: F::Can,
    /// The address of a room: empty the first time, the same one whenever it is asked again.
    pub(crate) url: fn(&Room) -> String,
}

/// Where a trial keeps its data: a folder for products that are files, a name for those that are servers.
pub(crate) struct Room {
    #[allow(dead_code)] // not every family has products that are files
    folder: TempDir,
    name: String,
}

impl Room {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // None is the start of another.
        let name = format!("trial_{}_{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Ok(Self { folder: tempfile::tempdir()?, name })
    }

    /// A folder of the trial's own, removed at its end.
    #[allow(dead_code)] // not every family has products that are files
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A name that no other trial has, of letters, digits and underscores.
    #[allow(dead_code)] // for products that are servers
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The address of a server with the trial's own name as one more setting.
    #[allow(dead_code)] // for products that are servers
    pub(crate) fn on_server(&self, variable: &str, setting: &str) -> String {
        let base = std::env::var(variable).unwrap_or_default();
        let joint = if base.contains('?') { '&' } else { '?' };
        format!("{base}{joint}{setting}={}", self.name)
    }
}

/// What the trials of a run share.
#[derive(Clone)]
pub(crate) struct Run {
    runtime: Arc<Runtime>,
    matrix: Arc<Matrix>,
}

impl Run {
    pub(crate) fn new() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { runtime: Arc::new(runtime), matrix: Arc::default() })
    }

    /// What came of the trials so far, as a table.
    pub(crate) fn matrix(&self) -> String {
        self.matrix.to_string()
    }

    /// All trials of a family on all of its products, as the runner wants them.
    pub(crate) fn prepare_all<F: Family>(&self) -> Vec<libtest_mimic::Trial> {
        let mut prepared = Vec::new();
        for backend in F::BACKENDS {
            for trial in F::SECTIONS.iter().copied().flatten() {
                prepared.push(self.prepare(backend, trial));
            }
        }
        prepared
    }

    fn prepare<F: Family>(
        &self,
        backend: &'static Backend<F>,
        trial: &'static Trial<F>,
    ) -> libtest_mimic::Trial {
        let driver = format!("{}/{}", F::NAME, backend.name);
        let missing = backend.server.filter(|variable| std::env::var_os(variable).is_none());
        let lacking = trial.lacks(&backend.can);
        let name = match (missing, lacking) {
            (Some(variable), _) => format!("{} (needs {variable})", trial.name),
            (None, Some(lacking)) => format!("{} (refused: no {lacking})", trial.name),
            (None, None) => trial.name.to_owned(),
        };
        self.matrix.expect(&driver);
        let (run, kind) = (self.clone(), driver.clone());
        let attempt = move || {
            // A panic leaves it at that.
            run.matrix.note(&driver, trial.name, Outcome::Failed);
            let tried = run.runtime.block_on(attempt(backend, trial));
            let outcome = match (&tried, lacking) {
                (Ok(()), None) => Outcome::Passed,
                (Ok(()), Some(lacking)) => Outcome::Refused(lacking),
                (Err(_), _) => Outcome::Failed,
            };
            run.matrix.note(&driver, trial.name, outcome);
            tried.map_err(Failed::from)
        };
        libtest_mimic::Trial::test(name, attempt).with_kind(kind).with_ignored_flag(missing.is_some())
    }
}

/// Tries one rule in a room of its own, and removes that.
async fn attempt<F: Family>(backend: &'static Backend<F>, trial: &'static Trial<F>) -> Checked {
    let room = Arc::new(Room::new()?);
    let bench = F::bench(backend, room.clone())?;
    let tried = trial.attempt(&backend.can, bench).await;
    tried.and(F::remove(backend, &room).await)
}
