//! What this process takes of the machine.

use procfs_core::FromRead as _;
use procfs_core::process::Stat;
use serde::{Deserialize, Serialize};

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// What it is for: web, worker, server, master, monitor.
    pub role: String,
    /// Its place among those of its role.
    pub index: usize,
    /// Its number in the system.
    pub pid: u32,
    /// Seconds of processor time.
    pub cpu_seconds: f64,
    /// Bytes of memory.
    pub resident_bytes: u64,
    /// How many threads it has.
    pub threads: u64,
    /// How many files and sockets it has open.
    pub open_files: u64,
    /// Seconds since 1970 when it began; 0 where the system does not tell.
    pub start_seconds: f64,
}

impl Process {
    /// This process; what the system does not tell is 0.
    pub fn this(role: &str, index: usize) -> Self {
        let open_files = std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
        Self { role: role.to_owned(), index, open_files, ..Self::taken() }
    }

    /// This process, with what it takes of processor and memory only.
    pub fn taken() -> Self {
        let mut told = Self { pid: std::process::id(), ..Self::default() };
        if let Ok(stat) = Stat::from_file("/proc/self/stat") {
            let second = rustix::param::clock_ticks_per_second() as f64;
            told.cpu_seconds = (stat.utime + stat.stime) as f64 / second;
            told.resident_bytes = stat.rss * rustix::param::page_size() as u64;
            told.threads = u64::try_from(stat.num_threads).unwrap_or_default();
            told.start_seconds = boot_seconds().map_or(0.0, |boot| boot + stat.starttime as f64 / second);
        }
        told
    }
}

/// When the machine was started.
fn boot_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_known() {
        let told = Process::this("web", 1);
        assert_eq!((told.role.as_str(), told.pid), ("web", std::process::id()));
        assert!(told.resident_bytes > 100_000 && told.threads > 0 && told.open_files > 2, "{told:?}");
        assert!(told.start_seconds > 1.6e9, "{told:?}");
    }
}
