//! `cargo xtask services`: the servers that driver tests talk to, in a throw-away folder.
//!
//! A server belongs to this workspace: it listens on a loopback port of its own, keeps its data under
//! `target/services`, and is known by its process id and that process's start, so that nobody else's server is
//! ever used or stopped.

mod own;
mod place;
mod probe;
mod process;
mod table;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use comfy_table::{Table, presets};
pub(crate) use own::Server;
use place::Place;
use table::{SERVICES, Service};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start these servers, or all that are installed, and wait until they answer
    Start {
        /// Names as in `status`
        names: Vec<String>,
    },
    /// Stop these servers, or all, and delete their data
    Stop {
        /// Names as in `status`
        names: Vec<String>,
    },
    /// List all servers: state, port, address, and which package has what is not installed
    Status,
}

/// The servers that the tests of drivers talk to.
pub(crate) struct Ready {
    /// By which variable each is found, and where it is.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Those that could not be had, each with the reason.
    pub(crate) missing: Vec<String>,
    started: Vec<String>,
}

impl Ready {
    /// Starts the servers of all drivers that do not run yet.
    ///
    /// # Errors
    /// When the folder of the data cannot be found.
    pub(crate) fn start() -> Result<Self> {
        let mut ready = Self { variables: Vec::new(), missing: Vec::new(), started: Vec::new() };
        let wanted = SERVICES.iter().filter_map(|service| Some((service, service.variable?)));
        // Side by side: most of a start is waiting.
        let found: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = wanted
                .map(|(service, variable)| (service, variable, scope.spawn(|| found(service))))
                .collect();
            starts.into_iter().map(|(service, variable, start)| (service, variable, start.join())).collect()
        });
        for (service, variable, found) in found {
            match found.unwrap_or_else(|_| Err(anyhow::anyhow!("the start panicked"))) {
                Ok(Found { port, started }) => {
                    ready.variables.push((variable, service.address(port)));
                    ready.started.extend(started.then(|| service.name.to_owned()));
                }
                Err(error) => ready.missing.push(format!("{}: {error:#}", service.name)),
            }
        }
        Ok(ready)
    }

    /// Stops those that were started, and deletes their data.
    ///
    /// # Errors
    /// When a process cannot be signalled.
    pub(crate) fn stop(self) -> Result<()> {
        if self.started.is_empty() { Ok(()) } else { stop(&self.started).map(drop) }
    }
}

/// A server that runs.
struct Found {
    port: u16,
    /// Whether it was started now.
    started: bool,
}

/// The server of a service, started if it does not run.
fn found(service: &Service) -> Result<Found> {
    let place = Place::of(service.name)?;
    if let Some(running) = place.running() {
        return Ok(Found { port: running.port, started: false });
    }
    let program = service.installed().with_context(|| format!("not installed, {}", service.package))?;
    Ok(Found { port: process::start(service, &place, &program, false)?, started: true })
}

/// Carries the action out; says whether every server asked for by name is now in the state asked for.
///
/// # Errors
/// For an unknown name, or when the folder of the data cannot be made.
pub(crate) fn run(args: &Args) -> Result<bool> {
    match &args.action {
        Action::Start { names } => start(names),
        Action::Stop { names } => stop(names),
        Action::Status => status(),
    }
}

fn start(names: &[String]) -> Result<bool> {
    let mut all_started = true;
    for service in chosen(names)? {
        let place = Place::of(service.name)?;
        if let Some(running) = place.running() {
            println!("{}: already running at {}", service.name, service.address(running.port));
            continue;
        }
        let Some(program) = service.installed() else {
            println!("{}: not installed, {}", service.name, service.package);
            // Without names, what is there is started.
            all_started &= names.is_empty();
            continue;
        };
        match process::start(service, &place, &program, false) {
            Ok(port) => println!("{}: started at {}", service.name, service.address(port)),
            Err(error) => {
                println!("{}: not started, {error:#}", service.name);
                all_started = false;
            }
        }
    }
    Ok(all_started)
}

fn stop(names: &[String]) -> Result<bool> {
    for service in chosen(names)? {
        let place = Place::of(service.name)?;
        if let Some(running) = place.running() {
            process::stop(&running, service.stop_signal)?;
            println!("{}: stopped", service.name);
        }
        process::end_marked(place.folder());
        place.delete()?;
    }
    Ok(true)
}

fn status() -> Result<bool> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["service", "state", "port", "address or package"]);
    for service in &SERVICES {
        let (state, port, remark) = match (Place::of(service.name)?.running(), service.installed()) {
            (Some(running), _) => {
                let state = if probe::answers(running.port, &service.probe) { "running" } else { "silent" };
                (state, running.port.to_string(), service.address(running.port))
            }
            (None, Some(program)) => ("stopped", String::new(), program.display().to_string()),
            (None, None) => ("not installed", String::new(), service.package.to_owned()),
        };
        table.add_row([service.name, state, &port, &remark]);
    }
    println!("{table}");
    Ok(true)
}

/// The services with these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Service>> {
    if names.is_empty() {
        return Ok(SERVICES.iter().collect());
    }
    let mut found = Vec::new();
    for name in names {
        let Some(service) = SERVICES.iter().find(|service| service.name == name) else {
            let known: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
            bail!("no service {name}, there are {}", known.join(", "));
        };
        found.push(service);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{SERVICES, chosen};

    #[test]
    fn a_service_is_chosen_by_its_name() {
        assert_eq!(chosen(&["redis".into()]).unwrap()[0].name, "redis");
        assert_eq!(chosen(&[]).unwrap().len(), SERVICES.len());
        let error = chosen(&["oracle".into()]).err().unwrap().to_string();
        assert!(error.starts_with("no service oracle, there are postgres, "), "{error}");
    }
}
