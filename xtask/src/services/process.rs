//! Starts and stops the process of a service.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use procfs_core::FromRead as _;
use procfs_core::process::Stat;
use rustix::process::{Pid, Signal, kill_process};

use super::place::{Place, Running};
use super::probe::answers;
use super::table::{Launch, Service};

/// Names the folder of the service in the environment of all its processes.
const MARK: &str = "BKJS_SERVICE_FOLDER";

/// Starts a service in an empty folder, waits until it answers, and returns its port.
///
/// # Errors
/// When preparing fails, the server ends early, or it does not answer in time; it is then ended.
pub(super) fn start(service: &Service, place: &Place, program: &Path, durable: bool) -> Result<u16> {
    place.make()?;
    let user = service.user.filter(|_| rustix::process::geteuid().is_root()).map(User::named).transpose()?;
    let folder = place.folder();
    if let Some(user) = &user {
        std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid))
            .context("cannot hand the folder over")?;
    }
    let port = free_port()?;
    let launch = Launch { folder, port, program, durable };
    for mut command in (service.prepare)(&launch) {
        let log = prepared(&mut command, folder, user.as_ref())?;
        let status =
            command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        ensure!(status.success(), "{} failed, see {log}", command.get_program().display());
    }
    serve(service, place, program, port, durable)?;
    Ok(port)
}

/// Starts a service on the data and the port that it had, and waits until it answers.
///
/// # Errors
/// When the server ends early, or does not answer in time; it is then ended.
pub(super) fn serve(
    service: &Service,
    place: &Place,
    program: &Path,
    port: u16,
    durable: bool,
) -> Result<Running> {
    let user = service.user.filter(|_| rustix::process::geteuid().is_root()).map(User::named).transpose()?;
    let folder = place.folder();
    let launch = Launch { folder, port, program, durable };
    let mut command = (service.serve)(&launch);
    let log = prepared(&mut command, folder, user.as_ref())?;
    let mut child = command.process_group(0).spawn().context("cannot start the server")?;
    if let Err(error) = wait_until_ready(service, port, &mut child) {
        child.kill().ok();
        child.wait().ok();
        end_marked(folder);
        bail!("{error}, see {log}");
    }
    let pid = i32::try_from(child.id())?;
    let started = started_at(pid).context("the server has ended")?;
    let running = Running { pid, started, port };
    place.record(running)?;
    Ok(running)
}

/// Ends a service in its own way; by force when it takes more than fifteen seconds.
///
/// # Errors
/// When the process cannot be signalled.
pub(super) fn stop(running: &Running, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(running.pid).context("not a process id")?;
    let alive = || started_at(running.pid) == Some(running.started);
    kill_process(pid, signal).context("cannot signal the server")?;
    if !wait_for(Duration::from_secs(15), || !alive()) {
        kill_process(pid, Signal::KILL).context("cannot end the server")?;
    }
    Ok(())
}

/// Ends processes that a service left behind, known by the mark in their environment.
pub(super) fn end_marked(folder: &Path) {
    let mark = format!("{MARK}={}", folder.display());
    let Ok(entries) = fs::read_dir("/proc") else { return };
    for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
            && let Some(pid) = Pid::from_raw(pid)
        {
            kill_process(pid, Signal::KILL).ok();
        }
    }
}

/// When the process with this id was started, in clock ticks from boot; `None` when it has ended.
pub(super) fn started_at(pid: i32) -> Option<u64> {
    let stat = Stat::from_read(File::open(format!("/proc/{pid}/stat")).ok()?).ok()?;
    (stat.state != 'Z').then_some(stat.starttime)
}

/// Sets what all commands of a service share; returns the name of their log.
fn prepared(command: &mut Command, folder: &Path, user: Option<&User>) -> Result<String> {
    let path = folder.join("log");
    let log = File::options().create(true).append(true).open(&path).context("cannot open the log")?;
    command
        .current_dir(folder)
        .env(MARK, folder)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    Ok(path.display().to_string())
}

fn wait_until_ready(service: &Service, port: u16, child: &mut Child) -> Result<()> {
    let mut ended = None;
    let ready = wait_for(Duration::from_secs(90), || {
        ended = child.try_wait().ok().flatten();
        ended.is_some() || answers(port, &service.probe)
    });
    match ended {
        Some(status) => bail!("the server ended with {status}"),
        None if ready => Ok(()),
        None => bail!("the server does not answer"),
    }
}

/// Waits until a condition holds; false when it does not in time.
#[allow(clippy::disallowed_methods)] // chores have one thread and nothing else to do meanwhile
fn wait_for(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !condition() {
        if begun.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// A port that is free, and so are the two after it, which some services need as well.
fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        let is_free =
            |after| port.checked_add(after).is_some_and(|p| TcpListener::bind(("127.0.0.1", p)).is_ok());
        if is_free(1) && is_free(2) {
            return Ok(port);
        }
    }
    bail!("there are no three free ports in a row")
}

/// A user of this system.
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    fn named(name: &str) -> Result<Self> {
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        Self::find(&users, name).with_context(|| format!("there is no user {name}"))
    }

    fn find(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::{User, started_at};

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\nmysqlx:x:7:7::/:\nmysql:x:104:110:MySQL:/nonexistent:/bin/false\n";
        let user = User::find(users, "mysql").unwrap();
        assert_eq!((user.uid, user.gid), (104, 110));
        assert!(User::find(users, "my").is_none());
    }

    #[test]
    fn the_start_of_a_process_is_known_while_it_runs() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(started_at(own).is_some());
        assert!(started_at(i32::MAX).is_none());
    }
}
