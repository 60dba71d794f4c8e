//! Stops and replacements under load: nothing is lost, nothing is reset, nothing is logged as an error.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bkjs_tests::wait::until;
use bkjs_tests::{Home, Process, Server};
use futures_util::future::{join_all, try_join};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(20);
/// Replies after which the load counts as under way.
const WARM: u64 = 200;

/// Clients that ask without a pause: half of them on a new connection each time, half on kept ones.
struct Load {
    port: u16,
    replies: AtomicU64,
    /// Whether a closed port is expected, and the end of a client.
    may_end: AtomicBool,
    stopped: AtomicBool,
}

impl Load {
    fn new(port: u16) -> Self {
        Self { port, replies: 0.into(), may_end: false.into(), stopped: false.into() }
    }

    /// Runs until it is stopped or the port is closed.
    ///
    /// # Errors
    /// The first request without its reply.
    async fn run(&self) -> Result<()> {
        let clients = join_all((0..12).map(|number| self.client(number % 2 == 0)));
        clients.await.into_iter().collect()
    }

    async fn client(&self, keeps: bool) -> Result<()> {
        while let Some(mut stream) = self.connect().await? {
            while self.ask(&mut stream, keeps).await? {
                if self.stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A connection; none when that is the end.
    async fn connect(&self) -> Result<Option<TcpStream>> {
        if self.stopped.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match TcpStream::connect(("127.0.0.1", self.port)).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error)
                if error.kind() == ErrorKind::ConnectionRefused && self.may_end.load(Ordering::Relaxed) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).context("no connection"),
        }
    }

    /// One request and its reply: whether the connection may be used again.
    async fn ask(&self, stream: &mut TcpStream, keep: bool) -> Result<bool> {
        let connection = if keep { "keep-alive" } else { "close" };
        let request = format!("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.context("a request was not taken")?;
        let mut reply = String::new();
        let mut part = [0; 1024];
        while !reply.ends_with("{}") {
            match stream.read(&mut part).await.context("a reply was cut")? {
                0 => bail!("the connection was closed after {reply:?}"),
                length => reply.push_str(&String::from_utf8_lossy(&part[..length])),
            }
        }
        let reply = reply.to_lowercase();
        assert!(reply.starts_with("http/1.1 200"), "{reply}");
        self.replies.fetch_add(1, Ordering::Relaxed);
        Ok(!reply.contains("connection: close"))
    }

    /// Waits until so many more requests have been answered.
    async fn answered(&self, more: u64) -> Result<()> {
        let enough = self.replies.load(Ordering::Relaxed) + more;
        let reached = || async { (self.replies.load(Ordering::Relaxed) >= enough).then_some(()) };
        until(LIMIT, "replies", reached).await
    }
}

fn assert_no_errors(server: &Server) {
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test]
async fn a_stop_resets_no_connection() -> Result<()> {
    for args in [&["-monitor", "-server-max-processes", "2"][..], &["-web"]] {
        let home = Home::new()?;
        let mut server = Server::start(&home, args).await?;
        let load = Load::new(server.port);
        let stop = async {
            load.answered(WARM).await?;
            load.may_end.store(true, Ordering::Relaxed);
            server.top()?.signal(Signal::TERM)
        };
        let done = try_join(load.run(), stop).await;
        done.with_context(|| format!("{args:?}\n{}", server.log()))?;
        assert_eq!(server.ended(LIMIT).await?, 0);
        assert_no_errors(&server);
    }
    Ok(())
}

#[tokio::test]
async fn replacing_the_web_processes_loses_no_request() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "2", "-ipc-ping-interval", "100"]).await?;
    let load = Load::new(server.port);
    let replace = async {
        for _ in 0..3 {
            load.answered(WARM).await?;
            let old = server.role("web");
            server.role("server").first().context("no server process")?.signal(Signal::USR2)?;
            let renewed = |all: &[Process]| {
                all.iter().filter(|process| process.role() == "web").count() == 2
                    && old.iter().all(|old| all.iter().all(|process| process.pid != old.pid))
            };
            server.until_processes(LIMIT, "new web processes", renewed).await?;
        }
        load.answered(WARM).await?;
        load.stopped.store(true, Ordering::Relaxed);
        Ok(())
    };
    try_join(load.run(), replace).await.with_context(|| server.log())?;
    assert_no_errors(&server);
    assert_eq!(server.stop().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_death_of_a_process_with_messages_unread_is_no_bad_message() -> Result<()> {
    let home = Home::new()?;
    let server = Server::start(&home, &["-server-max-processes", "2", "-ipc-ping-interval", "100"]).await?;
    // One web process is enough for a reply. Before its first word a process has a minute, and is not asked for signs
    // of life: so both have to have said it.
    let serve = || async { (server.log().matches("process ready role=web").count() == 2).then_some(()) };
    until(LIMIT, "two web processes", serve).await.with_context(|| server.log())?;
    let stuck = server.role("web").into_iter().next().context("no web process")?;
    stuck.signal(Signal::STOP)?;
    let replaced = |all: &[Process]| {
        all.iter().filter(|process| process.role() == "web").count() == 2
            && all.iter().all(|process| process.pid != stuck.pid)
    };
    server.until_processes(LIMIT, "the replacement of a stuck process", replaced).await?;
    // The log is written a moment later than what it tells of.
    let told = || async { server.log().contains("does not answer").then_some(()) };
    until(LIMIT, "the line on the stuck process", told).await.with_context(|| server.log())?;
    assert!(!server.log().contains("bad message"), "{}", server.log());
    Ok(())
}
