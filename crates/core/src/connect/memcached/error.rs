//! Errors of the server and of connections as kinds of the framework: one table.

use async_memcached::{Error as Native, ErrorKind as Said, Status};

use crate::{Error, ErrorKind};

/// The error of a call. Its text goes to the log, the caller learns what it can act on.
pub(super) fn error(server: &str, error: Native) -> Error {
    match &error {
        Native::Protocol(Status::Error(Said::Server(text))) if text.contains("large") => {
            Error::new(ErrorKind::TooLarge, "the value is larger than the memcached server takes")
                .source(error)
        }
        Native::Protocol(Status::Error(Said::Server(text))) if text.contains("memory") => {
            Error::new(ErrorKind::OverCapacity, "the memcached server has no memory left").source(error)
        }
        Native::Connect(_) | Native::Io(_) | Native::ConnectionClosed => unavailable(server).source(error),
        _ => Error::internal(format!("memcached at {server}")).source(error),
    }
}

/// The failure of a connection.
pub(super) fn unavailable(server: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "the memcached server cannot be reached now, please try again later")
        .detail(format!("memcached at {server}"))
}
