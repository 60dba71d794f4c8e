use std::fmt;

use super::Origin;
use crate::{Error, ErrorKind};

/// One thing that is wrong with the configuration, ready to be read by people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// A problem that concerns no single value.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is wrong with the value of a parameter, and where it was said.
    pub(super) fn with_value(name: &str, origin: Option<&Origin>, why: &str) -> Self {
        match origin {
            Some(origin) => Self(format!("{name} in {origin}: {why}")),
            None => Self(format!("{name}: {why}")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All problems as one error, one a line; nothing when there are none.
pub(super) fn check(problems: &[Problem]) -> crate::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<&str> = problems.iter().map(|p| p.0.as_str()).collect();
    Err(Error::new(ErrorKind::Config, lines.join("\n")))
}
