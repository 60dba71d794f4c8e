//! What the command line asks for: the first plain word, or a flag of that name.

use bkjs_core::config::{CommandLine, Registry, Unknown};
use bkjs_core::{Error, Result};

/// What an application can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Serve.
    Run,
    /// One-shot commands on the home, with the words that belong to them.
    Shell(Vec<String>),
    /// Work on whole tables and pools, with the words that belong to it.
    Db(Vec<String>),
    /// Write the beginning of a module, as the words say.
    InitModule(Vec<String>),
    /// Explain itself: a topic and what to look for in it.
    Help(Vec<String>),
    /// Tell the version.
    Version,
}

const NAMES: [&str; 6] = ["run", "shell", "db", "init-module", "help", "version"];

impl Command {
    /// Takes the words apart. Options that are no parameters belong to the command of `shell` and `db`, and are
    /// refused elsewhere.
    ///
    /// # Errors
    /// `Config` for an unknown option or command, naming the nearest known one.
    pub(crate) fn parse(words: &[String], registry: &Registry) -> Result<(Self, CommandLine)> {
        let line = CommandLine::parse(words, registry, Unknown::Keep);
        let mut rest = line.rest().to_vec();
        let first = if rest.is_empty() { String::new() } else { rest.remove(0) };
        let flag = |name: &str| line.has(name);
        let command = match first.as_str() {
            "shell" => return Ok((Self::Shell(rest), line)),
            _ if flag("shell") => return Ok((Self::Shell(line.rest().to_vec()), line)),
            // Who asks how a tool is used does not want it to do its work.
            "db" if flag("help") || rest.first().is_some_and(|word| word == "help") => {
                rest.retain(|word| word != "help");
                rest.insert(0, first);
                return Ok((Self::Help(rest), line));
            }
            "db" => return Ok((Self::Db(rest), line)),
            "init-module" if flag("help") => return Ok((Self::Help(vec![first]), line)),
            "init-module" => return Ok((Self::InitModule(rest), line)),
            "help" => return Ok((Self::Help(rest), line)),
            _ if flag("help") => return Ok((Self::Help(Vec::new()), line)),
            "version" => Self::Version,
            _ if flag("version") => Self::Version,
            "run" => Self::Run,
            "" => Self::Run,
            word if word.starts_with('-') => Self::Run,
            word => {
                let known = NAMES.join(", ");
                return Err(Error::invalid(format!("unknown command {word:.40}, there are: {known}")));
            }
        };
        // Nothing is left to a command here, so that an unknown option is a mistake.
        // What is wrong with it is reported together with the files.
        let line = CommandLine::parse(words, registry, Unknown::Refuse);
        match line.rest().get(1) {
            Some(word) => Err(Error::invalid(format!("unexpected word {word:.40} after the command"))),
            None => Ok((command, line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use bkjs_core::config::CoreParams;

    use super::*;

    fn check(words: &str) -> Result<Command, String> {
        let mut registry = Registry::new();
        registry.register::<CoreParams>().expect("registers");
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let checked = Command::parse(&words, &registry).and_then(|(command, line)| {
            line.check()?;
            Ok(command)
        });
        checked.map_err(|e| e.message().to_owned())
    }

    #[test]
    fn the_first_word_is_the_command() {
        assert_eq!(check(""), Ok(Command::Run));
        assert_eq!(check("run -home /x"), Ok(Command::Run));
        assert_eq!(check("-home /x run"), Ok(Command::Run));
        assert_eq!(check("-version"), Ok(Command::Version));
        assert_eq!(check("help params port"), Ok(Command::Help(vec!["params".into(), "port".into()])));
        let words = ["export", "--from", "x"].map(str::to_owned).to_vec();
        assert_eq!(check("db -home /x export --from x"), Ok(Command::Db(words)));
        for (line, topic) in [
            ("db -help", "db"),
            ("db help", "db"),
            ("db apply -help", "db apply"),
            ("db apply -home /x --help", "db apply"),
            ("db help apply", "db apply"),
            ("db -help apply", "db apply"),
        ] {
            let topic = topic.split(' ').map(str::to_owned).collect();
            assert_eq!(check(line), Ok(Command::Help(topic)), "{line}");
        }
        let words = ["orders", "-path", "x"].map(str::to_owned).to_vec();
        assert_eq!(check("init-module orders -path x"), Ok(Command::InitModule(words)));
        assert_eq!(check("init-module -help"), Ok(Command::Help(vec!["init-module".into()])));
        let words = ["-account-add", "login", "L"].map(str::to_owned).to_vec();
        assert_eq!(check("shell -home /x -account-add login L"), Ok(Command::Shell(words)));
    }

    #[test]
    fn what_is_unknown_is_named() {
        assert!(check("rnu").expect_err("unknown").contains("rnu"));
        assert!(
            check("run -no-such-parameter-xyz 1").expect_err("unknown").contains("no-such-parameter-xyz")
        );
        assert!(check("run away").expect_err("unexpected").contains("away"));
    }
}
