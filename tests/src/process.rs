//! Processes and their kinship, as `/proc` shows them.

use std::collections::BTreeSet;
use std::fs::{self, File};

use anyhow::{Context as _, Result};
use procfs_core::FromRead as _;
use procfs_core::process::Stat;
use rustix::process::{Pid, Signal, kill_process};

/// A process at the time it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// The id of its parent.
    pub parent: i32,
    /// Clock ticks from boot to its start: tells it from a later process with the same id.
    pub started: u64,
    /// Its title: the command line.
    pub title: String,
    /// Clock ticks that it has used, in and for it; children that have ended are not in it.
    pub ticks: u64,
}

impl Process {
    /// The process with this id; `None` when there is none or it has ended.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = Stat::from_read(File::open(format!("/proc/{pid}/stat")).ok()?).ok()?;
        if stat.state == 'Z' {
            return None;
        }
        let title = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let title = String::from_utf8_lossy(&title).replace('\0', " ").trim().to_owned();
        let ticks = stat.utime + stat.stime;
        Some(Self { pid, parent: stat.ppid, started: stat.starttime, title, ticks })
    }

    /// All processes that can be looked at.
    pub fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| Self::of(entry.file_name().to_str()?.parse().ok()?)).collect()
    }

    /// The processes whose environment carries `mark`, and all their descendants.
    pub fn marked(mark: &str) -> Vec<Self> {
        let all = Self::all();
        let mut found: BTreeSet<i32> =
            all.iter().filter(|process| process.carries(mark)).map(|p| p.pid).collect();
        loop {
            let before = found.len();
            found.extend(all.iter().filter(|p| found.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>());
            if found.len() == before {
                return all.into_iter().filter(|p| found.contains(&p.pid)).collect();
            }
        }
    }

    /// The role in the title: `web` of `bkjs: web`; empty for any other process.
    pub fn role(&self) -> &str {
        let role = self.title.strip_prefix("bkjs: ").unwrap_or_default();
        role.split(' ').next().unwrap_or_default()
    }

    /// Whether it still runs.
    pub fn lives(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended or belongs to somebody else.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.pid).context("not a process id")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {} ({})", self.title, self.pid))
    }

    /// Kills it: it cannot refuse.
    ///
    /// # Errors
    /// When it has ended or belongs to somebody else.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    fn carries(&self, mark: &str) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    }
}

/// Kills all processes with this mark, and those that they start meanwhile.
pub fn end_all(mark: &str) {
    // A parent may start another child between the look and the kill; a few rounds end that.
    for _ in 0..1000 {
        let left = Process::marked(mark);
        if left.is_empty() {
            return;
        }
        for process in left {
            process.kill().ok();
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::Process;

    #[test]
    fn the_role_is_the_word_after_the_prefix() {
        let role = |title: &str| {
            Process { pid: 1, parent: 0, started: 0, title: title.into(), ticks: 0 }.role().to_owned()
        };
        assert_eq!(role("bkjs: web"), "web");
        assert_eq!(role("bkjs: worker 2"), "worker");
        assert_eq!(role("/usr/bin/bkjs run"), "");
    }

    #[test]
    fn a_running_process_is_seen_with_its_parent() {
        let own = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.lives());
        assert!(Process::all().iter().any(|process| process.pid == own.pid));
        assert_eq!(Process::of(i32::MAX), None);
    }
}
