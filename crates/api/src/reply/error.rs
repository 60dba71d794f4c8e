//! Errors as replies: `{"status":N,"message":"..."}`.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bkjs_core::Error;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Reply;

/// The result of a handler.
pub type Result<T = Reply, E = ApiError> = std::result::Result<T, E>;

/// An [`Error`] as a handler gives it back; made by `?`.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error inside of a response, until the layer has logged it and written it out.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<Error>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = error_response(self.0.status(), self.0.message());
        response.extensions_mut().insert(Failure(Arc::new(self.0)));
        response
    }
}

/// The reply of an error; a status that is none becomes 500.
pub(crate) fn error_response(status: u16, message: &str) -> Response {
    #[derive(Serialize)]
    struct Shape<'a> {
        status: u16,
        message: &'a str,
    }
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A structure of a number and a text always serializes.
    let body = serde_json::to_vec(&Shape { status: code.as_u16(), message }).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
