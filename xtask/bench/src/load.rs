//! The load generator: connections that are kept, each with one request in flight.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::cases::Prepared;

/// What a load has done.
pub(crate) struct Done {
    pub(crate) served: u64,
    pub(crate) failed: u64,
    pub(crate) time: Duration,
    /// Microseconds from a request to the end of its reply.
    pub(crate) latency: Histogram<u64>,
    /// The first reply that was no success.
    pub(crate) first_failure: Option<String>,
}

/// How long and how often requests are sent.
pub(crate) struct Plan<'a> {
    pub(crate) port: u16,
    pub(crate) connections: usize,
    pub(crate) requests: &'a [Prepared],
    /// After this time no further request is sent; `None` sends all once.
    pub(crate) time: Option<Duration>,
    /// Whether the list is begun anew at its end.
    pub(crate) again: bool,
}

/// Drives a server as planned.
///
/// # Errors
/// When a connection fails: a server that closes one does not keep up its part.
pub(crate) async fn drive(plan: &Plan<'_>) -> Result<Done> {
    let begun = Instant::now();
    let next = Cell::new(0);
    let done = RefCell::new(Done {
        served: 0,
        failed: 0,
        time: Duration::ZERO,
        latency: Histogram::new_with_bounds(1, 60_000_000, 3).context("no histogram")?,
        first_failure: None,
    });
    let connections = (0..plan.connections).map(|_| connection(plan, begun, &next, &done));
    tokio::select! {
        ended = join_all(connections) => ended.into_iter().collect::<Result<()>>()?,
        never = stay_awake() => match never {},
    }
    let mut done = done.into_inner();
    done.time = begun.elapsed();
    Ok(done)
}

/// Keeps this program from sleeping: the kernel bills the waking of a reader to the one who writes, and so the
/// server that leaves the generator more time to sleep would pay more for each reply.
async fn stay_awake() -> std::convert::Infallible {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn connection(plan: &Plan<'_>, begun: Instant, next: &Cell<usize>, done: &RefCell<Done>) -> Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", plan.port)).await.context("no connection")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let requests = async {
        while plan.time.is_none_or(|time| begun.elapsed() < time) {
            let number = next.replace(next.get() + 1);
            let at = if plan.again { number % plan.requests.len() } else { number };
            let Some(request) = plan.requests.get(at) else { break };
            let sent = Instant::now();
            sender.ready().await?;
            let reply = sender.send_request(request.clone()).await.context("no reply")?;
            let status = reply.status();
            let body = reply.into_body().collect().await.context("the reply was cut")?.to_bytes();
            let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);

            let mut done = done.borrow_mut();
            done.latency.saturating_record(micros);
            if status == 200 {
                done.served += 1;
            } else {
                done.failed += 1;
                let text = String::from_utf8_lossy(&body);
                done.first_failure
                    .get_or_insert_with(|| format!("{} {}: {text}", request.uri(), status.as_u16()));
            }
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = requests => ended,
        ended = connection => ended.context("the connection failed"),
    }
}
