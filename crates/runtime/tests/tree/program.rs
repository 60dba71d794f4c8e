//! The program under test: answers one line a connection.
//!
//! | line | reply |
//! |---|---|
//! | `pid` | the process id |
//! | `slow` | `slow` at once, and `done` once the file `release` is in the home |
//! | `block` | nothing: the thread is blocked for good |
//! | `count` | the number of `count` lines answered by all processes |
//! | `restart` | `ok`, and the web processes are replaced |

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bkjs_core::{Error, Result, task};
use bkjs_runtime::{Ipc, Launch, Program, Role, RoleContext, RuntimeParams, Start};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// Arguments: `run HOME name=value ...`.
pub(crate) fn run(start: Start) -> ExitCode {
    let mut params =
        RuntimeParams { bind: std::net::Ipv4Addr::LOCALHOST.into(), ssl_port: 0, ..Default::default() };
    for arg in &start.args()[2..] {
        let (name, value) = arg.split_once('=').unwrap_or((arg, "1"));
        let number = || value.parse::<i64>().unwrap_or_default();
        let millis = || Duration::from_millis(number() as u64);
        match name {
            "monitor" => params.monitor = true,
            "web" => params.web = true,
            "no-master" => params.no_master = true,
            "no-web" => params.no_web = true,
            "daemon" => params.daemon = true,
            "port" => params.port = number() as u16,
            "processes" => params.server_max_processes = number() as i32,
            "workers" => params.jobs_workers = number() as i32,
            "ping" => params.ipc_ping_interval = millis(),
            "crash-delay" => params.server_crash_delay = millis(),
            "shutdown" => params.shutdown_timeout = millis(),
            "secret" => {}
            _ => return start.fail(&Error::invalid(format!("unknown parameter {name}"))),
        }
    }
    let home = PathBuf::from(&start.args()[1]);
    let program = Lines { home: home.clone(), count: AtomicU64::new(0) };
    bkjs_runtime::run(Launch { start, var_dir: home.join("var"), home, params }, program)
}

struct Lines {
    home: PathBuf,
    count: AtomicU64,
}

impl Lines {
    /// Writes down that a process came to life, however short it lives.
    fn note_birth(&self, role: Role) -> Result<()> {
        use std::io::Write as _;
        let file =
            std::fs::File::options().create(true).append(true).open(self.home.join(format!("births-{role}")));
        file.and_then(|mut file| file.write_all(b".")).map_err(|e| Error::internal("births").source(e))
    }

    /// Whether the test has put a file of that name into the home.
    fn told(&self, name: &str) -> bool {
        self.home.join(name).exists()
    }
}

impl Program for Lines {
    fn prepare(&self, role: Role) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.told("prepare-fails") {
                return Err(Error::invalid("no tables today"));
            }
            while self.told("prepare-waits") {
                tokio::time::sleep(Duration::from_millis(10)).await;
                std::fs::write(self.home.join("preparing"), "")
                    .map_err(|e| Error::internal("prepare").source(e))?;
            }
            std::fs::write(self.home.join("prepared"), role.name())
                .map_err(|e| Error::internal("prepare").source(e))
        })
    }

    fn serve(&self, context: RoleContext) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.note_birth(context.role)?;
            if self.told("web-fails") {
                return Err(Error::invalid("no database today"));
            }
            if self.told("web-crashes") {
                std::process::abort();
            }
            if context.role == Role::Worker {
                context.ready();
                self.count_once(&context.ipc).await?;
                context.drain.begun().await;
                return Ok(());
            }
            self.accept(context).await
        })
    }

    fn answer(&self, name: String, _body: Value) -> BoxFuture<'_, Result<Value>> {
        Box::pin(async move {
            match name.as_str() {
                "count" => Ok(json!(self.count.fetch_add(1, Ordering::Relaxed) + 1)),
                _ => Err(Error::not_found("no such call")),
            }
        })
    }
}

impl Lines {
    /// Asks for a number, as soon as there is a server, and writes it down.
    async fn count_once(&self, ipc: &Ipc) -> Result<()> {
        let number = loop {
            match ipc.call("count", Value::Null).await {
                Ok(number) => break number,
                Err(error) if error.kind().is_retryable() && !self.told("no-port") => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => return Err(error),
            }
        };
        let path = self.home.join("worker-count");
        std::fs::write(path, number.to_string()).map_err(|e| Error::internal("worker-count").source(e))
    }

    async fn accept(&self, mut context: RoleContext) -> Result<()> {
        let broken = |e| Error::internal("listener").source(e);
        let listener = context.listeners.pop().ok_or_else(|| Error::internal("no listener"))?;
        let listener = TcpListener::from_std(listener.socket).map_err(broken)?;
        let connections = TaskTracker::new();
        let (home, ipc) = (Arc::new(self.home.clone()), context.ipc.clone());
        context.ready();
        loop {
            tokio::select! {
                biased;
                accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                    let (home, ipc) = (home.clone(), ipc.clone());
                    task::spawn("line", connections.track_future(async move {
                        let _ = answer(stream, &home, &ipc).await;
                    }));
                },
                () = context.drain.begun() => break,
            }
        }
        drop(listener);
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

async fn answer(mut stream: TcpStream, home: &std::path::Path, ipc: &Ipc) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).await?;
    let reply = match line.trim() {
        "pid" => std::process::id().to_string(),
        "count" => ipc.call("count", Value::Null).await.map_or_else(|e| e.to_string(), |v| v.to_string()),
        "restart" => {
            ipc.restart();
            "ok".to_owned()
        }
        "block" => loop {
            std::thread::park();
        },
        "slow" => {
            stream.write_all(b"slow\n").await?;
            while !home.join("release").exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            "done".to_owned()
        }
        other => format!("what is {other}?"),
    };
    stream.write_all(reply.as_bytes()).await
}
