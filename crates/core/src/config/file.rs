//! Configuration files: `name=value` lines.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::{Assignment, Origin, Problem, Rank};

/// The largest file, bytes.
const MAX_FILE: u64 = 1 << 20;
/// The longest line, bytes.
const MAX_LINE: usize = 64 << 10;
/// The most values in one file.
const MAX_VALUES: usize = 10_000;

/// Reads a file; one that is not there says nothing.
pub(super) fn read(path: &Path, shown: &str, rank: Rank, problems: &mut Vec<Problem>) -> Vec<Assignment> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(MAX_FILE + 1).read_to_end(&mut bytes));
    match read {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            problems.push(Problem::new(format!("cannot read {shown} ({}): {e}", path.display())));
            return Vec::new();
        }
        Ok(_) if bytes.len() as u64 > MAX_FILE => {
            problems.push(Problem::new(format!("{shown} is larger than {MAX_FILE} bytes")));
            return Vec::new();
        }
        Ok(_) => {}
    }
    parse(&bytes, shown, rank, problems)
}

/// Takes the text of a file apart, line by line; what is wrong is added to `problems`.
pub(super) fn parse(bytes: &[u8], shown: &str, rank: Rank, problems: &mut Vec<Problem>) -> Vec<Assignment> {
    let source: Arc<str> = shown.into();
    let mut assignments = Vec::new();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        let origin = Origin { rank, source: source.clone(), line: Some(number) };
        match parse_line(line, origin) {
            Ok(None) => {}
            Ok(Some(_)) if assignments.len() == MAX_VALUES => {
                problems.push(Problem::new(format!("{shown} has more than {MAX_VALUES} values")));
                break;
            }
            Ok(Some(assignment)) => assignments.push(assignment),
            Err(why) => problems.push(Problem::new(format!("{shown} line {number}: {why}"))),
        }
    }
    assignments
}

/// Takes one line apart; none for an empty one or a comment.
pub(super) fn parse_line(line: &[u8], origin: Origin) -> Result<Option<Assignment>, String> {
    if line.len() > MAX_LINE {
        return Err(format!("longer than {MAX_LINE} bytes"));
    }
    let line = std::str::from_utf8(line).map_err(|_| "not valid utf-8".to_owned())?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, text) = match line.split_once('=') {
        Some((name, text)) => (name.trim(), Some(text.trim().to_owned())),
        None => (line, None),
    };
    let name = name.trim_start_matches('-');
    if name.is_empty() || name.contains(char::is_whitespace) || name.contains(char::is_control) {
        return Err("expected name=value, or # before a comment".into());
    }
    Ok(Some(Assignment { name: name.to_owned(), text, origin }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &[u8]) -> (Vec<(String, Option<String>)>, Vec<String>) {
        let mut problems = Vec::new();
        let assignments = parse(text, "etc/config", Rank::File, &mut problems);
        (
            assignments.into_iter().map(|a| (a.name, a.text)).collect(),
            problems.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn lines_are_names_and_values_and_comments_are_passed_over() {
        let (values, problems) =
            check(b"\xef\xbb\xbf# comment\r\n\nport=8000\r\n db-pool = a=b \n-web\nempty=\n");
        let value = |n: &str, t: Option<&str>| (n.to_owned(), t.map(str::to_owned));
        let expected = [
            value("port", Some("8000")),
            value("db-pool", Some("a=b")),
            value("web", None),
            value("empty", Some("")),
        ];
        assert_eq!(values, expected);
        assert!(problems.is_empty());
    }

    #[test]
    fn every_bad_line_is_reported_by_its_number() {
        let (values, problems) = check(b"a=1\n=2\nb\xff=3\nno sense\nc=4");
        assert_eq!(values.len(), 2);
        assert_eq!(
            problems,
            [
                "etc/config line 2: expected name=value, or # before a comment",
                "etc/config line 3: not valid utf-8",
                "etc/config line 4: expected name=value, or # before a comment",
            ]
        );
    }

    #[test]
    fn limits_are_reported() {
        assert!(check(&vec![b'a'; MAX_LINE + 1]).1[0].contains("longer than"));
        assert!(check("a=1\n".repeat(MAX_VALUES + 1).as_bytes()).1[0].contains("more than"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_values_or_problems(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (values, problems) = check(&bytes);
            let lines = bytes.split(|b| *b == b'\n').count();
            prop_assert!(values.len() + problems.len() <= lines);
            for (name, _) in values {
                prop_assert!(!name.is_empty() && !name.contains(['\n', '\r', '\0', ' ']));
            }
        }
    }
}
