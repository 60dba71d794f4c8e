//! `bkjs db`: what an operator does with whole tables and pools, on a home that may serve meanwhile.
//!
//! A tool opens the pools of the configuration and nothing else: no socket, no module's own work. It says on
//! standard output what it did; a failure goes to standard error, with exit status 1, or the one that the tool has
//! for failures.

mod args;
mod scope;
mod tables;
mod transfer;
mod upgrade;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bkjs_api::Setup;
use bkjs_core::db::{Db, DbParams, Difference, Gravity};
use bkjs_core::schema::Table;
use bkjs_core::{Error, ErrorKind, Result};
use futures_util::TryFutureExt as _;
use futures_util::future::BoxFuture;

use crate::answer;
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
    /// What it makes in the home before its work.
    makes: Makes,
    /// The exit status when it fails.
    failure: u8,
    /// Its work, which gives the exit status.
    run: for<'a> fn(&'a Tools, Args) -> BoxFuture<'a, Result<u8>>,
}

/// What a tool makes in the home before its work.
#[derive(Clone, Copy, PartialEq)]
enum Makes {
    /// It only looks: the home need not be there.
    Nothing,
    /// The folders.
    Home,
    /// The folders, and where the database is new the tables that every other command makes there.
    Tables,
}

/// What the tools work with.
pub(crate) struct Tools {
    /// The tables of all modules, on the configured pools.
    pub(crate) db: Db,
    /// The home's folder of data, for what a tool must remember.
    pub(crate) folder: PathBuf,
    /// Tables are made before they are written to: `-db-create-tables`, or a database that is new.
    create: bool,
    /// Pools that tables are bound to and that could not be opened: their tables seem to be in the default pool.
    lost: Vec<String>,
}

impl Tools {
    /// Makes the table in the pool, its own when none is named, if tables are to be made.
    pub(crate) async fn prepare(&self, table: &Arc<Table>, pool: Option<&str>) -> Result<()> {
        if self.create {
            let driver = pool.map_or_else(|| self.db.pool_of(&table.name), |name| Ok(self.db.pool(name)))?;
            log(&driver.create(vec![table.clone()]).await?);
        }
        Ok(())
    }

    /// Refuses to work when tables are not in the pool they should be in.
    ///
    /// # Errors
    /// `Unavailable` naming the pool.
    pub(crate) fn refuse_lost_pools(&self) -> Result<()> {
        match self.lost.first() {
            None => Ok(()),
            Some(pool) => {
                let message = format!("pool {pool} cannot be used, the log says why: its tables are nowhere");
                Err(Error::new(ErrorKind::Unavailable, message))
            }
        }
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
        makes: Makes::Nothing,
        failure: 1,
        run: |tools, args| Box::pin(tables::run(tools, args).map_ok(|()| 0)),
    },
    Tool {
        name: "diff",
        usage: "[TABLE ...] [-tables LIST] [-skip LIST] [-pool POOL] [-json]",
        summary: "says what apply would do and changes nothing; the exit status is 0 when that is nothing, 1 when it \
                  is something, 2 when a person has to decide or the tool fails",
        options: &["tables", "skip", "pool"],
        flags: &["json"],
        makes: Makes::Nothing,
        failure: upgrade::FOR_PEOPLE,
        run: |tools, args| Box::pin(upgrade::diff(tools, args)),
    },
    Tool {
        name: "apply",
        usage: "[TABLE ...] [-tables LIST] [-skip LIST] [-pool POOL] [-json]",
        summary: "creates missing tables, columns and indexes and removes nothing; the exit status is 2 when \
                  something is left that a person has to decide, or the tool fails",
        options: &["tables", "skip", "pool"],
        flags: &["json"],
        makes: Makes::Home,
        failure: upgrade::FOR_PEOPLE,
        run: |tools, args| Box::pin(upgrade::apply(tools, args)),
    },
    Tool {
        name: "export",
        usage: "[TABLE ...] [-path FILE|FOLDER/|-] [-tables LIST] [-skip LIST] [-pool POOL] [-filter JSON] [-batch N] \
                [-resume] [-no-verify]",
        summary: "writes the records of tables to files of JSON, a line each",
        options: &["path", "tables", "skip", "pool", "filter", "batch"],
        flags: &["resume", "no-verify"],
        makes: Makes::Tables,
        failure: 1,
        run: |tools, args| Box::pin(transfer::export(tools, args).map_ok(|()| 0)),
    },
    Tool {
        name: "import",
        usage: "[TABLE ...] [-path FILE|FOLDER/|-] [-tables LIST] [-skip LIST] [-pool POOL] [-op put|add|update] \
                [-incremental COLUMN] [-mapping OLD,NEW,...] [-convert] [-max-errors N] [-continue] [-batch N] \
                [-resume] [-no-verify]",
        summary: "stores the records of such files",
        options: &["path", "tables", "skip", "pool", "op", "incremental", "mapping", "max-errors", "batch"],
        flags: &["convert", "continue", "resume", "no-verify"],
        makes: Makes::Tables,
        failure: 1,
        run: |tools, args| Box::pin(transfer::import(tools, args).map_ok(|()| 0)),
    },
    Tool {
        name: "copy",
        usage: "[TABLE ...] -from POOL -to POOL [-tables LIST] [-skip LIST] [-filter JSON] [-op put|add|update] \
                [-incremental COLUMN] [-max-errors N] [-continue] [-batch N] [-resume] [-no-verify]",
        summary: "copies the records of tables from one pool to another",
        options: &["from", "to", "tables", "skip", "filter", "op", "incremental", "max-errors", "batch"],
        flags: &["continue", "resume", "no-verify"],
        makes: Makes::Tables,
        failure: 1,
        run: |tools, args| Box::pin(transfer::copy(tools, args).map_ok(|()| 0)),
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
        Ok(status) => status.into(),
        Err(error) => {
            failed(&error);
            failure(words)
        }
    }
}

