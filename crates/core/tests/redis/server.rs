//! A server that a trial starts, kills and starts again.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bkjs_core::connect::redis::{RedisClient, RedisOptions, cmd};
use tempfile::TempDir;

use crate::Checked;

/// Whether there is a server to start.
pub(crate) fn is_installed() -> bool {
    Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// A server with its own port and folder; ends with the value.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// A server that is not started yet.
    pub(crate) fn new(arguments: &[&str]) -> Checked<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let arguments = arguments.iter().map(|&a| a.to_owned()).collect();
        Ok(Self { port, folder: tempfile::tempdir()?, arguments, child: None })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self) -> Checked {
        let child = Command::new("redis-server")
            .args(&self.arguments)
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""])
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        let client = self.client()?;
        until("the server answers", async || {
            client.read::<String>(&cmd("PING")).await.is_ok_and(|reply| reply == "PONG")
        })
        .await
    }

    /// Kills it, so that it can do nothing more.
    pub(crate) fn kill(&mut self) -> Checked {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Checked<RedisClient> {
        Ok(RedisClient::new(&RedisOptions { max: 1, ..RedisOptions::default() }.at(&self.url())?)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Waits until something is so, at most half a minute.
pub(crate) async fn until(what: &str, so: impl AsyncFn() -> bool) -> Checked {
    for _ in 0..600 {
        if so().await {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("it took too long until {what}").into())
}
