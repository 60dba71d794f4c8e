//! How a process of the tree ends.

use std::process::ExitCode;

/// How a process of the tree ends; the table in the crate's documentation says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Stopped = 0,
    Failed = 1,
    Forced = 3,
    ParentGone = 4,
}

impl Exit {
    /// The code as a parent reads it.
    pub(crate) const fn code(self) -> i32 {
        self as i32
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
