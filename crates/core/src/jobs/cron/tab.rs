use std::collections::HashSet;

use serde_json::Value as Json;

use super::Entry;
use crate::{Error, Result};

/// The most entries of one list.
const MAX_ENTRIES: usize = 10_000;

/// The entries of a list in JSON; an empty text has none.
///
/// # Errors
/// `Invalid`, naming the entry by its place from 1.
pub fn parse(text: &str) -> Result<Vec<Entry>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let json = serde_json::from_str(text).map_err(|e| Error::invalid(format!("not JSON: {e}")))?;
    entries(json)
}

/// The entries of a list; null has none.
///
/// # Errors
/// As [`parse`].
pub(super) fn entries(json: Json) -> Result<Vec<Entry>> {
    let list = match json {
        Json::Null => return Ok(Vec::new()),
        Json::Array(list) if list.len() <= MAX_ENTRIES => list,
        Json::Array(_) => return Err(Error::invalid(format!("more than {MAX_ENTRIES} entries"))),
        _ => return Err(Error::invalid("not a list of entries")),
    };
    let entry = |(at, json)| {
        Entry::from_json(json)
            .map_err(|error| Error::invalid(format!("entry {}: {}", at + 1, error.message())))
    };
    list.into_iter().enumerate().map(entry).collect()
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
    fn a_wrong_entry_is_named_by_its_place() {
        let text = r#"[{"cron": "* * * * *", "job": "a"}, {"cron": "x", "job": "a"}]"#;
        assert!(parse(text).expect_err("refused").message().starts_with("entry 2: cron"));
        assert!(parse("[{]").expect_err("refused").message().contains("line 1"));
        assert_eq!(parse(" \n").expect("is empty").len(), 0);
    }

    #[test]
    fn entries_that_say_the_same_are_told_apart() {
        let text = r#"[{"cron": "* * * * *", "job": "a"}, {"cron": "* * * * *", "job": "a"}]"#;
        let all = told_apart(parse(text).expect("are entries"));
        assert_eq!(format!("{}#2", all[0].name), all[1].name);
    }
}
