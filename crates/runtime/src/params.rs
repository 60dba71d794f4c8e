//! The parameters of the process tree.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Which processes run, how many, and how they are kept.
#[derive(Clone, Debug)]
pub struct RuntimeParams {
    /// `monitor`: the top process is a monitor that restarts the whole tree.
    pub monitor: bool,
    /// `master`: ask for the master by name; needed only beside `web`, which otherwise runs alone.
    pub master: bool,
    /// `web`: without `master` and `monitor`, one process serves without supervision.
    pub web: bool,
    /// `no-monitor`: no monitor although `monitor` is set.
    pub no_monitor: bool,
    /// `no-master`: the server is the top process, or the child of the monitor; there are no workers.
    pub no_master: bool,
    /// `no-web`: the master starts no server.
    pub no_web: bool,
    /// `daemon`: return once the tree serves in the background.
    pub daemon: bool,
    /// `port`: the TCP port of HTTP.
    pub port: u16,
    /// `bind`: the addresses to listen on, several separated by commas; `::` includes IPv4.
    pub bind: String,
    /// `backlog`: how many connections may wait to be accepted.
    pub backlog: u16,
    /// `server-max-processes`: web processes; 0 is one less than the CPUs, -N is N for each CPU.
    pub server_max_processes: i32,
    /// `jobs-workers`: worker processes; -1 is none, 0 is two for each CPU.
    pub jobs_workers: i32,
    /// `ipc-ping-interval`: how often each child is asked for a sign of life, in milliseconds.
    pub ipc_ping_interval: u64,
    /// `server-crash-delay`: the longest pause before a child that keeps dying is started again, in milliseconds.
    pub server_crash_delay: u64,
    /// `shutdown-timeout`: how long work in progress may take after the request to stop, in milliseconds.
    pub shutdown_timeout: u64,
    /// `err-file`: where the output of a daemon goes, relative to the home directory.
    pub err_file: PathBuf,
}

impl Default for RuntimeParams {
    fn default() -> Self {
        Self {
            monitor: false,
            master: false,
            web: false,
            no_monitor: false,
            no_master: false,
            no_web: false,
            daemon: false,
            port: 8000,
            bind: "0.0.0.0".to_owned(),
            backlog: 511,
            server_max_processes: 0,
            jobs_workers: -1,
            ipc_ping_interval: 5000,
            server_crash_delay: 30_000,
            shutdown_timeout: 25_000,
            err_file: PathBuf::from("log/error.log"),
        }
    }
}

impl RuntimeParams {
    /// The number of web processes to keep, at least one.
    pub fn web_processes(&self) -> usize {
        match self.server_max_processes {
            0 => cpus().saturating_sub(1).max(1),
            n if n < 0 => cpus().saturating_mul(n.unsigned_abs() as usize),
            n => n.unsigned_abs() as usize,
        }
    }

    /// The number of worker processes to keep.
    pub fn worker_processes(&self) -> usize {
        match self.jobs_workers {
            0 => cpus().saturating_mul(2),
            n if n < 0 => 0,
            n => n.unsigned_abs() as usize,
        }
    }

    /// The addresses of `bind`.
    pub(crate) fn addresses(&self) -> bkjs_core::Result<Vec<IpAddr>> {
        self.bind
            .split([',', '|'])
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|_| {
                    bkjs_core::Error::new(
                        bkjs_core::ErrorKind::Config,
                        format!("bind: {text} is not an address: give an IPv4 or IPv6 address such as 127.0.0.1 or ::"),
                    )
                })
            })
            .collect()
    }

    pub(crate) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ipc_ping_interval.max(10))
    }

    pub(crate) fn crash_delay(&self) -> Duration {
        Duration::from_millis(self.server_crash_delay)
    }

    pub(crate) fn drain_limit(&self) -> Duration {
        Duration::from_millis(self.shutdown_timeout)
    }
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_the_cpus() {
        let with = |web, workers| {
            let p = RuntimeParams { server_max_processes: web, jobs_workers: workers, ..Default::default() };
            (p.web_processes(), p.worker_processes())
        };
        assert_eq!(with(3, 2), (3, 2));
        assert_eq!(with(-2, -1), (cpus() * 2, 0));
        assert_eq!(with(0, 0), ((cpus() - 1).max(1), cpus() * 2));
    }

    #[test]
    fn bind_takes_a_list_and_names_what_is_wrong() {
        let of = |bind: &str| RuntimeParams { bind: bind.to_owned(), ..Default::default() }.addresses();
        assert_eq!(of("127.0.0.1, ::1").expect("valid").len(), 2);
        assert!(of("localhost:1").expect_err("no address").message().contains("localhost:1"));
    }
}
