//! Counts of tests, read from what test runners print.

use std::fmt;
use std::ops::AddAssign;

/// What runs the tests of a command, and so what its closing lines look like.
///
/// The output of a failed test may hold closing lines of others: nextest shows what the libtest below it
/// printed. So each runner's own lines are read, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo nextest`, which closes once.
    Nextest,
    /// `cargo test`: libtest and its mimics, each of which closes.
    Libtest,
}

/// How many tests passed, failed and were not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Of those that passed, the ones that failed at first.
    pub(crate) unsteady: u64,
}

impl Counts {
    /// Reads a closing line of this runner; `None` for any other line.
    pub(crate) fn read(line: &str, runner: Runner) -> Option<Self> {
        match runner {
            // It stands at the margin: what is set in belongs to the output of something else.
            Runner::Libtest => {
                let rest = line.strip_prefix("test result:")?;
                Some(Self::sum(rest.split(';').map(|part| part.rsplit(". ").next().unwrap_or(part))))
            }
            Runner::Nextest => {
                let rest = line.trim_start().strip_prefix("Summary [")?;
                let (_, rest) = rest.split_once("run:")?;
                let unsteady = remark(rest, "flaky").unwrap_or(0);
                Some(Self { unsteady, ..Self::sum(without_parentheses(rest).split(',')) })
            }
        }
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
        self.unsteady += other.unsteady;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The number before a word in the remarks, such as the 2 of `(1 slow, 2 flaky)`.
fn remark(text: &str, word: &str) -> Option<u64> {
    let remarks = text.split(['(', ')', ',']).map(str::trim);
    remarks.filter_map(|part| part.split_once(' ')).find(|(_, what)| *what == word)?.0.parse().ok()
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
    use super::{Counts, Runner};

    fn check(runner: Runner, line: &str, expected: Option<(u64, u64, u64)>) {
        let expected =
            expected.map(|(passed, failed, skipped)| Counts { passed, failed, skipped, unsteady: 0 });
        assert_eq!(Counts::read(line, runner), expected, "{line}");
    }

    /// Counts all lines of an output, as a run does.
    fn count(runner: Runner, output: &str) -> String {
        let mut total = Counts::default();
        output.lines().filter_map(|line| Counts::read(line, runner)).for_each(|counts| total += counts);
        total.to_string()
    }

    #[test]
    fn closing_lines_of_libtest_are_counted() {
        let of = |line, expected| check(Runner::Libtest, line, expected);
        of(
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s",
            Some((2, 0, 5)),
        );
        of(
            "test result: FAILED. 7 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out\n",
            Some((7, 3, 0)),
        );
    }

    #[test]
    fn closing_lines_of_nextest_are_counted() {
        let of = |line, expected| check(Runner::Nextest, line, expected);
        of("     Summary [   0.027s] 2 tests run: 2 passed, 0 skipped\n", Some((2, 0, 0)));
        of("     Summary [   0.027s] 1 test run: 1 passed, 4 skipped", Some((1, 0, 4)));
        of(
            "Summary [ 9s] 9 tests run: 5 passed (1 slow), 1 failed, 2 timed out, 1 exec failed, 3 skipped",
            Some((5, 4, 3)),
        );
    }

    #[test]
    fn those_that_passed_when_repeated_are_counted_too() {
        let line = "Summary [ 9s] 9 tests run: 5 passed (1 slow, 2 flaky), 4 failed, 3 skipped";
        let expected = Counts { passed: 5, failed: 4, skipped: 3, unsteady: 2 };
        assert_eq!(Counts::read(line, Runner::Nextest), Some(expected));
    }

    #[test]
    fn other_lines_are_not_counted() {
        for runner in [Runner::Libtest, Runner::Nextest] {
            check(runner, "test value::tests::a_number_keeps_its_integer ... ok", None);
            check(runner, "running 3 tests", None);
            check(runner, "Summary of the day", None);
            check(runner, "", None);
        }
    }

    /// What nextest prints of a failed test has the closing line of the libtest that it started for it.
    #[test]
    fn a_failed_test_is_counted_once() {
        let output = "
        PASS [   0.004s] (1/2) demo good
        FAIL [   0.004s] (2/2) demo bad
    running 1 test
    test bad ... FAILED

    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s
     Summary [   0.004s] 2 tests run: 1 passed, 1 failed, 0 skipped
";
        assert_eq!(count(Runner::Nextest, output), "1 passed, 1 failed, 0 skipped");

        let output = "
    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s
test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        assert_eq!(count(Runner::Libtest, output), "4 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn counts_add_up_to_the_closing_line() {
        let mut total = Counts { passed: 1, skipped: 2, ..Counts::default() };
        total += Counts { passed: 3, failed: 1, ..Counts::default() };
        assert_eq!(total.to_string(), "4 passed, 1 failed, 2 skipped");
    }
}
