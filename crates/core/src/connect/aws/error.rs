use super::sdk::error::{ProvideErrorMetadata, SdkError};

use crate::{Error, ErrorKind};

/// What a failed call leaves behind, whichever service it was for.
#[derive(Debug)]
pub enum Refusal {
    /// The service says no, with this code and text.
    Service(String, String),
    /// The service is too busy, or the account's limit is reached: nothing was done.
    Throttled,
    /// The connection could not be made: nothing was sent.
    NotSent,
    /// It is not known whether the call was carried out.
    Unknown,
    /// It took too long, and is not known whether it was carried out.
    Late,
    /// The request could not be made of its parts.
    Malformed,
}

/// What the error of a call means.
pub fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Refusal {
    match error {
        SdkError::ConstructionFailure(_) => Refusal::Malformed,
        SdkError::TimeoutError(_) => Refusal::Late,
        SdkError::DispatchFailure(failure) => {
            let text = failure.as_connector_error().map(causes).unwrap_or_default();
            // The client says no more than this of a connection that could not be made, or not be used for
            // want of credentials; both are words of its own, not of the peer's.
            let not_made = text.contains("client error (Connect)") || text.contains("credential");
            if not_made { Refusal::NotSent } else { Refusal::Unknown }
        }
        SdkError::ServiceError(failure) => {
            let meta = failure.err().meta();
            let code = meta.code().unwrap_or_default();
            match code {
                "ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "Throttling"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "TooManyRequestsException"
                | "LimitExceededException" => Refusal::Throttled,
                "InternalServerError" | "InternalFailure" | "ServiceUnavailable" | "" => Refusal::Unknown,
                code => Refusal::Service(code.to_owned(), meta.message().unwrap_or_default().to_owned()),
            }
        }
        _ => Refusal::Unknown,
    }
}

fn causes(error: &(impl std::error::Error + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The error of a call for the caller, but for what one service says in its own codes. `writes` tells
/// whether the call may have changed something.
pub fn error<E, R>(error: SdkError<E, R>, writes: bool) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let (kind, message) = match refusal(&error) {
        Refusal::Throttled => {
            (ErrorKind::OverCapacity, "the service asks to slow down, please try again later")
        }
        Refusal::Late => (ErrorKind::Timeout, "the service took too long"),
        Refusal::NotSent => (ErrorKind::Unavailable, "the service cannot be reached, please try again later"),
        Refusal::Unknown => (ErrorKind::Unavailable, "the service does not answer, please try again later"),
        Refusal::Malformed => (ErrorKind::Internal, "internal error, please try again later"),
        Refusal::Service(code, _) => match code.as_str() {
            "AccessDeniedException"
            | "AccessDenied"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "MissingAuthenticationTokenException"
            | "InvalidClientTokenId"
            | "IncompleteSignature" => {
                (ErrorKind::Unavailable, "the service refuses our credentials, please try again later")
            }
            _ => (ErrorKind::Internal, "internal error, please try again later"),
        },
    };
    let unknown = writes && matches!(refusal(&error), Refusal::Unknown | Refusal::Late);
    let detail = if unknown { "aws: the write may have been carried out" } else { "aws" };
    Error::new(kind, message).detail(detail).source(error)
}
