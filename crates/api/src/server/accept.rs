//! Taking connections in.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bkjs_core::task;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use super::{Server, connection};

/// How long to wait when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(50);
/// The most connections that are taken in after draining has begun: more than a system lets wait as a rule. They may
/// come as fast as they are taken in, when other processes go on listening.
const MOST_WAITING: usize = 4096;

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
    if let Err(error) = accept_waiting(listener, &server) {
        tracing::warn!(%error, "connections that waited may be lost");
    }
}

/// Takes in what the system has connected already: closing the listener would reset it.
///
/// The system itself is asked, since the event loop knows only of what came before its last round.
fn accept_waiting(listener: TcpListener, server: &Server) -> std::io::Result<()> {
    let listener = listener.into_std()?;
    for _ in 0..MOST_WAITING {
        match listener.accept() {
            Ok((stream, peer)) => {
                stream.set_nonblocking(true)?;
                let slot = server.slots.clone().try_acquire_owned().ok();
                start(server, TcpStream::from_std(stream)?, peer, slot);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
    if is_of_one_connection(error) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections, trying again");
    tokio::time::sleep(PAUSE).await;
}

/// Whether the next connection may be accepted in spite of this error.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}
