//! One connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;
use super::malformed::Explaining;
use super::{Offers, Server};
use crate::service::Peer;
use crate::socket::Opened;

/// The most bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;
/// As good as no limit.
const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// Serves one connection to its end.
pub(super) async fn serve(server: Server, offers: Offers, stream: TcpStream, peer: SocketAddr) {
    let Server { service, options, drain, end, .. } = server;
    let activity = Arc::new(Activity::new());
    let timeout = (!options.timeout.is_zero()).then_some(options.timeout);
    let stall = timeout.unwrap_or(FOREVER);
    let peer = Peer { ip: peer.ip().to_canonical(), tls: false, stall, offers };
    let opened = Arc::new(Mutex::new(None));
    let answer = {
        let (service, activity, drain, opened) =
            (service.clone(), activity.clone(), drain.clone(), opened.clone());
        service_fn(move |request: hyper::Request<Incoming>| {
            let (service, activity, drain) = (service.clone(), activity.clone(), drain.clone());
            let opened = opened.clone();
            // In a box, or each idle connection would keep room for a request: some 5 kB.
            Box::pin(async move {
                let _busy = activity.begin();
                let mut response = service.handle(request, peer).await;
                if let Some(socket) = response.extensions_mut().remove::<Opened>() {
                    *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(socket);
                } else if drain.is_cancelled() {
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
    let end_well = |connection: Pin<&mut _>| http1::UpgradeableConnection::graceful_shutdown(connection);
    let exchanged = exchange(connection, end_well, &activity, (&drain, &end)).await;
    note(exchanged);
    let opened = opened.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(socket) = opened {
        // In a box: few connections become one.
        Box::pin(socket.serve(service, peer, &end)).await;
    }
}

/// Requests and replies, until the connection is closed or becomes another.
async fn exchange<C: Future<Output = Result<(), hyper::Error>>>(
    connection: C,
    end_well: impl Fn(Pin<&mut C>),
    activity: &Activity,
    (drain, end): (&CancellationToken, &CancellationToken),
) -> Result<(), hyper::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // Errors are the client's: cut off, too slow, no HTTP.
        result = &mut connection => return result,
        () = drain.cancelled() => {}
    }
    let drained_at = Instant::now();
    let mut closing = false;
    loop {
        let wait = if closing { None } else { activity.wait(drained_at) };
        tokio::select! {
            biased;
            result = &mut connection => return result,
            () = end.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait.unwrap_or_default()), if !closing => {
                if activity.wait(drained_at).is_none() {
                    end_well(connection.as_mut());
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
