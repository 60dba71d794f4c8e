//! What callers see of memcached servers that stop and start again. Starts servers of its own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bkjs_core::ErrorKind;
use bkjs_core::cache::drivers::local::LocalDriver;
use bkjs_core::cache::drivers::{self, Settings};
use bkjs_core::cache::{Cache, CacheDriver};

type Checked<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Longer than any call may take.
const HANG: Duration = Duration::from_secs(20);

/// A server on a port of its own; ends with the value.
struct Server {
    port: u16,
    child: Option<Child>,
}

impl Server {
    fn start() -> Checked<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Self { port, child: None };
        server.start_again()?;
        Ok(server)
    }

    fn start_again(&mut self) -> Checked {
        let mut command = Command::new("memcached");
        command.args(["-l", "127.0.0.1", "-u", "nobody", "-p", &self.port.to_string()]);
        self.child = Some(command.stdout(Stdio::null()).spawn()?);
        Ok(())
    }

    fn kill(&mut self) -> Checked {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Whether there is a server to start; says so when not.
fn is_installed() -> bool {
    let found = Command::new("memcached").arg("-V").stdout(Stdio::null()).status().is_ok_and(|s| s.success());
    if !found {
        eprintln!("not tried: needs memcached");
    }
    found
}

fn open(ports: &[u16], options: &[(&str, &str)]) -> Checked<Cache> {
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let local: Arc<dyn CacheDriver> = Arc::new(LocalDriver::in_memory(1, 1));
    let options: Settings =
        options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let driver = drivers::open(&format!("memcache://{}", hosts.join(",")), options, &local)?;
    Ok(Cache::new("test", driver))
}

/// Waits until a call is answered, at most half a minute.
async fn answered<T>(call: impl AsyncFn() -> bkjs_core::Result<T>) -> Checked<T> {
    for _ in 0..600 {
        match tokio::time::timeout(HANG, call()).await? {
            Ok(answer) => return Ok(answer),
            Err(error) if error.kind() == ErrorKind::Unavailable => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("no answer".into())
}

#[tokio::test]
async fn a_server_that_is_away_fails_its_keys_and_no_others() -> Checked {
    if !is_installed() {
        return Ok(());
    }
    let mut servers = [Server::start()?, Server::start()?];
    let cache = open(&[servers[0].port, servers[1].port], &[])?;
    let keys: Vec<String> = (0..40).map(|n| format!("k{n}")).collect();
    for key in &keys {
        answered(async || cache.put(key, "v", None).await).await?;
    }
    servers[1].kill()?;
    let (mut found, mut away) = (Vec::new(), Vec::new());
    for key in &keys {
        match tokio::time::timeout(HANG, cache.get(key)).await? {
            Ok(value) => {
                assert_eq!(value.as_deref(), Some(&b"v"[..]), "{key}");
                found.push(key);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                away.push(key);
            }
        }
    }
    assert!(found.len() > 5 && away.len() > 5, "{} found, {} away", found.len(), away.len());
    // What needs no cache goes on: the value is made.
    assert_eq!(cache.get_or_put(away[0], None, || async { Ok(7) }).await?, 7);
    servers[1].start_again()?;
    for key in &away {
        assert_eq!(answered(async || cache.get(key).await).await?, None, "{key}");
    }
    for key in &found {
        assert!(cache.get(key).await?.is_some(), "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn connections_that_ended_with_a_server_fail_no_read() -> Checked {
    if !is_installed() {
        return Ok(());
    }
    let mut server = Server::start()?;
    let cache = open(&[server.port], &[])?;
    for _ in 0..3 {
        answered(async || cache.put("k", "v", None).await).await?;
        server.kill()?;
        server.start_again()?;
        // Another client finds out when it is there.
        let other = open(&[server.port], &[])?;
        answered(async || other.get("k").await).await?;
        assert_eq!(cache.get("k").await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unavailable_in_time() -> Checked {
    // Takes connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let cache = open(&[listener.local_addr()?.port()], &[("response_timeout", "50")])?;
    for _ in 0..3 {
        let error = tokio::time::timeout(HANG, cache.get("k")).await?.expect_err("nobody answers");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
    Ok(())
}
