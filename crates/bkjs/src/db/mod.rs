//! `bkjs db`: what an operator does with whole tables and pools, on a home that may serve meanwhile.
//!
//! A tool opens the pools of the configuration and nothing else: no socket, no module's own work. It says on
//! standard output what it did; a failure goes to standard error, with exit code 1.

mod args;
mod tables;

use std::process::ExitCode;

use bkjs_api::Setup;
use bkjs_core::db::Db;
use bkjs_core::{Error, Result};
use futures_util::future::BoxFuture;

use crate::boot::{Environment, failed};

pub(crate) use args::Args;

/// One word after `bkjs db`.
pub(crate) struct Tool {
    /// The word.
    name: &'static str,
    /// Its arguments: `TABLE ... [-path PATH]`.
    usage: &'static str,
    /// What it does, in one sentence.
    summary: &'static str,
    /// Its options that take a value, without dashes.
    options: &'static [&'static str],
    /// Its options that are true when they are there.
    flags: &'static [&'static str],
    run: for<'a> fn(&'a Tools, Args) -> BoxFuture<'a, Result<()>>,
}

/// What the tools work with.
pub(crate) struct Tools {
    /// The tables of all modules, on the configured pools.
    pub(crate) db: Db,
}

/// All of them, in the order of the help.
const TOOLS: &[Tool] = &[Tool {
    name: "tables",
    usage: "",
    summary: "names the tables that the modules and the application have",
    options: &[],
    flags: &[],
    run: |tools, args| Box::pin(tables::run(tools, args)),
}];

/// Runs the tool that the first word names with the words after it.
pub(crate) fn run(environment: &Environment, mut setup: Setup, words: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(tool(environment, &mut setup, words)),
        Err(error) => Err(Error::internal("cannot build an event loop").source(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn tool(environment: &Environment, setup: &mut Setup, words: &[String]) -> Result<()> {
    let (name, rest) = words.split_first().map_or(("", words), |(name, rest)| (name.as_str(), rest));
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        let known: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        let what = if name.is_empty() { "db needs a word".into() } else { format!("db has no {name:.40}") };
        return Err(Error::invalid(format!("{what}, there are: {}; see help db", known.join(", "))));
    };
    let args = Args::parse(rest, tool.options, tool.flags)?;
    let tools = Tools { db: environment.open(setup.db_builder())? };
    let done = (tool.run)(&tools, args).await;
    tools.db.close().await;
    done
}

/// The tools and their options, for `bkjs help db`.
pub(crate) fn help() -> String {
    TOOLS.iter().map(|tool| format!("db {} {}\n    {}\n", tool.name, tool.usage, tool.summary)).collect()
}

/// A line of what the tool has to say.
#[allow(clippy::print_stdout)] // the tool's answer
fn print(line: &str) {
    println!("{line}");
}
