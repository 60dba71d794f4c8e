//! Taking connections in.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use bkjs_core::task;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};

use super::{Door, Listener, Server, connection};

/// How long to wait when the system has no descriptor left: at first, and at most when it goes on like that.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often the log is told of it.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// The most connections that are taken in after draining has begun: more than a system lets wait as a rule. They may
/// come as fast as they are taken in, when other processes go on listening.
const MOST_WAITING: usize = 4096;

/// Accepts until draining begins, then closes the listener.
pub(super) async fn accept(Listener { socket: listener, offers, tls }: Listener, server: Server) {
    let door = Door { offers, tls };
    let mut trouble = Trouble::default();
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
                Ok((stream, peer)) => {
                    trouble.over();
                    start(&server, &door, (stream, peer), slot);
                }
                // Errors of a single connection are no reason to wait.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    let (pause, count) = trouble.again(Instant::now());
                    if let Some(count) = count {
                        tracing::warn!(%error, count, "cannot accept connections, trying again");
                    }
                    tokio::select! {
                        () = server.drain.cancelled() => {}
                        () = sleep(pause) => {}
                    }
                }
            },
        }
    }
    if let Err(error) = accept_waiting(listener, &door, &server) {
        tracing::warn!(%error, "connections that waited may be lost");
    }
}

/// Takes in what the system has connected already: closing the listener would reset it.
///
/// The system itself is asked, since the event loop knows only of what came before its last round.
fn accept_waiting(listener: TcpListener, door: &Door, server: &Server) -> std::io::Result<()> {
    let listener = listener.into_std()?;
    for _ in 0..MOST_WAITING {
        match listener.accept() {
            Ok((stream, peer)) => {
                stream.set_nonblocking(true)?;
                let slot = server.slots.clone().try_acquire_owned().ok();
                start(server, door, (TcpStream::from_std(stream)?, peer), slot);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn start(
    server: &Server,
    door: &Door,
    (stream, peer): (TcpStream, SocketAddr),
    slot: Option<OwnedSemaphorePermit>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let serving = connection::serve(server.clone(), door.clone(), stream, peer);
    let tracked = server.tasks.track_future(async move {
        serving.await;
        drop(slot);
    });
    task::spawn("http connection", tracked);
}

/// That no connection can be accepted: a state that lasts, such as having no descriptor left. It is tried again less and
/// less often, and told from time to time with how often it was tried.
#[derive(Debug, Default)]
struct Trouble {
    pause: Duration,
    told: Option<Instant>,
    untold: u64,
}

impl Trouble {
    /// Another failure: how long to wait, and how many failures the log is to be told of, if of any.
    fn again(&mut self, now: Instant) -> (Duration, Option<u64>) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.untold += 1;
        let tell = self.told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY);
        if tell {
            self.told = Some(now);
        }
        (self.pause, tell.then(|| std::mem::take(&mut self.untold)))
    }

    /// A connection was accepted. When the log was told stays known: at the limit, one that ends lets one in.
    fn over(&mut self) {
        self.pause = Duration::ZERO;
    }
}

/// Whether the next connection may be accepted in spite of this error.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_tried_less_often_and_told_with_a_count_now_and_then() {
        let (mut trouble, mut now) = (Trouble::default(), Instant::now());
        assert_eq!(trouble.again(now), (FIRST_PAUSE, Some(1)));
        let (mut told, mut tries) = (0, 1);
        for _ in 0..100 {
            now += trouble.pause;
            tries += 1;
            let (pause, count) = trouble.again(now);
            assert!(pause <= LONGEST_PAUSE);
            told += count.unwrap_or(0);
        }
        assert_eq!(trouble.pause, LONGEST_PAUSE);
        // Once in ten seconds of almost a hundred, and every failure is counted once.
        assert_eq!(told + trouble.untold + 1, tries);
        assert!(trouble.untold < 12, "{trouble:?}");
    }

    #[test]
    fn a_connection_that_gets_in_ends_the_waiting_and_does_not_open_the_log_again() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        trouble.again(now);
        trouble.again(now);
        trouble.over();
        assert_eq!(trouble.again(now), (FIRST_PAUSE, None));
        assert_eq!(trouble.again(now + TOLD_EVERY), (FIRST_PAUSE * 2, Some(3)));
    }
}
