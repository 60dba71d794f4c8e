//! Nothing is left unfinished in the sources.

use super::Finding;
use super::sources::Source;

/// Words of unfinished work; written in two parts, or this file would be found.
const WORDS: [&str; 4] =
    [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("db", "g!(")];

/// Refuses placeholders and marks of unfinished work.
pub(super) fn check(sources: &[Source]) -> Finding {
    let found: Vec<String> = sources.iter().flat_map(places).collect();
    if found.is_empty() { Ok(String::new()) } else { Err(found.join(", ")) }
}

fn places(source: &Source) -> impl Iterator<Item = String> {
    source.text.lines().enumerate().filter_map(|(index, line)| {
        let word = WORDS.iter().find(|word| line.contains(**word))?;
        Some(format!("{} in {}:{}", word.trim_end_matches('('), source.path, index + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sources::Source;
    use super::{WORDS, check};

    #[test]
    fn unfinished_work_is_named_with_its_line() {
        let text = format!("fn a() {{\n    {})\n}}\n", WORDS[0]);
        let reason = check(&[Source { path: "a.rs".into(), text }]).unwrap_err();
        assert_eq!(reason, format!("{} in a.rs:2", WORDS[0].trim_end_matches('(')));
    }

    #[test]
    fn a_table_of_that_name_is_fine() {
        let text = "db.select(\"todo\", todos)".into();
        assert!(check(&[Source { path: "a.rs".into(), text }]).is_ok());
    }
}
