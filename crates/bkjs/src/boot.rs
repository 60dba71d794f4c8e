//! From the first line of `main` to the work of this process.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use bkjs_api::{Draft, Setup, TlsParams};
use bkjs_core::cache::CacheParams;
use bkjs_core::config::{CommandLine, Config, CoreParams, Handle, Inputs, RemoteSources, config_table, home};
use bkjs_core::db::DbParams;
use bkjs_core::jobs::JobsParams;
use bkjs_core::log::{LogParams, Logging};
use bkjs_core::pubsub::PubsubParams;
use bkjs_core::queue::{self, QueueParams};
use bkjs_core::{Error, Result};
use bkjs_runtime::{Launch, RuntimeParams, Start};
use tokio::sync::Notify;

use crate::answer;
use crate::cache::StoreParams;
use crate::command::Command;
use crate::locale::LocaleParams;
use crate::modules::ModuleParams;
use crate::service::{ServeParams, Service};
use crate::shell::BackendParams;
use crate::{App, db, help, init, shell};

/// Everything that is configured, and what is made of it.
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) config: Arc<Config>,
    pub(crate) params: Handles,
    /// Those on other hosts, until a task follows them.
    pub(crate) sources: Mutex<Option<RemoteSources>>,
    /// Has them read before their time.
    pub(crate) again: Arc<Notify>,
    /// Kept to the end: what waits in it is written when it goes. Who only explains itself has none.
    pub(crate) log: Option<Logging>,
}

/// What the parameters of the framework itself are read through.
pub(crate) struct Handles {
    pub(crate) core: Handle<CoreParams>,
    pub(crate) log: Handle<LogParams>,
    pub(crate) db: Handle<DbParams>,
    pub(crate) store: Handle<StoreParams>,
    pub(crate) caches: Handle<CacheParams>,
    pub(crate) queue: Handle<QueueParams>,
    pub(crate) pubsub: Handle<PubsubParams>,
    pub(crate) jobs: Handle<JobsParams>,
    pub(crate) runtime: Handle<RuntimeParams>,
    pub(crate) serve: Handle<ServeParams>,
    pub(crate) tls: Handle<TlsParams>,
    pub(crate) locale: Handle<LocaleParams>,
    modules: Handle<ModuleParams>,
    pub(crate) backend: Handle<BackendParams>,
}

impl Handles {
    fn register(setup: &mut Setup) -> Self {
        Self {
            core: setup.params(),
            log: setup.params(),
            db: setup.params(),
            store: setup.params(),
            caches: setup.params(),
            queue: setup.params(),
            pubsub: setup.params(),
            jobs: setup.params(),
            runtime: setup.params(),
            serve: setup.params(),
            tls: setup.params(),
            locale: setup.params(),
            modules: setup.params(),
            backend: setup.params(),
        }
    }
}

/// Plays the part of this process.
pub(crate) fn run(app: App) -> ExitCode {
    let start = match Start::take() {
        Ok(start) => start,
        Err(error) => return failed(&error),
    };
    let (name, version) = (app.name.clone(), app.version.clone());
    let mut registered = Registered::of(app);
    let (command, line) = match Command::parse(start.args(), registered.setup.registry()) {
        Ok(parsed) => parsed,
        Err(error) => return start.fail(&error),
    };
    let failure = match &command {
        Command::Db(words) => Some(db::failure(words)),
        _ => None,
    };
    match part((name, version), registered, (command, line), &start) {
        Ok(Part::Done(text)) => print(&text),
        Ok(Part::Shell(environment, setup, words)) => shell::run(&environment, *setup, &words),
        Ok(Part::Db(environment, setup, words)) => db::run(&environment, *setup, &words),
        Ok(Part::Serve(environment, setup)) => serve(*environment, *setup, start),
        Err(error) => {
            let failed = start.fail(&error);
            failure.unwrap_or(failed)
        }
    }
}

enum Part {
    Done(String),
    Shell(Box<Environment>, Box<Setup>, Vec<String>),
    Db(Box<Environment>, Box<Setup>, Vec<String>),
    Serve(Box<Environment>, Box<Setup>),
}

