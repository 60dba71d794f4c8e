//! The pages of the reference are what the built program says of itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Finding;
use crate::workspace::{cargo, output, root, target};

/// The pages, and what the program is asked for each.
const PAGES: [(&str, &[&str]); 3] = [
    ("docs/reference/parameters.md", &["help", "params", "--markdown"]),
    ("docs/reference/databases.md", &["help", "databases", "--markdown"]),
    ("docs/reference/openapi.json", &["help", "openapi"]),
];

/// Compares the pages with what the program prints, or writes them.
pub(super) fn check(write: bool) -> Finding {
    // Built as for the tests: another set of packages would compile the tree with other features again.
    let build = ["build", "--quiet", "--workspace", "--all-features", "--bins", "--examples"];
    let built = ask(&mut cargo(build))?;
    if !built.status.success() {
        return Err(format!("\n{}", String::from_utf8_lossy(&built.stderr).trim_end()));
    }
    let program = target().map_err(|error| format!("{error:#}"))?.join("debug/bkjs");
    let said: Vec<Finding> =
        PAGES.iter().map(|(page, question)| check_page(&program, page, question, write)).collect();
    let wrong: Vec<&str> = said.iter().filter_map(|said| said.as_ref().err()).map(String::as_str).collect();
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    Ok(said.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn ask(command: &mut Command) -> Result<std::process::Output, String> {
    output(command).map_err(|error| format!("{error:#}"))
}

fn check_page(program: &Path, page: &str, question: &[&str], write: bool) -> Finding {
    let out = ask(Command::new(program).args(question))?;
    let generated = String::from_utf8_lossy(&out.stdout);
    if !out.status.success() || generated.trim().is_empty() {
        let (question, reason) = (question.join(" "), String::from_utf8_lossy(&out.stderr));
        return Err(format!("`bkjs {question}` prints no page: {}", reason.trim()));
    }
    let file = root().join(page);
    if write {
        return fs::write(&file, generated.as_bytes())
            .map(|()| format!("wrote {page}"))
            .map_err(|error| format!("cannot write {page}: {error}"));
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    match first_difference(&written, &generated) {
        None => Ok(format!("{page} has {} lines", generated.lines().count())),
        Some(line) => {
            Err(format!("{page} differs from the code in line {line}; run cargo xtask tidy --write"))
        }
    }
}

/// The number of the first line that differs, from 1.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.lines().zip(b.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
