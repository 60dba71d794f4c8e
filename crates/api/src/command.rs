//! One-shot commands of the shell: `bkjs shell -account-add login L secret S`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, Result};
use futures_util::future::BoxFuture;

use crate::state::Api;

/// What a command works with.
#[derive(Clone)]
pub struct CommandContext {
    /// The application: its database, tables and parameters.
    pub api: Api,
}

/// The arguments of a command: names and values in turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(pub Row);

impl Args {
    /// Reads `name value name value`; a dash before a name is left out.
    ///
    /// # Errors
    /// `Invalid` for a name without a value, or one that is given twice.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self> {
        Self::pairs(words, |name| name.trim_start_matches('-'))
    }

    fn pairs<S: AsRef<str>>(words: &[S], name_of: impl Fn(&str) -> &str) -> Result<Self> {
        let mut row = Row::new();
        for pair in words.chunks(2) {
            let name = name_of(pair[0].as_ref());
            let Some(value) = pair.get(1) else {
                return Err(Error::invalid(format!("{name} has no value")));
            };
            if name.is_empty() || row.set(name, value.as_ref()).is_some() {
                return Err(Error::invalid(format!("{name:?} is no name, or is given twice")));
            }
        }
        Ok(Self(row))
    }

    /// The text of an argument that must be there.
    ///
    /// # Errors
    /// `Invalid` when it is absent or empty.
    pub fn required(&self, name: &str) -> Result<&str> {
        match self.0.text(name) {
            "" => Err(Error::invalid(format!("{name} is required"))),
            text => Ok(text),
        }
    }
}

type Run = Arc<dyn Fn(CommandContext, Args) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

/// A command of the shell. What it returns is printed as JSON.
#[derive(Clone)]
pub struct Command {
    /// The name without the dash: `account-add`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its arguments: `login LOGIN secret SECRET [type TYPE]`.
    pub usage: &'static str,
    /// The name of a first word without a dash, where the command takes one and tells options from names.
    first: Option<&'static str>,
    run: Run,
}

impl Command {
    /// A command that runs an async function.
    pub fn new<F, R>(name: &'static str, summary: &'static str, usage: &'static str, run: F) -> Self
    where
        F: Fn(CommandContext, Args) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value>> + Send + 'static,
    {
        Self {
            name,
            summary,
            usage,
            first: None,
            run: Arc::new(move |context, args| Box::pin(run(context, args))),
        }
    }

    /// The command takes a first word, which its arguments hold under `name`, and keeps the dash of its own
    /// options, so that they cannot be mistaken for the names and values it hands on.
    #[must_use]
    pub fn with_first(mut self, name: &'static str) -> Self {
        self.first = Some(name);
        self
    }

    /// The arguments in the words of a command line.
    ///
    /// # Errors
    /// As [`Args::parse`].
    pub fn args(&self, words: &[String]) -> Result<Args> {
        let Some(first) = self.first else { return Args::parse(words) };
        match words.split_first() {
            Some((word, rest)) if !word.starts_with('-') => {
                let mut args = Args::pairs(rest, |name| name)?;
                args.0.set(first, word.as_str());
                Ok(args)
            }
            _ => Args::pairs(words, |name| name),
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// What the command says.
    pub async fn run(&self, context: CommandContext, args: Args) -> Result<Value> {
        (self.run)(context, args).await
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("name", &self.name)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_come_in_turn() {
        let args = Args::parse(&["login", "a", "-type", "admin"]).expect("parses");
        assert_eq!(args.0, Row::new().with("login", "a").with("type", "admin"));
        assert_eq!(args.required("secret").expect_err("absent").message(), "secret is required");
        assert!(Args::parse(&["login"]).is_err());
        assert!(Args::parse(&["a", "1", "a", "2"]).is_err());
    }
}
