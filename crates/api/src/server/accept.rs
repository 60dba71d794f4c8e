//! Taking connections in.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bkjs_core::task;
use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use super::{Server, connection};

/// How long to wait when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts until draining begins, then closes the listener.
pub(super) async fn accept(listener: TcpListener, server: Server) {
    loop {
        let next = async {
            // Without a free slot nothing is accepted: connections wait in the queue of the system.
            let slot = server.slots.clone().acquire_owned().await.ok();
            (slot, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = server.drain.cancelled() => break,
            (slot, accepted) = next => match accepted {
                Ok((stream, peer)) => start(&server, stream, peer, slot),
                Err(error) => pause(&error).await,
            },
        }
    }
    // Those that the system has completed already would be reset by closing the listener.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        let slot = server.slots.clone().try_acquire_owned().ok();
        start(&server, stream, peer, slot);
    }
}

fn start(server: &Server, stream: TcpStream, peer: SocketAddr, slot: Option<OwnedSemaphorePermit>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let serving = connection::serve(server.clone(), stream, peer);
    let tracked = server.tasks.track_future(async move {
        serving.await;
        drop(slot);
    });
    task::spawn("http connection", tracked);
}

async fn pause(error: &std::io::Error) {
    // Errors of a single connection are no reason to wait.
    if matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    ) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections, trying again");
    tokio::time::sleep(PAUSE).await;
}
