//! Files stay short enough to be read.

use super::Finding;
use super::sources::Source;

/// No file is longer, its tests included.
const LONGEST: usize = 600;
/// Nine tenths of the files should be shorter.
const LONG: usize = 400;

/// Refuses files of more than 600 lines.
pub(super) fn check(sources: &[Source]) -> Finding {
    let mut lines: Vec<usize> = sources.iter().map(|source| source.text.lines().count()).collect();
    let over: Vec<String> = sources
        .iter()
        .zip(&lines)
        .filter(|(_, lines)| **lines > LONGEST)
        .map(|(source, lines)| format!("{} has {lines} lines", source.path))
        .collect();
    if !over.is_empty() {
        return Err(format!("{}; split by subject at {LONGEST}", over.join(", ")));
    }
    lines.sort_unstable();
    let median = lines.get(lines.len() / 2).copied().unwrap_or_default();
    let long = lines.iter().filter(|lines| **lines > LONG).count();
    Ok(format!("{} files, median {median} lines, {long} over {LONG}, none over {LONGEST}", lines.len()))
}

#[cfg(test)]
mod tests {
    use super::super::sources::Source;
    use super::check;

    fn source(path: &str, lines: usize) -> Source {
        Source { path: path.into(), text: "x\n".repeat(lines) }
    }

    #[test]
    fn a_file_of_601_lines_is_refused_by_name() {
        let reason = check(&[source("a.rs", 600), source("b.rs", 601)]).unwrap_err();
        assert_eq!(reason, "b.rs has 601 lines; split by subject at 600");
    }

    #[test]
    fn the_median_is_reported() {
        let remark = check(&[source("a.rs", 10), source("b.rs", 500), source("c.rs", 120)]).unwrap();
        assert_eq!(remark, "3 files, median 120 lines, 1 over 400, none over 600");
    }
}
