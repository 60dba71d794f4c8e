//! A started server with all its processes.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;
use tokio::process::{Child, Command};

use crate::wait::until;
use crate::{Call, Home, Process, Program, Reply, end_all};

/// Names the server in the environment of its processes, also of those whose parents are gone.
const MARK: &str = "TEST_OF_BKJS";

/// A server on a port of its own. Dropping it kills its processes, and prints its log when the test is failing.
#[derive(Debug)]
pub struct Server {
    /// The port of the loopback that it listens on.
    pub port: u16,
    child: Child,
    log: PathBuf,
    mark: String,
}

impl Server {
    /// Starts `bkjs run` on a home with these arguments besides the usual ones, and waits until it answers.
    ///
    /// # Errors
    /// When it ends or does not answer within 25 seconds; its log is in the error.
    pub async fn start(home: &Home, args: &[&str]) -> Result<Self> {
        Self::start_on(home, free_port()?, args).await
    }

    /// Starts `bkjs run` as [`start`](Self::start) does, on a port that is known beforehand.
    ///
    /// # Errors
    /// When it ends or does not answer within 25 seconds; its log is in the error.
    pub async fn start_on(home: &Home, port: u16, args: &[&str]) -> Result<Self> {
        let usual = ["-db-create-tables", "-allow-modules", "bk_"];
        Self::start_program_on(&Program::bkjs()?, home, port, &[&usual, args].concat()).await
    }

    /// Starts any program that understands `-home`, `-port` and `-bind`, and waits until it answers.
    ///
    /// # Errors
    /// When it ends or does not answer within 25 seconds; its log is in the error.
    pub async fn start_program(program: &Program, home: &Home, args: &[&str]) -> Result<Self> {
        Self::start_program_on(program, home, free_port()?, args).await
    }

    async fn start_program_on(program: &Program, home: &Home, port: u16, args: &[&str]) -> Result<Self> {
        let mut server = Self::spawn(program, home, port, args)?;
        let mut ended = None;
        let ready = until(Duration::from_secs(25), "the server's first reply", || {
            ended = ended.or(server.child.try_wait().ok().flatten());
            let (port, stop) = (server.port, ended.is_some());
            async move { (stop || Call::get("/ping").send(port).await.is_ok()).then_some(()) }
        })
        .await;
        if let Some(status) = ended {
            bail!("the server ended with {status}:\n{}", server.log());
        }
        ready.with_context(|| format!("log of the server:\n{}", server.log()))?;
        Ok(server)
    }

    /// Starts a program on this port without waiting for anything.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(program: &Program, home: &Home, port: u16, args: &[&str]) -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = home.beside(&format!("server-{number}.log"));
        let output = File::create(&log).context("cannot make the log")?;
        let name = format!("{}-{number}", std::process::id());
        let mut command = Command::new(program.path());
        home.prepare(&mut command);
        let child = command
            .args(program.first())
            .arg("-home")
            .arg(home.path())
            .args(["-port", &port.to_string(), "-bind", "127.0.0.1"])
            .args(args)
            .env(MARK, &name)
            .current_dir(home.beside(""))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.path().display()))?;
        Ok(Self { port, child, log, mark: format!("{MARK}={name}") })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When there is no whole reply; the end of the log is in the error.
    pub async fn send(&self, call: Call) -> Result<Reply> {
        call.send(self.port).await.with_context(|| format!("log of the server:\n{}", self.log()))
    }

    /// Sends a request until it is answered with 200: while a process is being replaced, one may fail.
    ///
    /// # Errors
    /// When there is no such reply within `limit`.
    pub async fn send_until_served(&self, call: Call, limit: Duration) -> Result<Reply> {
        let served = until(limit, "a served request", || async {
            call.send(self.port).await.ok().filter(|reply| reply.status == 200)
        });
        served.await.with_context(|| format!("log of the server:\n{}", self.log()))
    }

    /// All its processes.
    pub fn processes(&self) -> Vec<Process> {
        Process::marked(&self.mark)
    }

    /// Its processes of a role.
    pub fn role(&self, role: &str) -> Vec<Process> {
        self.processes().into_iter().filter(|process| process.role() == role).collect()
    }

    /// The process that was started, which is at the top of all others.
    ///
    /// # Errors
    /// When it has ended.
    pub fn top(&self) -> Result<Process> {
        let top = self.child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Process::of);
        top.context("the server has ended")
    }

    /// How many processes there are of each of these roles.
    pub fn count<const N: usize>(&self, roles: [&str; N]) -> [usize; N] {
        let all = self.processes();
        roles.map(|role| all.iter().filter(|process| process.role() == role).count())
    }

    /// Waits until a condition on the processes holds.
    ///
    /// # Errors
    /// When it does not within `limit`; the processes and the log are in the error.
    pub async fn until_processes(
        &self,
        limit: Duration,
        what: &str,
        condition: impl Fn(&[Process]) -> bool,
    ) -> Result<Vec<Process>> {
        let found = until(limit, what, || async { Some(self.processes()).filter(|all| condition(all)) });
        found.await.with_context(|| {
            format!("processes: {:#?}\nlog of the server:\n{}", self.processes(), self.log())
        })
    }

    /// Sends SIGTERM to the process that was started, waits until all processes are gone, and returns its exit code.
    ///
    /// # Errors
    /// When something is left after twelve seconds, or a signal ended the process.
    pub async fn stop(mut self) -> Result<i32> {
        self.top()?.signal(Signal::TERM)?;
        let status = tokio::time::timeout(Duration::from_secs(12), self.child.wait()).await;
        let status = status.with_context(|| format!("the server does not stop:\n{}", self.log()))??;
        self.until_processes(Duration::from_secs(3), "the end of all processes", <[_]>::is_empty).await?;
        status.code().with_context(|| format!("a signal ended the server: {status}"))
    }

    /// Kills all its processes at once, as a loss of power would.
    ///
    /// # Errors
    /// When one of them survives.
    pub async fn kill_everything(mut self) -> Result<()> {
        end_all(&self.mark);
        self.child.wait().await?;
        ensure!(self.processes().is_empty(), "a process survived");
        Ok(())
    }

    /// Waits until the started process ends by itself, and returns its exit code.
    ///
    /// # Errors
    /// When it does not within `limit`, or a signal ended it.
    pub async fn ended(&mut self, limit: Duration) -> Result<i32> {
        let status = tokio::time::timeout(limit, self.child.wait()).await;
        let status = status.with_context(|| format!("the server still runs:\n{}", self.log()))??;
        status.code().with_context(|| format!("a signal ended the server: {status}"))
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }
}

impl Drop for Server {
    #[allow(clippy::print_stderr)] // the runner shows it beside the failed test
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of the server:\n{}", self.log());
        }
        end_all(&self.mark);
    }
}

/// A port of the loopback that nobody listens on now.
///
/// # Errors
/// When the system has none left.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