fn part(
    (name, version): (String, String),
    mut registered: Registered,
    (command, line): (Command, CommandLine),
    start: &Start,
) -> Result<Part> {
    if command == Command::Version {
        return Ok(Part::Done(format!("{name} {version}\n")));
    }
    if let Command::InitModule(words) = &command {
        return Ok(Part::Done(init::module(words)?));
    }
    let role = match (&command, start.role()) {
        (Command::Run, Some(role)) => role.name(),
        (Command::Run, None) => "run",
        _ => "shell",
    };
    let config = Config::load(registered.setup.take_registry(), Inputs::of_process(line))?;
    let (handles, setup) = registered.admit(role);
    let looks = matches!(&command, Command::Db(words) if db::only_looks(words));
    // Whoever only asks touches nothing.
    let log = match command {
        Command::Help(_) => None,
        _ if looks => Some(look(&handles, role)?),
        _ => Some(prepare(&handles, role)?),
    };
    if is_operator(role) {
        config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    }
    let (config, sources) = (Arc::new(config), Mutex::new(None));
    let mut environment =
        Environment { name, version, config, params: handles, sources, again: Arc::default(), log };
    match (&command, start.role()) {
        // It becomes the top of the tree, which reads them.
        (Command::Run, None) => {}
        (Command::Help(_), _) => environment.look_at_sources(role)?,
        _ if looks && !environment.params.core.load().var().exists() => environment.look_at_sources(role)?,
        _ => environment.read_sources(role)?,
    }
    match command {
        Command::Help(words) => Ok(Part::Done(help::text(&environment, &setup, &words)?)),
        Command::Shell(words) => Ok(Part::Shell(Box::new(environment), Box::new(setup), words)),
        Command::Db(words) => Ok(Part::Db(Box::new(environment), Box::new(setup), words)),
        Command::Run | Command::Version | Command::InitModule(_) => {
            Ok(Part::Serve(Box::new(environment), Box::new(setup)))
        }
    }
}

/// All that an application may consist of, registered, while it is not yet known what takes part.
struct Registered {
    setup: Setup,
    handles: Handles,
    modules: Vec<(&'static str, Draft)>,
    own: Vec<Draft>,
}

impl Registered {
    /// Everything registers before anything is read: the configuration says which modules take part, and may name
    /// parameters of those that do not.
    fn of(app: App) -> Self {
        let mut setup = Setup::new();
        setup.table(config_table());
        let handles = Handles::register(&mut setup);
        let modules = app.modules.iter().map(|module| {
            let draft = setup.draft(|draft| draft.module(module.as_ref()));
            (module.name(), draft)
        });
        let modules = modules.collect();
        let own = app.steps.into_iter().map(|step| setup.draft(step)).collect();
        Self { setup, handles, modules, own }
    }

