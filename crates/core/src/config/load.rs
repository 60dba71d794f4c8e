use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::registry::Commit;
use super::resolve::{self, Resolved, Settings};
use super::{Assignment, CommandLine, Origin, Problem, Rank, Registry, SourceValues};
use super::{environment, file, home, problem};
use crate::Result;

/// What a configuration is loaded from, besides files.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The command line, taken apart.
    pub command_line: CommandLine,
    /// The environment; only `BKJS_*` and `HOME` are read.
    pub environment: Vec<(OsString, OsString)>,
    /// The home folder, if something else than command line and environment decides.
    pub home: Option<PathBuf>,
}

impl Inputs {
    /// A command line without environment: for tests.
    pub fn new(command_line: CommandLine) -> Self {
        Self { command_line, ..Self::default() }
    }

    /// A command line and this process's environment.
    pub fn of_process(command_line: CommandLine) -> Self {
        Self { command_line, environment: std::env::vars_os().collect(), home: None }
    }
}

/// What a reload changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reload {
    /// The names whose values differ from those loaded before.
    pub changed: Vec<String>,
    /// Those of them that keep their running values until the process restarts.
    pub restart: Vec<String>,
    /// What is unusual, but no error.
    pub warnings: Vec<String>,
}

/// The loaded configuration: the registry, what each source says, and the values that stand.
pub struct Config {
    registry: Registry,
    home: PathBuf,
    files: [(Rank, PathBuf, String); 2],
    environment_warnings: Vec<String>,
    state: Mutex<State>,
}

/// When values that do not change while running take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    /// At the next start of the process.
    Pending,
    /// Now: this is the start.
    Now,
}

