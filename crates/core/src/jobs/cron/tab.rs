use std::collections::HashSet;

use serde_json::Value as Json;

use super::Entry;
use crate::{Error, Result};

/// The most entries of one list.
const MAX_ENTRIES: usize = 10_000;

/// What a list holds: one that is no entry does not keep the others from their times.
#[derive(Debug, Default)]
pub struct Tab {
    /// The entries.
    pub entries: Vec<Placed>,
    /// What is wrong with those that are none, naming each.
    pub mistakes: Vec<Error>,
}

/// An entry and where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its place from 1, and its name if it has one: `entry 2 (nightly)`.
    pub at: String,
    /// The entry.
    pub entry: Entry,
}

/// The entries of a list in JSON; an empty text has none.
///
/// # Errors
/// `Invalid` for what is no list.
pub fn parse(text: &str) -> Result<Tab> {
    if text.trim().is_empty() {
        return Ok(Tab::default());
    }
    let json = serde_json::from_str(text).map_err(|e| Error::invalid(format!("not JSON: {e}")))?;
    entries(json)
}

/// The entries of a list; null has none.
///
/// # Errors
/// As [`parse`].
pub(super) fn entries(json: Json) -> Result<Tab> {
    let list = match json {
        Json::Null => return Ok(Tab::default()),
        Json::Array(list) if list.len() <= MAX_ENTRIES => list,
        Json::Array(_) => return Err(Error::invalid(format!("more than {MAX_ENTRIES} entries"))),
        _ => return Err(Error::invalid("not a list of entries")),
    };
    let mut tab = Tab::default();
    for (at, json) in list.into_iter().enumerate() {
        let name = json.get("name").and_then(Json::as_str);
        // On one line, whatever it is.
        let name = name.map(|name| format!(" ({name:.60})").escape_debug().to_string());
        let at = format!("entry {}{}", at + 1, name.unwrap_or_default());
        match Entry::from_json(json) {
            Ok(entry) => tab.entries.push(Placed { at, entry }),
            Err(error) => tab.mistakes.push(Error::invalid(format!("{at}: {}", error.message()))),
        }
    }
    Ok(tab)
}

/// Gives entries of one name different ones: they are submitted each.
pub(super) fn told_apart(mut all: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    for entry in &mut all {
        let name = entry.name.clone();
        let mut number = 1;
        while !seen.insert(entry.name.clone()) {
            number += 1;
            entry.name = format!("{name}#{number}");
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_entry_is_named_and_the_others_are_there() {
        let text = r#"[{"cron": "* * * * *", "job": "a"}, {"cron": "x", "job": "a", "name": "n"}, 7,
            {"cron": "* * * * *", "job": "b"}]"#;
        let tab = parse(text).expect("is a list");
        let mistakes: Vec<&str> = tab.mistakes.iter().map(Error::message).collect();
        assert!(mistakes[0].starts_with("entry 2 (n): cron"), "{mistakes:?}");
        assert_eq!(mistakes[1..], ["entry 3: an entry is an object with cron and job"]);
        assert_eq!(
            tab.entries.iter().map(|placed| placed.at.as_str()).collect::<Vec<_>>(),
            ["entry 1", "entry 4"]
        );
        let odd = parse("[{\"cron\": \"@daily\", \"job\": \"a\", \"name\": \"a\\nb\"}]").expect("is a list");
        assert_eq!(
            (odd.entries.len(), odd.mistakes[0].message()),
            (0, "entry 1 (a\\nb): name has no control characters such as line ends")
        );
        assert!(parse("[{]").expect_err("refused").message().contains("line 1"));
        assert_eq!(parse(" \n").expect("is empty").entries.len(), 0);
    }

    #[test]
    fn entries_that_say_the_same_are_told_apart() {
        let text = r#"[{"cron": "* * * * *", "job": "a"}, {"cron": "* * * * *", "job": "a"}]"#;
        let tab = parse(text).expect("are entries");
        let all = told_apart(tab.entries.into_iter().map(|placed| placed.entry).collect());
        assert_eq!(format!("{}#2", all[0].name), all[1].name);
    }
}