    /// What takes part in a process of this role; the configuration has to be loaded.
    fn admit(self, role: &str) -> (Handles, Setup) {
        let Self { mut setup, handles, modules, own } = self;
        if handles.queue.load().uses_database() {
            queue::drivers::db::tables().into_iter().for_each(|table| setup.table(table));
        }
        let admitted = handles.modules.load();
        let modules = modules.into_iter().filter(|(name, _)| admitted.admits(name, role));
        modules.map(|(_, draft)| draft).chain(own).for_each(|draft| setup.adopt(draft));
        (handles, setup)
    }
}

/// Prepares home and log, as the user that is to have them.
fn prepare(handles: &Handles, role: &str) -> Result<Logging> {
    handles.runtime.load().umask.apply();
    bkjs_runtime::become_user(&handles.runtime.load(), &handles.core.load().home)?;
    home::prepare(&handles.core.load())?;
    // A process with a role serves on one thread, which must not wait for a reader of the log.
    let init = if is_operator(role) { Logging::init } else { Logging::init_in_background };
    init(&handles.log.load(), &handles.core.load(), role)
}

/// As [`prepare`], for a process that makes nothing in the home.
fn look(handles: &Handles, role: &str) -> Result<Logging> {
    let (core, mut log) = (handles.core.load(), LogParams::clone(&handles.log.load()));
    if core.home.exists() {
        bkjs_runtime::become_user(&handles.runtime.load(), &core.home)?;
    }
    // A file may be anywhere, but most are in the folder of the log, which would have to be made.
    log.console |= !core.log().exists();
    Logging::init(&log, &core, role)
}

/// Whether an operator has started the process of this role and sees what it says.
fn is_operator(role: &str) -> bool {
    matches!(role, "run" | "shell")
}

fn serve(environment: Environment, setup: Setup, start: Start) -> ExitCode {
    let core = environment.params.core.load_full();
    let params = RuntimeParams::clone(&environment.params.runtime.load());
    // Without a certificate nothing is served there.
    let ssl_port = if environment.params.tls.load().is_configured() { params.ssl_port } else { 0 };
    let params = RuntimeParams { ssl_port, ..params };
    let launch = Launch { start, home: core.home.clone(), var_dir: core.var(), params };
    bkjs_runtime::run(launch, Service::new(environment, setup))
}

fn print(text: &str) -> ExitCode {
    match answer::write(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[allow(clippy::print_stderr)] // there is no log yet
pub(crate) fn failed(error: &Error) -> ExitCode {
    eprintln!("bkjs: {}", error.log_text());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use bkjs_api::Module;
    use bkjs_core::config::{CommandLine, Params, Unknown};
    use bkjs_core::schema::{Column, Table};

    use super::*;

    /// Of the module below.
    #[derive(Params, Clone, Debug)]
    #[allow(dead_code)] // nobody asks for the value
    struct ChosenParams {
        /// A number.
        #[param(default = 1)]
        chosen_number: i64,
    }

    /// Counts how often it registers.
    struct Chosen(Arc<AtomicU32>);

    impl Module for Chosen {
        fn name(&self) -> &'static str {
            "chosen"
        }

        fn register(&self, setup: &mut Setup) {
            self.0.fetch_add(1, Ordering::Relaxed);
            setup.params::<ChosenParams>();
            setup.table(Table::new("chosen").column(Column::text("id").primary()));
        }
    }

    /// The modules and tables of a process of this role, or why it does not start.
    fn start(words: &[&str], role: &str) -> std::result::Result<(Vec<&'static str>, bool, bool), String> {
        let times = Arc::new(AtomicU32::new(0));
        let app = App::new("test")
            .module(Chosen(times.clone()))
            .describe(Table::new("own").column(Column::text("id").primary()));
        let mut registered = Registered::of(app);
        let registry = registered.setup.take_registry();
        let line = CommandLine::parse(words, &registry, Unknown::Refuse);
        let home = tempfile::tempdir().expect("a folder");
        let inputs = Inputs { home: Some(home.path().into()), ..Inputs::new(line) };
        Config::load(registry, inputs).map_err(|error| error.message().to_owned())?;
        let (_, setup) = registered.admit(role);
        assert_eq!(times.load(Ordering::Relaxed), 1);
        let has = |table: &str| setup.schema().find(table).is_some();
        Ok((setup.modules().to_vec(), has("chosen"), has("own")))
    }

    #[test]
    fn the_configuration_chooses_among_modules_that_registered_once() {
        let (modules, table, own) = start(&["-chosen-number", "2"], "web").expect("starts");
        assert!(modules.contains(&"chosen") && table && own);
        let (modules, table, own) = start(&["-deny-modules", "^chosen"], "web").expect("starts");
        assert!(!modules.contains(&"chosen") && !table && own);
        let only_here = ["-deny-modules-worker", "^chosen"];
        assert!(start(&only_here, "web").expect("starts").1);
        assert!(!start(&only_here, "worker").expect("starts").1);
    }

    #[test]
    fn parameters_of_a_module_that_stays_away_are_known_and_no_others() {
        assert!(start(&["-deny-modules", "^chosen", "-chosen-number", "2"], "web").is_ok());
        let unknown = start(&["-deny-modules", "^chosen", "-chosen-numbr", "2"], "web").expect_err("unknown");
        assert!(unknown.contains("chosen-numbr") && unknown.contains("chosen-number"), "{unknown}");
        let malformed = start(&["-deny-modules", "^chosen", "-chosen-number", "x"], "web");
        assert!(malformed.expect_err("malformed").contains("chosen-number"));
    }

    #[test]
    fn every_endpoint_of_the_modules_is_described() {
        let mut registered = Registered::of(App::new("test"));
        let registry = registered.setup.take_registry();
        let line = CommandLine::parse([""; 0], &registry, Unknown::Refuse);
        let home = tempfile::tempdir().expect("a folder");
        Config::load(registry, Inputs { home: Some(home.path().into()), ..Inputs::new(line) })
            .expect("loads");
        let (_, setup) = registered.admit("web");
        assert_eq!(setup.undescribed(), 0, "a module hands out routes without a description");
        let document = setup.openapi("test", "1").expect("a document");
        let paths = document["paths"].as_object().expect("paths");
        assert!(paths.len() > 50, "{}", paths.len());
        for (path, operations) in paths {
            let get = &operations["get"];
            assert!(get["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{path} says nothing");
            for status in ["400", "429", "500"] {
                assert!(get["responses"].get(status).is_some(), "{path} has no {status}");
            }
            let gives = get["responses"]["200"]["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
            let gives = gives.and_then(|name| document.pointer(name)).expect("a reply");
            let shown = &gives["content"]["application/json"]["schema"];
            assert!(
                *shown != serde_json::json!({}) || path == "/openapi.json",
                "{path} does not say what it gives"
            );
        }
    }
}
