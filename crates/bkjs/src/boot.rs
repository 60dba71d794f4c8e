//! From the first line of `main` to the work of this process.

use std::process::ExitCode;
use std::sync::Arc;

use bkjs_api::Setup;
use bkjs_core::config::{CommandLine, Config, CoreParams, Handle, Inputs, home};
use bkjs_core::db::DbParams;
use bkjs_core::log::{LogParams, Logging};
use bkjs_core::{Error, Result};
use bkjs_runtime::{Launch, RuntimeParams, Start};

use crate::cache::CacheParams;
use crate::command::Command;
use crate::modules::ModuleParams;
use crate::service::{ServeParams, Service};
use crate::shell::BackendParams;
use crate::{App, db, help, shell};

/// Everything that is configured, and what is made of it.
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) config: Arc<Config>,
    pub(crate) core: Handle<CoreParams>,
    pub(crate) db: Handle<DbParams>,
    pub(crate) cache: Handle<CacheParams>,
    pub(crate) runtime: Handle<RuntimeParams>,
    pub(crate) serve: Handle<ServeParams>,
    pub(crate) backend: Handle<BackendParams>,
    /// Kept to the end: what waits in it is written when it goes. Who only explains itself has none.
    _log: Option<Logging>,
}

/// What the parameters of the framework itself are read through.
struct Handles {
    core: Handle<CoreParams>,
    log: Handle<LogParams>,
    db: Handle<DbParams>,
    cache: Handle<CacheParams>,
    runtime: Handle<RuntimeParams>,
    serve: Handle<ServeParams>,
    modules: Handle<ModuleParams>,
    backend: Handle<BackendParams>,
}

impl Handles {
    fn register(setup: &mut Setup) -> Self {
        Self {
            core: setup.params(),
            log: setup.params(),
            db: setup.params(),
            cache: setup.params(),
            runtime: setup.params(),
            serve: setup.params(),
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
    match part(app, &start) {
        Ok(Part::Done(text)) => print(&text),
        Ok(Part::Shell(environment, setup, words)) => shell::run(&environment, *setup, &words),
        Ok(Part::Db(environment, setup, words)) => db::run(&environment, *setup, &words),
        Ok(Part::Serve(environment, setup)) => serve(*environment, *setup, start),
        Err(error) => start.fail(&error),
    }
}

enum Part {
    Done(String),
    Shell(Box<Environment>, Box<Setup>, Vec<String>),
    Db(Box<Environment>, Box<Setup>, Vec<String>),
    Serve(Box<Environment>, Box<Setup>),
}

fn part(app: App, start: &Start) -> Result<Part> {
    // All parts declare their parameters first: the configuration says which of them take part.
    let mut declared = Setup::new();
    let handles = Handles::register(&mut declared);
    app.declare(&mut declared);
    let (command, line) = Command::parse(start.args(), declared.registry())?;
    if command == Command::Version {
        return Ok(Part::Done(format!("{} {}\n", app.name, app.version)));
    }
    let role = match (&command, start.role()) {
        (Command::Run, Some(role)) => role.name(),
        (Command::Run, None) => "run",
        _ => "shell",
    };
    Config::load(declared.take_registry(), Inputs::of_process(line.clone()))?;
    let touch = !matches!(command, Command::Help(_));
    let (environment, setup) = environment(app, line, role, &handles.modules.load(), touch)?;
    match command {
        Command::Help(words) => Ok(Part::Done(help::text(&environment, &setup, &words)?)),
        Command::Shell(words) => Ok(Part::Shell(Box::new(environment), Box::new(setup), words)),
        Command::Db(words) => Ok(Part::Db(Box::new(environment), Box::new(setup), words)),
        _ => Ok(Part::Serve(Box::new(environment), Box::new(setup))),
    }
}

/// Registers what takes part, loads the configuration, prepares home and log, unless nothing is to be touched.
fn environment(
    app: App,
    line: CommandLine,
    role: &str,
    admitted: &ModuleParams,
    touch: bool,
) -> Result<(Environment, Setup)> {
    let App { name, version, modules, steps } = app;
    let mut setup = Setup::new();
    let handles = Handles::register(&mut setup);
    for module in &modules {
        match admitted.admits(module.name(), role) {
            true => setup.module(module.as_ref()),
            false => setup.declare(|scratch| module.register(scratch)),
        }
    }
    for step in steps {
        step(&mut setup);
    }
    let config = Config::load(setup.take_registry(), Inputs::of_process(line))?;
    let log = if touch {
        home::prepare(&handles.core.load())?;
        // A process with a role serves on one thread, which must not wait for a reader of the log.
        let init = if is_operator(role) { Logging::init } else { Logging::init_in_background };
        Some(init(&handles.log.load(), &handles.core.load(), role)?)
    } else {
        None
    };
    if is_operator(role) {
        config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    }
    let Handles { core, db, cache, runtime, serve, backend, .. } = handles;
    Ok((
        Environment {
            name,
            version,
            config: Arc::new(config),
            core,
            db,
            cache,
            runtime,
            serve,
            backend,
            _log: log,
        },
        setup,
    ))
}

/// Whether an operator has started the process of this role and sees what it says.
fn is_operator(role: &str) -> bool {
    matches!(role, "run" | "shell")
}

fn serve(environment: Environment, setup: Setup, start: Start) -> ExitCode {
    let core = environment.core.load_full();
    let params = environment.runtime.load_full();
    let launch =
        Launch { start, home: core.home.clone(), var_dir: core.var(), params: RuntimeParams::clone(&params) };
    bkjs_runtime::run(launch, Service::new(environment, setup))
}

#[allow(clippy::print_stdout)] // the answer to a question on the command line
fn print(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

#[allow(clippy::print_stderr)] // there is no log yet
pub(crate) fn failed(error: &Error) -> ExitCode {
    eprintln!("bkjs: {}", error.log_text());
    ExitCode::FAILURE
}
