//! The reference of parameters is what the registry of the built program says.

use std::fs;
use std::process::Command;

use super::Finding;
use crate::workspace::{cargo, output, root, target};

const PAGE: &str = "docs/reference/parameters.md";

/// Compares the page with what the program prints, or writes it.
pub(super) fn check(write: bool) -> Finding {
    // Built as for the tests: another set of packages would compile the tree with other features again.
    let build = ["build", "--quiet", "--workspace", "--all-features", "--bins", "--examples"];
    let ask = |command: &mut Command| output(command).map_err(|error| format!("{error:#}"));
    let built = ask(&mut cargo(build))?;
    if !built.status.success() {
        return Err(format!("\n{}", String::from_utf8_lossy(&built.stderr).trim_end()));
    }
    let program = target().map_err(|error| format!("{error:#}"))?.join("debug/bkjs");
    let out = ask(Command::new(program).args(["help", "params", "--markdown"]))?;
    let generated = String::from_utf8_lossy(&out.stdout);
    if !out.status.success() || generated.trim().is_empty() {
        let reason = String::from_utf8_lossy(&out.stderr);
        return Err(format!("`bkjs help params --markdown` prints no page: {}", reason.trim()));
    }
    let page = root().join(PAGE);
    if write {
        return fs::write(&page, generated.as_bytes())
            .map(|()| format!("wrote {PAGE}"))
            .map_err(|error| format!("cannot write {PAGE}: {error}"));
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    match first_difference(&written, &generated) {
        None => Ok(format!("{} lines", generated.lines().count())),
        Some(line) => {
            Err(format!("{PAGE} differs from the code in line {line}; run cargo xtask tidy --write"))
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
