//! `bkjs help`.

use bkjs_api::Setup;
use bkjs_core::{Error, Result};

use crate::boot::Environment;
use crate::{databases, db, shell};

/// The text of a topic: nothing, `params [PATTERN|--markdown]`, `commands`, `db [TOOL]`,
/// `databases [NAME|--markdown]`, `openapi`.
pub(crate) fn text(environment: &Environment, setup: &Setup, words: &[String]) -> Result<String> {
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match word(0) {
        "openapi" => {
            let document = setup.openapi(&environment.name, &environment.version)?;
            Ok(format!("{document:#}\n"))
        }
        "" => Ok(usage(environment)),
        "params" if word(1) == "--markdown" => Ok(environment.config.registry().reference_markdown()),
        "params" => match environment.config.help_text(word(1)) {
            text if text.is_empty() => Err(Error::not_found(format!("no parameter matches {:.80}", word(1)))),
            text => Ok(text),
        },
        "init-module" => Ok(format!("{}\n", crate::init::USAGE)),
        "commands" => Ok(commands(environment, setup)),
        "db" => db::help(words.get(1..).unwrap_or_default()),
        "databases" => databases::text(word(1)),
        topic => Err(Error::not_found(format!(
            "no help on {topic:.40}, there are: params, commands, db, databases, openapi"
        ))),
    }
}

fn usage(environment: &Environment) -> String {
    let name = &environment.name;
    format!(
        "{name} {version}

{name} run [-PARAMETER VALUE ...]       serve; the default command
{name} shell -COMMAND [NAME VALUE ...]  do something on the home, while it serves or not
{name} db TOOL [WORD ...]               work on whole tables and pools
{name} init-module NAME [-path DIR]     write the beginning of a module
{name} help params [PATTERN]            the parameters
{name} help commands                    the commands of the shell
{name} help db [TOOL]                   the tools of db
{name} help databases [DRIVER]          what the database drivers can do and refuse
{name} help openapi                     the endpoints, as the OpenAPI document
{name} version

The home is -home DIR, else BKJS_HOME, else ~/.bkjs. Parameters come from etc/config and
etc/config.local there, from BKJS_* variables, and from the command line, each over the last.
",
        version = environment.version
    )
}

fn commands(environment: &Environment, setup: &Setup) -> String {
    let mut text = String::new();
    for command in shell::all(environment, setup) {
        text.push_str(&format!("-{} {}\n    {}\n", command.name, command.usage, command.summary));
    }
    text
}
