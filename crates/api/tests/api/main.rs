//! The layer from outside: real requests over real sockets to a small application.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

mod access;
mod agents;
mod demo;
mod headers;
mod hooks;
mod limits;
mod openapi;
mod parameters;
mod replies;
mod routing;
mod serving;
mod sessions;
mod signatures;
mod sockets;
mod statics;
mod tls;
