//! Errors of the server and of connections as kinds of the framework: one table.

use redis::{ErrorKind as Native, RedisError, ServerErrorKind as Server};

use crate::{Error, ErrorKind};

/// The error of a request. Its text goes to the log, the caller learns what it can act on.
pub fn error(error: RedisError) -> Error {
    let (kind, message) = classify(&error);
    match kind {
        ErrorKind::Internal => Error::internal("redis").source(error),
        kind => Error::new(kind, message).source(error),
    }
}

fn classify(error: &RedisError) -> (ErrorKind, &'static str) {
    const UNREACHABLE: &str = "the redis server cannot be reached now, please try again later";
    const NOT_READY: &str = "the redis server is not ready, please try again later";
    const REFUSED: &str = "the redis server does not accept the user or password";
    const CLUSTER: &str = "a redis cluster is not supported: use a server, or a replication with sentinels";
    match error.kind() {
        Native::Io | Native::MasterNameNotFoundBySentinel => (ErrorKind::Unavailable, UNREACHABLE),
        Native::AuthenticationFailed | Native::Server(Server::NoPerm) => (ErrorKind::Unavailable, REFUSED),
        Native::Server(
            Server::BusyLoading | Server::MasterDown | Server::ReadOnly | Server::TryAgain | Server::NotBusy,
        ) => (ErrorKind::Unavailable, NOT_READY),
        Native::Server(Server::Moved | Server::Ask | Server::CrossSlot | Server::ClusterDown) => {
            (ErrorKind::Unsupported, CLUSTER)
        }
        Native::RESP3NotSupported => (ErrorKind::Unavailable, "the redis server is older than 6.0"),
        Native::InvalidClientConfig => {
            (ErrorKind::Config, "the settings of the redis connection cannot be used")
        }
        _ => match error.code() {
            Some("OOM") => (ErrorKind::OverCapacity, "the redis server has no memory left"),
            Some("BUSY" | "MISCONF" | "NOREPLICAS" | "UNBLOCKED") => (ErrorKind::Unavailable, NOT_READY),
            Some("NOAUTH" | "WRONGPASS") => (ErrorKind::Unavailable, REFUSED),
            _ => (ErrorKind::Internal, ""),
        },
    }
}

/// The failure of a connection.
pub(super) fn unavailable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, "the redis server cannot be reached now, please try again later")
        .detail(detail)
}

/// What a failure means for the connection and for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is lost; whether the request ran is not known.
    Lost,
    /// The server is no longer, or not yet, the one to ask; it did not run the request.
    NotMaster,
    /// The request itself.
    Request,
}

/// What the failure of a request means.
pub(super) fn failure(error: &RedisError) -> Failure {
    match error.kind() {
        Native::Server(Server::ReadOnly | Server::MasterDown) => Failure::NotMaster,
        _ if error.is_unrecoverable_error() || error.is_io_error() => Failure::Lost,
        _ => Failure::Request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_from_a_loss() {
        let server = |kind| RedisError::from((Native::Server(kind), "no"));
        assert_eq!(failure(&server(Server::ReadOnly)), Failure::NotMaster);
        assert_eq!(failure(&server(Server::ResponseError)), Failure::Request);
        assert_eq!(failure(&std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()), Failure::Lost);
        assert_eq!(error(server(Server::ReadOnly)).kind(), ErrorKind::Unavailable);
        assert_eq!(error(server(Server::ResponseError)).kind(), ErrorKind::Internal);
        assert_eq!(error(server(Server::Moved)).kind(), ErrorKind::Unsupported);
    }
}
