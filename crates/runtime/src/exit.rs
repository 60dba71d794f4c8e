//! How a process of the tree ends.

use std::process::ExitCode;

/// How a process of the tree ends; the table in the crate's documentation says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Stopped,
    Failed,
    Forced,
    ParentGone,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Stopped => 0,
            Exit::Failed => 1,
            Exit::Forced => 3,
            Exit::ParentGone => 4,
        })
    }
}
