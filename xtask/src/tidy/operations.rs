//! The page on databases says of every operation what is atomic, and what it costs on every driver.

use std::fs;

use super::Finding;
use super::sources::Source;
use crate::workspace::root;

const PAGE: &str = "docs/databases.md";
/// The files of the facade are in this folder, not in one below it.
const FACADE: &str = "crates/core/src/db/";
/// The parts of the page; each says something of every operation.
const PARTS: [&str; 2] = ["### What is atomic", "### What it costs"];

/// Looks for the operations of `Db` in the tables of the page.
pub(super) fn check(sources: &[Source]) -> Finding {
    let page =
        fs::read_to_string(root().join(PAGE)).map_err(|error| format!("cannot read {PAGE}: {error}"))?;
    let operations: Vec<&str> =
        sources.iter().filter(|source| is_facade(source)).flat_map(operations).collect();
    let gaps = gaps(&operations, &page);
    match gaps.is_empty() {
        true => Ok(format!("{} on {PAGE}", operations.len())),
        false => Err(format!("{PAGE}: {}", gaps.join("; "))),
    }
}

fn is_facade(source: &Source) -> bool {
    source.path.strip_prefix(FACADE).is_some_and(|name| !name.contains('/'))
}

/// The public async functions of `Db` in a source.
fn operations(source: &Source) -> Vec<&str> {
    let mut within = false;
    let mut found = Vec::new();
    for line in source.text.lines() {
        match line.strip_prefix("impl") {
            Some(rest) => within = rest == " Db {",
            None if within => {
                let rest = line.strip_prefix("    pub async fn ");
                found.extend(rest.and_then(|rest| rest.split(['(', '<']).next()));
            }
            None => {}
        }
    }
    found
}

/// What the parts of the page do not say.
fn gaps(operations: &[&str], page: &str) -> Vec<String> {
    let mut gaps = Vec::new();
    for part in PARTS {
        let title = part.trim_start_matches(['#', ' ']);
        let text = page.split_once(&format!("{part}\n")).map_or("", |(_, rest)| rest);
        let text = text.split("\n#").next().unwrap_or_default();
        let rows: Vec<Vec<&str>> = text.lines().filter_map(cells).collect();
        let width = rows.first().map_or(0, Vec::len);
        for row in rows.iter().filter(|row| row.len() != width || row[1..].iter().any(|cell| cell.is_empty()))
        {
            gaps.push(format!("the row of {} in \"{title}\" has an empty or missing cell", row[0]));
        }
        let said = |name: &&&str| rows.iter().any(|row| row[0].contains(&format!("`{name}`")));
        gaps.extend(
            operations.iter().filter(|name| !said(name)).map(|name| format!("no {name} in \"{title}\"")),
        );
    }
    gaps
}

/// The cells of a row of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::super::sources::Source;
    use super::{gaps, operations};

    #[test]
    fn operations_are_the_public_async_functions_of_db() {
        let text = "impl Db {\n    pub async fn get<T>(\n    pub fn tables(\n    async fn own(\n    pub async fn del(&self\n}\n\
                    impl<T> Batches<T> {\n    pub async fn next(\n";
        assert_eq!(operations(&Source { path: "a.rs".into(), text: text.into() }), ["get", "del"]);
    }

    #[test]
    fn an_operation_or_cell_that_is_missing_is_named() {
        let page = "### What is atomic\n\n| operation | all |\n| --- | --- |\n| `get` | it |\n\n\
                    ### What it costs\n\n| operation | a | b |\n| --- | --- | --- |\n| `get`, `del` | 1 | |\n\n## More\n";
        let expected = [
            "no del in \"What is atomic\"",
            "the row of `get`, `del` in \"What it costs\" has an empty or missing cell",
        ];
        assert_eq!(gaps(&["get", "del"], page), expected);
        assert_eq!(gaps(&["get"], "").len(), 2);
    }
}