/// Whether the tool that the first word names makes nothing in the home.
pub(crate) fn only_looks(words: &[String]) -> bool {
    find(words).is_ok_and(|tool| tool.makes == Makes::Nothing)
}

/// The exit status when the tool that the first word names fails, or cannot even begin.
pub(crate) fn failure(words: &[String]) -> ExitCode {
    find(words).map_or(ExitCode::FAILURE, |tool| tool.failure.into())
}

fn find(words: &[String]) -> Result<&'static Tool> {
    let name = words.first().map_or("", String::as_str);
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let known: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        let what = if name.is_empty() { "db needs a word".into() } else { format!("db has no {name:.40}") };
        Error::invalid(format!("{what}, there are: {}; see help db", known.join(", ")))
    })
}

async fn tool(environment: &Environment, setup: &mut Setup, words: &[String]) -> Result<u8> {
    let tool = find(words)?;
    let args = Args::parse(words.get(1..).unwrap_or_default(), tool.options, tool.flags)?;
    let (params, folder) = (environment.params.db.load_full(), environment.params.core.load().var());
    let is_new = bkjs_core::db::is_new(&params, &folder);
    let builder = setup.db_builder();
    let db = match tool.makes {
        Makes::Nothing => environment.look(builder),
        Makes::Home | Makes::Tables => environment.open(builder),
    }?;
    let bound = params.tables.iter().filter(|(_, tables)| !tables.is_empty()).map(|(pool, _)| pool);
    let named = bound.chain([&params.config]).filter(|pool| !pool.is_empty() && is_opened(&params, pool));
    let lost = named.filter(|pool| !db.has_pool(pool)).cloned().collect();
    let tools = Tools { db, folder, create: params.create_tables || is_new, lost };
    if is_new && tool.makes == Makes::Tables && tools.lost.is_empty() {
        log(&tools.db.create_tables_in(|pool| environment.keeps_tables(pool)).await?);
    }
    let done = (tool.run)(&tools, args).await;
    tools.db.close().await;
    done
}

/// Whether a pool should have been opened: tables that are bound to one without a URL are in the default pool.
fn is_opened(params: &DbParams, pool: &String) -> bool {
    params.url.contains_key(pool) || params.config == *pool
}

/// Tells the log what was done to the tables, and what is left to people.
pub(crate) fn log(found: &[Difference]) {
    for one in found {
        match one.gravity() {
            Gravity::Change => tracing::info!("{one}"),
            Gravity::Problem => tracing::warn!(advice = one.advice(), "{one}"),
            Gravity::Note => tracing::debug!("{one}"),
        }
    }
}

/// The tools and their options, for `bkjs help db`; only the one that the first word names, if there is a word.
///
/// # Errors
/// `Invalid` for a word that no tool has.
pub(crate) fn help(words: &[String]) -> Result<String> {
    let tools = if words.is_empty() { TOOLS } else { std::slice::from_ref(find(words)?) };
    Ok(tools.iter().map(|tool| format!("db {} {}\n    {}\n", tool.name, tool.usage, tool.summary)).collect())
}

/// A line of what the tool has to say.
///
/// # Errors
/// `Unavailable` when it cannot be written, which it need not be for a reader that has gone.
fn print(line: &str) -> Result<()> {
    answer::write(&format!("{line}\n"))
}
