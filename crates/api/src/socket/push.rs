//! What a handler sends after its reply.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use bkjs_core::value::Value;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, Stream};

use crate::reply::Reply;

/// Something that comes after the reply to a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Pushed {
    /// An event: it is sent as it is.
    Event(Value),
    /// Events before this moment may be missing.
    Missed,
}

/// The reply to a message that goes on: `{"status":200,"message":"listening"}`, then what the stream gives, then a
/// message that says that it is over.
///
/// Only for requests over a WebSocket, of which [`Context::is_socket`](crate::Context::is_socket) tells; to any other
/// client just the reply is sent. The stream ends with the connection, and should bound what waits in it: while a
/// client does not read, nothing is taken from it.
#[derive(Clone)]
pub struct Push(Arc<Mutex<Option<BoxStream<'static, Pushed>>>>);

impl Push {
    /// A reply that goes on with a stream.
    pub fn new(stream: impl Stream<Item = Pushed> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(stream.boxed()))))
    }

    /// The stream, once.
    pub(super) fn take(&self) -> Option<BoxStream<'static, Pushed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push").finish_non_exhaustive()
    }
}

impl IntoResponse for Push {
    fn into_response(self) -> Response {
        Reply { push: Some(self), ..Reply::message("listening") }.into_response()
    }
}
