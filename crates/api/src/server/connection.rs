//! One connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, IDLE};
use super::malformed::Explaining;
use super::{Door, Server};
use crate::service::Peer;
use crate::socket::Opened;

/// The most bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;
/// The most requests at once on a connection of HTTP/2.
const MAX_STREAMS: u32 = 100;
/// As good as no limit.
const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// Serves one connection to its end.
pub(super) async fn serve(server: Server, door: Door, stream: TcpStream, peer: SocketAddr) {
    let timeout = server.options.timeout;
    let stall = if timeout.is_zero() { FOREVER } else { timeout };
    let Door { offers, tls } = door;
    let peer = Peer { ip: peer.ip().to_canonical(), tls: tls.is_some(), stall, offers };
    let Some(tls) = tls else { return serve_http1(server, stream, peer).await };
    let accepted = tokio::select! {
        accepted = tls.accept(stream, stall) => accepted,
        () = server.end.cancelled() => return,
    };
    // In boxes, so that connections without TLS keep no room for them.
    match accepted {
        Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            Box::pin(serve_http2(server, stream, peer)).await;
        }
        Ok(stream) => Box::pin(serve_http1(server, stream, peer)).await,
        Err(error) => tracing::debug!(ip = %peer.ip, %error, "no TLS came about"),
    }
}

async fn serve_http1<S>(server: Server, stream: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Server { service, options, drain, end, .. } = server;
    let activity = Arc::new(Activity::new());
    let timeout = (!options.timeout.is_zero()).then_some(options.timeout);
    let opened = Arc::new(Mutex::new(None));
    let answer = {
        let (service, activity, drain, opened) =
            (service.clone(), activity.clone(), drain.clone(), opened.clone());
        service_fn(move |request: Request<Incoming>| {
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
    note(exchange(connection, end_well, (&activity, None), (&drain, &end)).await);
    let opened = opened.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(socket) = opened {
        // In a box: few connections become one.
        Box::pin(socket.serve(service, peer, &end)).await;
    }
}

async fn serve_http2<S>(server: Server, stream: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Server { service, options, drain, end, .. } = server;
    let activity = Arc::new(Activity::new());
    let answer = {
        let activity = activity.clone();
        service_fn(move |request: Request<Incoming>| {
            let (service, activity) = (service.clone(), activity.clone());
            Box::pin(async move {
                let _busy = activity.begin();
                Ok::<_, Infallible>(service.handle(as_http1(request), peer).await)
            })
        })
    };
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .keep_alive_interval((!options.timeout.is_zero()).then_some(options.timeout))
        .keep_alive_timeout(peer.stall)
        .serve_connection(TokioIo::new(stream), answer);
    let idle = (!options.timeout.is_zero()).then_some(options.timeout);
    let end_well = |connection: Pin<&mut _>| http2::Connection::graceful_shutdown(connection);
    note(exchange(connection, end_well, (&activity, idle), (&drain, &end)).await);
}

/// A request of HTTP/2 as those of HTTP/1.1 are: the host in its header, the address without it.
fn as_http1<B>(mut request: Request<B>) -> Request<B> {
    let host = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()));
    if let Some(Ok(host)) = host
        && request.headers().get(header::HOST) != Some(&host)
    {
        // Beside another one it makes two, which are refused.
        request.headers_mut().append(header::HOST, host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
    request
}

/// Requests and replies, until the connection is closed or becomes another; it is closed after as long as `idle`
/// without a request, and soon when draining begins.
async fn exchange<C: Future<Output = Result<(), hyper::Error>>>(
    connection: C,
    end_well: impl Fn(Pin<&mut C>),
    (activity, idle): (&Activity, Option<Duration>),
    (drain, end): (&CancellationToken, &CancellationToken),
) -> Result<(), hyper::Error> {
    let mut connection = pin!(connection);
    let mut since = Instant::now();
    let mut longest = idle;
    let (mut draining, mut closing) = (false, false);
    loop {
        let wait = longest.map(|longest| activity.wait(since, longest).unwrap_or_default());
        tokio::select! {
            biased;
            // Errors are the client's: cut off, too slow, no HTTP.
            result = &mut connection => return result,
            () = end.cancelled(), if draining => return Ok(()),
            () = drain.cancelled(), if !draining => {
                draining = true;
                (since, longest) = (Instant::now(), Some(IDLE));
            }
            () = tokio::time::sleep(wait.unwrap_or_default()), if !closing && wait.is_some() => {
                if longest.is_some_and(|longest| activity.wait(since, longest).is_none()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_http2_is_a_header_and_two_stay_two() {
        let seen = |uri: &str, host: Option<&str>| {
            let mut request = Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            let request = as_http1(request.body(()).expect("a request"));
            let hosts = request.headers().get_all(header::HOST).iter();
            let hosts: Vec<_> = hosts.map(|host| host.to_str().expect("text").to_owned()).collect();
            (request.uri().to_string(), hosts)
        };
        let one = |uri: &str| (uri.to_owned(), vec!["a.com".to_owned()]);
        assert_eq!(seen("https://a.com/b?c=1", None), one("/b?c=1"));
        assert_eq!(seen("https://a.com", Some("a.com")), one("/"));
        assert_eq!(seen("https://a.com/", Some("b.com")).1, ["b.com", "a.com"]);
        assert_eq!(seen("/b", Some("a.com")), one("/b"));
    }
}
