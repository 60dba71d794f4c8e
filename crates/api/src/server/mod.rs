//! The server loop: connections in, replies out, and an end that cuts nobody off.
//!
//! axum's own graceful shutdown waits for idle connections without a bound and closes those that fall
//! idle at the moment a client writes. This one follows a client's view instead:
//!
//! 1. what waits at the listener is accepted and the listener closed, so that new connections go to another process;
//! 2. handlers that wait are told ([`Api::draining`](crate::Api::draining)); the next request on each open connection is answered, with `Connection: close`;
//! 3. a connection without a request for half a second is closed;
//! 4. what is left at the bound is dropped.

mod accept;
mod activity;
mod connection;
mod malformed;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use tls::{Tls, TlsParams};

use crate::service::HttpService;

/// How connections are treated.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// How long a connection may be idle, a head may take, and a body may stop; zero is without a limit.
    pub timeout: Duration,
    /// How long draining may take before connections are dropped.
    pub drain: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), drain: Duration::from_secs(8) }
    }
}

/// What may be asked for on the connections to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Requests.
    pub http: bool,
    /// WebSockets.
    pub websockets: bool,
}

/// A listening socket, and what is served on it.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// What may be asked for.
    pub offers: Offers,
    /// With which certificate, when it is TLS.
    pub tls: Option<Tls>,
}

/// The same without its socket.
#[derive(Clone, Debug)]
struct Door {
    offers: Offers,
    tls: Option<Tls>,
}

/// What all connections of a server share.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) service: HttpService,
    pub(crate) options: ServeOptions,
    /// Draining has begun.
    pub(crate) drain: CancellationToken,
    /// Draining is over.
    pub(crate) end: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) slots: Arc<Semaphore>,
}

/// Serves the listeners until `drain` is cancelled, then drains as the module says.
///
/// Returns when the last connection is closed, at the latest `options.drain` after the cancellation. A
/// listener made from an inherited descriptor has to be set non-blocking first.
pub async fn serve(
    listeners: Vec<Listener>,
    service: HttpService,
    drain: CancellationToken,
    options: ServeOptions,
) {
    let api = service.api().clone();
    let connections = api.params().max_connections;
    let server = Server {
        service,
        options,
        drain: drain.clone(),
        end: CancellationToken::new(),
        tasks: TaskTracker::new(),
        slots: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
    };
    join_all(listeners.into_iter().map(|listener| accept::accept(listener, server.clone()))).await;
    // Not earlier: who is answered asks again, and is to reach another process then.
    api.draining().cancel();
    server.tasks.close();
    if tokio::time::timeout(options.drain, server.tasks.wait()).await.is_err() {
        let left = server.tasks.len();
        tracing::warn!(left, "draining took too long, connections are dropped");
        server.end.cancel();
        server.tasks.wait().await;
    }
}
