//! The assertions of the contract suites.

use std::fmt::{Debug, Display};
use std::panic::Location;

use bkjs_core::{Error, ErrorKind};

/// What a trial gives.
pub(crate) type Checked<T = ()> = Result<T, Problem>;

/// What was wrong, and on which line of the suite.
#[derive(Debug)]
pub(crate) struct Problem {
    text: String,
    /// That of the error, where one came that was not expected.
    kind: Option<ErrorKind>,
}

impl Problem {
    #[track_caller]
    pub(crate) fn new(text: impl Display) -> Self {
        let at = Location::caller();
        Self { text: format!("{}:{}: {text}", at.file(), at.line()), kind: None }
    }

    /// The kind of the error that was not expected, if that is what was wrong.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// An error where none was expected, with the text that is meant for the log.
impl From<Error> for Problem {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self { kind: Some(error.kind()), ..Self::new(format!("unexpected {error:?}")) }
    }
}

impl From<std::io::Error> for Problem {
    #[track_caller]
    fn from(error: std::io::Error) -> Self {
        Self::new(error)
    }
}

/// Two values are equal. By value, as most expectations are literals.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // so that trials read as prose, not as borrows
pub(crate) fn equal<T: Debug + PartialEq>(got: T, expected: T) -> Checked {
    holds_that(got == expected, || format!("got {got:?}, expected {expected:?}"))
}

/// Something is so; `otherwise` says what it is instead.
#[track_caller]
pub(crate) fn holds_that<D: Display>(so: bool, otherwise: impl FnOnce() -> D) -> Checked {
    if so { Ok(()) } else { Err(Problem::new(otherwise())) }
}

/// The call fails with an error of this kind.
#[track_caller]
pub(crate) fn fails<T: Debug>(result: Result<T, Error>, kind: ErrorKind) -> Checked<Error> {
    match result {
        Err(error) if error.kind() == kind => Ok(error),
        Err(error) => Err(Problem::new(format!("got {error:?}, expected {kind:?}"))),
        Ok(value) => Err(Problem::new(format!("got {value:?}, expected {kind:?}"))),
    }
}

/// Runs `count` calls at once, each on its own task; what they gave, in order.
pub(crate) async fn at_once<T, F>(count: i64, call: impl Fn(i64) -> F) -> Checked<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|i| bkjs_core::task::spawn("trial", call(i))).collect();
    let mut results = Vec::new();
    for task in tasks {
        match task.await {
            Ok(Some(result)) => results.push(result),
            _ => return Err(Problem::new("a call panicked")),
        }
    }
    Ok(results)
}
