//! `bkjs db`: what an operator does with whole tables and pools, on a home that may serve meanwhile.
//!
//! A tool opens the pools of the configuration and nothing else: no socket, no module's own work. It says on
//! standard output what it did; a failure goes to standard error, with exit code 1.

mod args;
mod tables;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bkjs_api::Setup;
use bkjs_core::db::Db;
use bkjs_core::schema::Table;
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
    /// The home's folder of data, for what a tool must remember.
    pub(crate) folder: PathBuf,
    /// Tables are made before they are written to: `-db-create-tables`, or a database that is new.
    create: bool,
}

impl Tools {
    /// Makes the table in the pool, its own when none is named, if tables are to be made.
    pub(crate) async fn prepare(&self, table: &Arc<Table>, pool: Option<&str>) -> Result<()> {
        if self.create {
            let driver = pool.map_or_else(|| self.db.pool_of(&table.name), |name| Ok(self.db.pool(name)))?;
            for line in driver.create(vec![table.clone()]).await? {
                tracing::info!("{line}");
            }
        }
        Ok(())
    }
}

/// All of them, in the order of the help.
const TOOLS: &[Tool] = &[
    Tool {
        name: "tables",
        usage: "",
        summary: "names the tables that the modules and the application have",
        options: &[],
        flags: &[],
        run: |tools, args| Box::pin(tables::run(tools, args)),
    },
    Tool {
        name: "export",
        usage: "[TABLE ...] [-path FILE|FOLDER/|-] [-tables LIST] [-skip LIST] [-pool POOL] [-filter JSON] [-batch N] \
                [-resume] [-no-verify]",
        summary: "writes the records of tables to files of JSON, a line each",
        options: &["path", "tables", "skip", "pool", "filter", "batch"],
        flags: &["resume", "no-verify"],
        run: |tools, args| Box::pin(transfer::export(tools, args)),
    },
    Tool {
        name: "import",
        usage: "[TABLE ...] [-path FILE|FOLDER/|-] [-tables LIST] [-skip LIST] [-pool POOL] [-op put|add|update] \
                [-incremental COLUMN] [-mapping OLD,NEW,...] [-convert] [-max-errors N] [-continue] [-batch N] \
                [-resume] [-no-verify]",
        summary: "stores the records of such files",
        options: &["path", "tables", "skip", "pool", "op", "incremental", "mapping", "max-errors", "batch"],
        flags: &["convert", "continue", "resume", "no-verify"],
        run: |tools, args| Box::pin(transfer::import(tools, args)),
    },
    Tool {
        name: "copy",
        usage: "[TABLE ...] -from POOL -to POOL [-tables LIST] [-skip LIST] [-filter JSON] [-op put|add|update] \
                [-incremental COLUMN] [-max-errors N] [-continue] [-batch N] [-resume] [-no-verify]",
        summary: "copies the records of tables from one pool to another",
        options: &["from", "to", "tables", "skip", "filter", "op", "incremental", "max-errors", "batch"],
        flags: &["continue", "resume", "no-verify"],
        run: |tools, args| Box::pin(transfer::copy(tools, args)),
    },
];

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
    let (params, folder) = (environment.db.load_full(), environment.core.load().var());
    let create = params.create_tables || bkjs_core::db::is_new(&params, &folder);
    let tools = Tools { db: environment.open(setup.db_builder())?, folder, create };
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
