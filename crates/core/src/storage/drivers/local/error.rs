//! Errors of the file system, in one table.

use std::io;

use crate::{Error, ErrorKind};

/// What a failure of the file system is for the caller; its text is for the log.
pub(super) fn of(what: &str, error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "there is no room to store this"
        }
        _ => "files cannot be stored or read now, please try again later",
    };
    Error::new(ErrorKind::Unavailable, message).detail(format!("{what}: {error}")).source(error)
}
