//! One-shot commands: `bkjs shell -account-add login L secret S name N`.
//!
//! A command works inside the configured application, on the same home and database as a server that may run
//! meanwhile. What it gives is printed as JSON; a failure goes to standard error, with exit code 1.

mod config;
mod jobs;
mod request;

use std::process::ExitCode;

use bkjs_api::{Args, Command, CommandContext, Setup};
use bkjs_core::config::Rank;
use bkjs_core::db::Gravity;
use bkjs_core::suggest::nearest;
use bkjs_core::value::Value;
use bkjs_core::{Error, Result};

use crate::answer;
use crate::boot::{Environment, failed};

pub(crate) use request::BackendParams;

/// The commands of the shell itself and of all modules.
pub(crate) fn all(environment: &Environment, setup: &Setup) -> Vec<Command> {
    let params = environment.params.runtime.load();
    // Who says on the command line where the server is means no other.
    let is_said =
        |name: &&str| environment.config.origin(name).is_some_and(|origin| origin.rank == Rank::CommandLine);
    let listens = match ["port", "bind"].iter().any(is_said) {
        true => None,
        false => bkjs_runtime::listens_at(&environment.params.core.load().var()),
    };
    let own = format!("http://{}", listens.unwrap_or_else(|| params.reachable()));
    let backend = request::Backend { params: environment.params.backend.clone(), own };
    let own = [request::command(backend), config::command(environment.config.clone())];
    own.into_iter().chain(jobs::commands()).chain(setup.commands().iter().cloned()).collect()
}

/// Runs the commands that the words name, one after the other, until one fails.
pub(crate) fn run(environment: &Environment, setup: Setup, words: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands(environment, setup, words)),
        Err(error) => Err(Error::internal("cannot build an event loop").source(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn commands(environment: &Environment, setup: Setup, words: &[String]) -> Result<()> {
    let known = all(environment, &setup);
    let calls = split(&known, words)?;
    let create = environment.params.db.load().create_tables;
    if calls.is_empty() && !create {
        let names: Vec<String> = known.iter().map(|c| format!("-{}", c.name)).collect();
        return Err(Error::invalid(format!(
            "the shell needs a command: -db-create-tables, {}; see help commands",
            names.join(", ")
        )));
    }
    let service = environment.http_service(setup, None)?;
    let db = service.api().db().clone();
    let done = db.create_tables_in(|pool| environment.keeps_tables(pool)).await?;
    if calls.is_empty() {
        let told = done.iter().filter(|one| one.gravity() != Gravity::Note).map(ToString::to_string);
        print(&Value::from(told.collect::<Vec<_>>()))?;
    }
    let mut result = Ok(());
    for (command, args) in calls {
        let context = CommandContext { api: service.api().clone() };
        result = match command.run(context, args).await {
            Ok(value) => print(&value),
            Err(error) => Err(error),
        };
        if result.is_err() {
            break;
        }
    }
    service.api().jobs()?.close().await;
    db.close().await;
    result
}

/// The commands among the words, each with the words up to the next one.
fn split<'a>(known: &'a [Command], words: &[String]) -> Result<Vec<(&'a Command, Args)>> {
    let named = |word: &String| known.iter().find(|c| word.strip_prefix('-') == Some(c.name));
    let mut calls = Vec::new();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        let Some(command) = named(first) else {
            let name = first.trim_start_matches('-');
            let near =
                nearest(name, known.iter().map(|c| c.name)).map(|near| format!("did you mean -{near}?"));
            let hint = near.unwrap_or_else(|| "see help commands".to_owned());
            return Err(Error::invalid(format!("unknown command {first:.40}, {hint}")));
        };
        let end = after.iter().position(|word| named(word).is_some()).unwrap_or(after.len());
        let (own, next) = after.split_at(end);
        calls.push((command, command.args(own)?));
        rest = next;
    }
    Ok(calls)
}

fn print(value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|e| Error::internal("the answer cannot be shown").source(e))?;
    answer::write(&format!("{text}\n"))
}