struct State {
    sources: BTreeMap<Rank, Vec<Assignment>>,
    /// What the sources say now.
    loaded: Settings,
    /// What the sections hold: differs from `loaded` in what needs a restart.
    running: Settings,
    warnings: Vec<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads all sources and fills every registered struct.
    ///
    /// # Errors
    /// `Config` with every problem of every source, one a line; no handle has changed then.
    pub fn load(registry: Registry, inputs: Inputs) -> Result<Self> {
        let Inputs { command_line, environment, home } = inputs;
        let mut problems = command_line.problems.clone();
        let from_environment = environment::read(&environment, &registry);
        problems.extend(from_environment.problems);
        let mut sources = BTreeMap::from([
            (Rank::Environment, from_environment.assignments),
            (Rank::CommandLine, command_line.assignments().to_vec()),
        ]);
        let home = match home {
            Some(home) => home,
            None => home::resolve(&command_line, &environment)?,
        };
        set_home(&mut sources, &home);
        let files = file_paths(&home, &sources);
        for (rank, path, shown) in &files {
            sources.insert(*rank, file::read(path, shown, *rank, &mut problems));
        }
        let resolved = resolve::resolve(&registry, sources.values().flatten());
        let commits = stage(&registry, &resolved, problems)?;
        commits.into_iter().for_each(|commit| commit());
        let Resolved { settings, warnings, .. } = resolved;
        let state = State { sources, loaded: settings.clone(), running: settings, warnings };
        let environment_warnings = from_environment.warnings;
        Ok(Self { registry, home, files, environment_warnings, state: Mutex::new(state) })
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The parameters that can be set.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The files that are read, whether they exist or not: what to watch.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(_, path, _)| path.as_path())
    }

    /// What is unusual, but no error: unknown variables of the environment, parameters without effect yet.
    pub fn warnings(&self) -> Vec<String> {
        self.environment_warnings.iter().chain(&self.state().warnings).cloned().collect()
    }

    /// Reads the files again and swaps in what changed.
    ///
    /// # Errors
    /// As [`Config::reload`].
    pub fn reload_files(&self) -> Result<Reload> {
        let mut problems = Vec::new();
        let mut read = |(rank, path, shown): &(Rank, PathBuf, String)| SourceValues {
            rank: *rank,
            assignments: file::read(path, shown, *rank, &mut problems),
        };
        let changes: Vec<SourceValues> = self.files.iter().map(&mut read).collect();
        self.apply(changes, problems, Restart::Pending)
    }

    /// Replaces what the given sources say and swaps the new values in, for all sections or for none.
    ///
    /// A parameter that is not live keeps its running value, and is reported.
    ///
    /// # Errors
    /// `Config` with all problems; then every source and value stays as it was.
    pub fn reload(&self, changes: Vec<SourceValues>) -> Result<Reload> {
        self.apply(changes, Vec::new(), Restart::Pending)
    }

    /// As [`Config::reload`], in a process that has not begun its work: what needs a restart takes effect too.
    ///
    /// # Errors
    /// As [`Config::reload`].
    pub fn complete(&self, changes: Vec<SourceValues>) -> Result<Reload> {
        self.apply(changes, Vec::new(), Restart::Now)
    }

    fn apply(&self, changes: Vec<SourceValues>, problems: Vec<Problem>, restart: Restart) -> Result<Reload> {
        let mut state = self.state();
        let mut sources = state.sources.clone();
        for change in changes {
            sources.insert(change.rank, change.assignments);
        }
        let mut resolved = resolve::resolve(&self.registry, sources.values().flatten());
        // All that is said must be right, also what waits for a restart.
        stage(&self.registry, &resolved, problems)?;
        let loaded = resolved.settings.clone();
        if restart == Restart::Pending {
            self.keep_until_restart(&mut resolved.settings, &state.running);
        }
        let commits = stage(&self.registry, &resolved, Vec::new())?;
        commits.into_iter().for_each(|commit| commit());
        let mut reload = self.compare(&state.loaded, &loaded, resolved.warnings);
        if restart == Restart::Now {
            reload.restart.clear();
        }
        state.warnings.clone_from(&reload.warnings);
        state.sources = sources;
        state.loaded = loaded;
        state.running = resolved.settings;
        Ok(reload)
    }

    /// Puts back the running settings of what may not change while running.
    fn keep_until_restart(&self, settings: &mut Settings, running: &Settings) {
        let live = |entry: usize| self.registry.entries[entry].spec.live;
        settings.retain(|_, setting| live(setting.entry));
        for (name, setting) in running.iter().filter(|(_, setting)| !live(setting.entry)) {
            settings.insert(name.clone(), setting.clone());
        }
    }

    fn compare(&self, old: &Settings, new: &Settings, warnings: Vec<String>) -> Reload {
        let mut reload = Reload { warnings, ..Reload::default() };
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let (before, after) = (old.get(name), new.get(name));
            if texts(before) == texts(after) {
                continue;
            }
            let entry = before.or(after).map(|setting| &self.registry.entries[setting.entry]);
            if entry.is_some_and(|entry| !entry.spec.live && !entry.planned) {
                reload.restart.push(name.clone());
            }
            reload.changed.push(name.clone());
        }
        reload
    }

    /// Calls `with` with the running settings.
    pub(super) fn with_running<R>(&self, with: impl FnOnce(&Settings) -> R) -> R {
        with(&self.state().running)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced field by field from finished values: it is whole even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What makes two settings differ: the texts, not the lines they stand in.
fn texts(setting: Option<&resolve::Setting>) -> Option<(bool, Vec<&str>)> {
    setting
        .map(|s| (s.cleared, s.occurrences.iter().map(|o| o.text.as_str()).collect::<Vec<_>>()))
        .filter(|(cleared, texts)| *cleared || !texts.is_empty())
}

/// Builds every section; all problems together when there are any.
fn stage(registry: &Registry, resolved: &Resolved, mut problems: Vec<Problem>) -> Result<Vec<Commit>> {
    problems.extend_from_slice(&resolved.problems);
    let mut commits = Vec::new();
    for section in &registry.sections {
        let values = resolve::values(registry, section.entries.clone(), &resolved.settings);
        match (section.stage)(&values) {
            Ok(commit) => commits.push(commit),
            Err(problem) => problems.push(problem),
        }
    }
    problem::check(&problems)?;
    Ok(commits)
}

/// Says the home folder that was decided on wherever `home` was said, so that readers see the same.
fn set_home(sources: &mut BTreeMap<Rank, Vec<Assignment>>, home: &Path) {
    for assignments in sources.values_mut() {
        assignments.retain(|a| a.name != "home");
    }
    let origin = Origin { rank: Rank::CommandLine, source: "the start".into(), line: None };
    let text = Some(home.to_string_lossy().into_owned());
    let assignment = Assignment { name: "home".into(), text, origin };
    sources.entry(Rank::CommandLine).or_default().push(assignment);
}

/// `etc/config` and `etc/config.local`, or what `etc-dir` and `conf-file` say instead.
fn file_paths(home: &Path, sources: &BTreeMap<Rank, Vec<Assignment>>) -> [(Rank, PathBuf, String); 2] {
    let early = |names: &[&str]| {
        let said = [Rank::CommandLine, Rank::Environment].into_iter().filter_map(|rank| sources.get(&rank));
        let mut texts = said
            .flat_map(|s| s.iter().rev())
            .filter(|a| names.contains(&a.name.as_str()))
            .filter_map(|a| a.text.clone());
        texts.next()
    };
    let folder = home.join(early(&["etc-dir"]).unwrap_or_else(|| "etc".into()));
    let file = early(&["conf-file", "config-file"]).unwrap_or_else(|| "config".into());
    // A bare name is a file of the configuration folder; anything else is a path as it stands.
    let main = if file.contains('/') { PathBuf::from(&file) } else { folder.join(&file) };
    let mut local = main.clone().into_os_string();
    local.push(".local");
    [(Rank::File, main), (Rank::LocalFile, PathBuf::from(local))].map(|(rank, path)| {
        let shown = path.strip_prefix(home).unwrap_or(&path).display().to_string();
        (rank, path, shown)
    })
}

#[cfg(test)]
mod tests;
