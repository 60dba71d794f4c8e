//! The words after `bkjs db TOOL`: `-name value`, `--name=value`, `-flag` and plain words.

use std::collections::BTreeMap;

use bkjs_core::{Error, Result};

/// The arguments of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Args {
    /// The plain words, in order.
    words: Vec<String>,
    /// The options by name; a flag that stands alone is `true`.
    options: BTreeMap<&'static str, String>,
}

impl Args {
    /// Takes the words apart. One dash or two mean the same; a flag takes the next word only if that says
    /// whether it is meant (`true`, `off`, `1` ...).
    ///
    /// # Errors
    /// `Invalid` for an option that the tool does not have, that has no value or is given twice.
    pub(crate) fn parse(words: &[String], options: &[&'static str], flags: &[&'static str]) -> Result<Self> {
        let mut args = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
                args.words.push(word.clone());
                continue;
            };
            let option = option.trim_start_matches('-');
            let (name, given) =
                option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v.to_owned())));
            let (name, value) = if let Some(&name) = options.iter().find(|known| **known == name) {
                (name, given.or_else(|| words.next().cloned()))
            } else if let Some(&name) = flags.iter().find(|known| **known == name) {
                let next = words.next_if(|next| given.is_none() && truth(next).is_some());
                (name, given.or_else(|| next.cloned()).or_else(|| Some("true".into())))
            } else {
                let known: Vec<String> = options.iter().chain(flags).map(|name| format!("-{name}")).collect();
                return Err(Error::invalid(format!(
                    "unknown option {word:.40}, there are: {}",
                    known.join(", ")
                )));
            };
            let value = value.ok_or_else(|| Error::invalid(format!("-{name} has no value")))?;
            if args.options.insert(name, value).is_some() {
                return Err(Error::invalid(format!("-{name} is given twice")));
            }
        }
        Ok(args)
    }

    /// The plain words, in order.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// The value of an option; none when it is not given or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether a flag is given.
    ///
    /// # Errors
    /// `Invalid` when it is neither true nor false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.options.get(name) {
            None => Ok(false),
            Some(text) => truth(text)
                .ok_or_else(|| Error::invalid(format!("-{name} must be true or false, not {text:.40}"))),
        }
    }

    /// The number that an option gives.
    ///
    /// # Errors
    /// `Invalid` when it is none, or less than `least`.
    pub(crate) fn number(&self, name: &str, least: u64) -> Result<Option<u64>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(Error::invalid(format!("-{name} must be a number from {least}, not {text:.40}"))),
        }
    }

    /// The names that an option lists, separated by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Args::parse(&words, &["from", "path", "count"], &["resume"]).map_err(|e| e.message().to_owned())
    }

    #[test]
    fn options_may_stand_anywhere_with_one_dash_or_two() {
        let args = parse("a --from x b -path=- -resume c -count 5").expect("parses");
        assert_eq!(args.words(), ["a", "b", "c"]);
        assert_eq!((args.text("from"), args.text("path")), (Some("x"), Some("-")));
        assert!(args.flag("resume").expect("a flag"));
        assert_eq!(args.number("count", 1).expect("a number"), Some(5));
    }

    #[test]
    fn a_flag_takes_a_word_that_is_true_or_false() {
        let args = parse("-resume off a").expect("parses");
        assert!(!args.flag("resume").expect("a flag"));
        assert_eq!(args.words(), ["a"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, named) in [
            ("-form x", "-form"),
            ("-from", "-from has no value"),
            ("-from a -from b", "-from is given twice"),
        ] {
            assert!(parse(line).expect_err("refused").contains(named), "{line}");
        }
        assert!(parse("-count x").expect("parses").number("count", 1).is_err());
        assert!(parse("-count 0").expect("parses").number("count", 1).is_err());
        assert!(parse("-resume=maybe").expect("parses").flag("resume").is_err());
    }
}
