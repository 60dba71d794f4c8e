//! Counts of tests, read from what test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Reads the closing line of a runner (libtest and its mimics, or nextest); `None` for any other line.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result:") {
            return Some(Self::sum(rest.split(';').map(|part| part.rsplit(". ").next().unwrap_or(part))));
        }
        let rest = line.strip_prefix("Summary [")?;
        let (_, rest) = rest.split_once("run:")?;
        Some(Self::sum(without_parentheses(rest).split(',')))
    }

    /// Sums parts such as `3 passed` and `1 timed out`.
    fn sum<'a>(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = Self::default();
        for part in parts {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what.trim() {
                "passed" => counts.passed += number,
                "failed" | "timed out" | "exec failed" => counts.failed += number,
                "skipped" | "ignored" | "filtered out" => counts.skipped += number,
                _ => {}
            }
        }
        counts
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Drops remarks such as `(1 slow, 2 flaky)`, whose numbers are counted already.
fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(letter),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::Counts;

    fn check(line: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(passed, failed, skipped)| Counts { passed, failed, skipped });
        assert_eq!(Counts::read(line), expected, "{line}");
    }

    #[test]
    fn closing_lines_of_libtest_are_counted() {
        check(
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s",
            Some((2, 0, 5)),
        );
        check(
            "test result: FAILED. 7 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
            Some((7, 3, 0)),
        );
    }

    #[test]
    fn closing_lines_of_nextest_are_counted() {
        check("     Summary [   0.027s] 2 tests run: 2 passed, 0 skipped", Some((2, 0, 0)));
        check("     Summary [   0.027s] 1 test run: 1 passed, 4 skipped", Some((1, 0, 4)));
        check(
            "Summary [ 9s] 9 tests run: 5 passed (1 slow, 2 flaky), 1 failed, 2 timed out, 1 exec failed, 3 skipped",
            Some((5, 4, 3)),
        );
    }

    #[test]
    fn other_lines_are_not_counted() {
        check("test value::tests::a_number_keeps_its_integer ... ok", None);
        check("running 3 tests", None);
        check("Summary of the day", None);
        check("", None);
    }

    #[test]
    fn counts_add_up_to_the_closing_line() {
        let mut total = Counts { passed: 1, failed: 0, skipped: 2 };
        total += Counts { passed: 3, failed: 1, skipped: 0 };
        assert_eq!(total.to_string(), "4 passed, 1 failed, 2 skipped");
    }
}
