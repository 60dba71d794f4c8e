//! The one error type of the framework.
//!
//! An error has two readers. `message` is for the caller (an HTTP client, an operator): lower case, no
//! full stop, says what to do. `detail` and `source` are for the log and never leave the process.

use std::borrow::Cow;
use std::fmt;

/// A result whose error is [`struct@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, independent of which driver or module noticed it.
///
/// Each kind has one HTTP status and one code; see [`ErrorKind::status`] and [`ErrorKind::code`].
/// Serialised it is its code, so that an error keeps its kind on the way to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request makes no sense as it stands: wrong type, unknown operator, unknown column.
    Invalid,
    /// A value breaks a rule of its column: too long, empty, not in the list.
    ValidationFailed,
    /// A part of the primary key is missing.
    KeyIncomplete,
    /// A paging token that is damaged or belongs to another query.
    NotMatched,
    /// The drop of a protected table.
    SkipDrop,
    /// A configuration value that is unknown, malformed or out of range.
    Config,
    /// The credentials do not verify.
    NotAuthenticated,
    /// No credentials were given.
    NoLogin,
    /// The signature or token is past its time.
    Expired,
    /// A signature of a version that does not belong where it was found.
    WrongPlace,
    /// Known, but not permitted.
    Forbidden,
    /// There is no such record, table, path or account.
    NotFound,
    /// A record with this key, or this value of a unique column, is there already.
    AlreadyExists,
    /// A condition within a transaction did not hold, so that nothing of it was applied.
    ConditionFailed,
    /// An operation of a batch that was not tried, as one before it failed and the batch was to stop there.
    NotTried,
    /// The body, a header or the query is over its limit.
    TooLarge,
    /// A rate limit was reached.
    TooManyRequests,
    /// The driver cannot do this, and its capability record says so.
    Unsupported,
    /// The engine asked to slow down.
    OverCapacity,
    /// A table or column that is declared was not made in the database yet.
    NotPrepared,
    /// The peer cannot be reached now.
    Unavailable,
    /// It took longer than allowed.
    Timeout,
    /// A defect or an unexpected reply; the caller sees a general text only.
    Internal,
}

impl ErrorKind {
    /// The HTTP status that stands for this kind.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid
            | Self::ValidationFailed
            | Self::KeyIncomplete
            | Self::NotMatched
            | Self::SkipDrop
            | Self::Unsupported
            | Self::Config => 400,
            Self::NotAuthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Expired => 406,
            Self::AlreadyExists | Self::ConditionFailed => 409,
            Self::TooLarge => 413,
            Self::WrongPlace => 416,
            Self::NotTried => 424,
            Self::NoLogin => 417,
            Self::TooManyRequests | Self::OverCapacity => 429,
            Self::Internal => 500,
            Self::NotPrepared | Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// The name of this kind as callers see it, the same on every driver.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid",
            Self::ValidationFailed => "ValidationFailed",
            Self::KeyIncomplete => "KeyIncomplete",
            Self::NotMatched => "NotMatched",
            Self::SkipDrop => "SkipDrop",
            Self::Config => "Config",
            Self::NotAuthenticated => "NotAuthenticated",
            Self::NoLogin => "NoLogin",
            Self::Expired => "Expired",
            Self::WrongPlace => "WrongPlace",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::ConditionFailed => "ConditionFailed",
            Self::NotTried => "NotTried",
            Self::TooLarge => "TooLarge",
            Self::TooManyRequests => "TooManyRequests",
            Self::Unsupported => "Unsupported",
            Self::OverCapacity => "OverCapacity",
            Self::NotPrepared => "NotPrepared",
            Self::Unavailable => "Unavailable",
            Self::Timeout => "Timeout",
            Self::Internal => "Internal",
        }
    }

    /// Whether the same call may succeed a moment later without any change.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::OverCapacity | Self::Unavailable | Self::Timeout)
    }
}

/// An error with its kind, a message for the caller, and detail for the log.
///
/// ```
/// use bkjs_core::{Error, ErrorKind};
/// let e = Error::new(ErrorKind::NotFound, "there is no such record").detail("pool sqlite");
/// assert_eq!(e.status(), 404);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: Option<u16>,
    message: Cow<'static, str>,
    detail: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind with the message that the caller may see.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, status: None, message: message.into(), detail: None, source: None }))
    }

    /// The caller's input is wrong; the message names what and why.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A defect on our side: `detail` goes to the log, the caller sees a general text.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "internal error, please try again later").detail(detail)
    }

    /// Adds a text for the log.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds the error this one comes from; it is logged, never sent.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Replaces the HTTP status of the kind, where a documented endpoint uses another one.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The same error for another caller who waited for the same work; its source becomes detail.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let copy = Self::new(self.0.kind, self.0.message.clone()).detail(self.log_text());
        match self.0.status {
            Some(status) => copy.with_status(status),
            None => copy,
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status.unwrap_or(self.0.kind.status())
    }

    /// The text for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The text for the log: message, detail and the chain of sources, each thing said once.
    pub fn log_text(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        self.add_to(&mut parts);
        let mut source = std::error::Error::source(self);
        while let Some(s) = source {
            match s.downcast_ref::<Self>() {
                Some(own) => own.add_to(&mut parts),
                None => add_part(&mut parts, &s.to_string()),
            }
            source = s.source();
        }
        parts.join(": ")
    }

    fn add_to(&self, parts: &mut Vec<String>) {
        add_part(parts, &self.0.message);
        if let Some(detail) = &self.0.detail {
            add_part(parts, detail);
        }
    }
}

/// Adds what is new in a part: errors often repeat what the one below them says.
fn add_part(parts: &mut Vec<String>, part: &str) {
    // A part may consist of parts, joined as they are here.
    let says = |whole: &str, part: &str| format!(": {whole}: ").contains(&format!(": {part}: "));
    if part.is_empty() || parts.iter().any(|known| says(known, part)) {
        return;
    }
    let at_first = parts.len() == 1;
    match parts.last_mut() {
        Some(last) => match part.strip_prefix(last.as_str()).and_then(|rest| rest.strip_prefix(": ")) {
            Some(rest) => parts.push(rest.to_owned()),
            // The message stays the beginning, whatever follows.
            None if !at_first && says(part, last) => *last = part.to_owned(),
            None => parts.push(part.to_owned()),
        },
        None => parts.push(part.to_owned()),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.code(), self.log_text())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_hides_what_the_log_shows() {
        let e = Error::internal("disk full").source(std::io::Error::other("ENOSPC"));
        assert!(!e.to_string().contains("disk"));
        assert!(e.log_text().ends_with("disk full: ENOSPC"));
        assert_eq!(e.status(), 500);
    }

    #[test]
    fn the_log_says_each_thing_once() {
        let refused = || std::io::Error::other("Connection refused (os error 111)");
        let e =
            Error::new(ErrorKind::Unavailable, format!("cannot reach a: {}", refused())).source(refused());
        assert_eq!(e.log_text(), "cannot reach a: Connection refused (os error 111)");
        let below = Error::new(ErrorKind::Unavailable, "damaged").detail("/x/y.db").source(refused());
        assert_eq!(below.duplicate().log_text(), "damaged: /x/y.db: Connection refused (os error 111)");
        let e = Error::new(ErrorKind::Unavailable, "pool p: damaged").source(below);
        assert_eq!(e.log_text(), "pool p: damaged: /x/y.db: Connection refused (os error 111)");
        let e = Error::internal("a").source(Error::internal("b"));
        assert_eq!(e.log_text(), "internal error, please try again later: a: b");
    }
}
