//! One tree of processes under test, with its home and port.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::proc::{MARK, Proc, marked};

/// Bounds how long a condition is awaited; generous, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Instance {
    home: TempDir,
    pub port: u16,
    args: Vec<String>,
    pub top: Option<Child>,
}

impl Instance {
    /// A home and a free port; nothing runs yet.
    pub(crate) fn new(args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { home: TempDir::new().expect("a home"), port: free_port(), args, top: None }
    }

    /// Starts it and waits until it is as large as it should be and serves.
    pub(crate) fn started(args: &[&str], size: usize) -> Self {
        let mut instance = Self::new(args);
        instance.start();
        instance.complete(size);
        instance
    }

    pub(crate) fn start(&mut self) {
        self.top = Some(self.spawn());
    }

    fn spawn(&self) -> Child {
        let log = fs::File::options().create(true).append(true).open(self.path("stderr")).expect("a log");
        self.command(self.port).args(&self.args).stderr(log).spawn().expect("starts")
    }

    /// Starts another tree on the same home, with a port of its own.
    pub(crate) fn beside(&self, args: &[&str]) -> Child {
        self.command(free_port()).args(args).stderr(Stdio::piped()).spawn().expect("starts")
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("own path"));
        command
            .arg("run")
            .arg(self.home.path())
            .args([format!("port={port}"), "ping=1000".into(), "crash-delay=500".into()])
            .env(MARK, self.mark())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Waits for that many processes, all titled, one of which serves.
    pub(crate) fn complete(&self, size: usize) -> Vec<Proc> {
        wait(&format!("{size} processes that serve"), || {
            let procs = self.procs();
            // Between fork and exec a child looks like its parent, before it is a role it has no name.
            let named = procs.iter().all(|p| p.title.starts_with("bkjs: ") && p.comm == p.title);
            let twice = |role: &str| procs.iter().filter(|p| p.comm.ends_with(role)).count() > 1;
            let settled = named && !["monitor", "master", "server"].into_iter().any(twice);
            (procs.len() == size && settled && self.has("no-port") == self.ask("pid").is_none())
                .then_some(procs)
        })
    }

    /// Waits until none of these processes is left and the tree is as large as before.
    pub(crate) fn recovered(&self, old: &[u32], size: usize) -> Vec<Proc> {
        wait("recovery", || self.procs().iter().all(|p| !old.contains(&p.pid)).then_some(()));
        self.complete(size)
    }

    /// Waits until no process is left, and returns the exit code of the top one.
    pub(crate) fn gone(&mut self) -> Option<i32> {
        let code = self.top.take().map(|mut top| wait("the exit", || top.try_wait().expect("waits")));
        wait("the end of all", || self.procs().is_empty().then_some(()));
        code.and_then(|status| status.code())
    }

    pub(crate) fn procs(&self) -> Vec<Proc> {
        marked(&self.mark())
    }

    /// The processes of a role.
    pub(crate) fn pids(&self, role: &str) -> BTreeSet<u32> {
        let title = format!("bkjs: {role}");
        self.procs().into_iter().filter(|p| p.title == title).map(|p| p.pid).collect()
    }

    /// The only process of a role.
    pub(crate) fn pid(&self, role: &str) -> u32 {
        let pids = self.pids(role);
        assert_eq!(pids.len(), 1, "{role}: {:?}", self.procs());
        pids.into_iter().next().expect("one")
    }

    pub(crate) fn top_pid(&self) -> u32 {
        self.top.as_ref().expect("started").id()
    }

    /// One line over a new connection, and the whole reply.
    pub(crate) fn ask(&self, line: &str) -> Option<String> {
        let mut stream = self.send(line)?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        (!reply.is_empty()).then_some(reply)
    }

    /// A connection on which a line was sent.
    pub(crate) fn send(&self, line: &str) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(format!("{line}\n").as_bytes()).ok()?;
        Some(stream)
    }

    /// A connection with a request in flight, which ends after [`Instance::tell`] `release`.
    pub(crate) fn slow(&self) -> TcpStream {
        let mut stream = self.send("slow").expect("serves");
        let mut begun = [0; 5];
        stream.read_exact(&mut begun).expect("begins");
        stream
    }

    /// Puts an empty file into the home, which tells the program something.
    pub(crate) fn tell(&self, name: &str) {
        fs::write(self.path(name), "").expect("writes");
    }

    pub(crate) fn untell(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("removes");
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// How many processes of a role have begun to serve so far.
    pub(crate) fn births(&self, role: &str) -> usize {
        fs::read(self.path(&format!("births-{role}"))).unwrap_or_default().len()
    }

    /// The number in a pid file.
    pub(crate) fn pid_file(&self, role: &str) -> Option<u32> {
        fs::read_to_string(self.path(&format!("var/{role}.pid"))).ok()?.parse().ok()
    }

    /// What the top process has told the operator.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    fn mark(&self) -> String {
        self.home.path().display().to_string()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(mut top) = self.top.take() {
            let _ = top.kill();
            let _ = top.wait();
        }
        for proc in self.procs() {
            signal(proc.pid, Signal::KILL);
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// Sends a signal; to a process that is gone, nothing.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = kill_process(pid, signal);
    }
}

/// Waits until a condition gives something.
#[allow(clippy::disallowed_methods)] // no event loop here, and processes of others give no event to wait for
pub(crate) fn wait<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(result) = condition() {
            return result;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
