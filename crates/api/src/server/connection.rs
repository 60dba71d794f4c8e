//! One connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Server;
use super::activity::Activity;
use super::malformed::Explaining;
use crate::service::Peer;

/// The most bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;
/// As good as no limit.
const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// Serves one connection to its end.
pub(super) async fn serve(server: Server, stream: TcpStream, peer: SocketAddr) {
    let Server { service, options, drain, end, .. } = server;
    let activity = Arc::new(Activity::new());
    let timeout = (!options.timeout.is_zero()).then_some(options.timeout);
    let peer = Peer { ip: peer.ip().to_canonical(), tls: false, stall: timeout.unwrap_or(FOREVER) };
    let answer = {
        let (activity, drain) = (activity.clone(), drain.clone());
        service_fn(move |request: hyper::Request<Incoming>| {
            let (service, activity, drain) = (service.clone(), activity.clone(), drain.clone());
            // In a box, or each idle connection would keep room for a request: some 5 kB.
            Box::pin(async move {
                let _busy = activity.begin();
                let mut response = service.handle(request, peer).await;
                if drain.is_cancelled() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            })
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The clock of the head runs while a connection is idle as well.
        .header_read_timeout(timeout)
        .max_buf_size(MAX_HEAD)
        // No `pipeline_flush`: with it hyper takes a large reply into memory as fast as the handler makes it,
        // however slowly the client reads, and holds replies back while bytes of a next request wait: for good
        // when they are no HTTP and the 400 to them is the last reply.
        .serve_connection(Explaining::new(TokioIo::new(stream)), answer)
        .with_upgrades();
    let mut connection = pin!(connection);

    tokio::select! {
        biased;
        // Errors are the client's: cut off, too slow, no HTTP.
        result = &mut connection => return note(result),
        () = drain.cancelled() => {}
    }
    let drained_at = Instant::now();
    let mut closing = false;
    loop {
        let wait = if closing { None } else { activity.wait(drained_at) };
        tokio::select! {
            biased;
            result = &mut connection => return note(result),
            () = end.cancelled() => return,
            () = tokio::time::sleep(wait.unwrap_or_default()), if !closing => {
                if activity.wait(drained_at).is_none() {
                    connection.as_mut().graceful_shutdown();
                    closing = true;
                }
            }
        }
    }
}

fn note(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}
