//! The parameters of the process tree.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bkjs_core::config::Params;

use crate::Umask;

/// Processes: which ones run, how many, and how they are kept.
#[derive(Params, Clone, Debug)]
pub struct RuntimeParams {
    /// Has a monitor at the top that restarts the whole tree.
    #[param(local)]
    pub monitor: bool,
    /// Has a master; needed only beside web, which otherwise serves alone.
    #[param(local)]
    pub master: bool,
    /// Serves in one process without supervision, unless master or monitor are given too.
    #[param(local)]
    pub web: bool,
    /// Has no monitor although monitor is given.
    #[param(local)]
    pub no_monitor: bool,
    /// Has no master and no workers: the server is at the top, or below the monitor.
    #[param(local)]
    pub no_master: bool,
    /// Has no server: the master keeps workers only.
    #[param(local)]
    pub no_web: bool,
    /// Goes to the background as soon as it serves.
    #[param(local)]
    pub daemon: bool,
    /// The TCP port of HTTP.
    #[param(default = 8000, min = 1)]
    pub port: u16,
    /// The address of HTTP; `::` is every address, IPv4 included.
    #[param(default = "0.0.0.0")]
    pub bind: IpAddr,
    /// The TCP port of WebSockets, which may be that of HTTP or HTTPS: there both are served; 0 is none.
    #[param(default = 0)]
    pub ws_port: u16,
    /// The address of WebSockets, when their port is their own.
    #[param(default = "0.0.0.0")]
    pub ws_bind: IpAddr,
    /// The TCP port of HTTPS, when a certificate is configured; 0 is none.
    #[param(default = 443)]
    pub ssl_port: u16,
    /// The address of HTTPS.
    #[param(default = "0.0.0.0")]
    pub ssl_bind: IpAddr,
    /// How many connections may wait to be accepted.
    #[param(default = 511, min = 1)]
    pub backlog: u16,
    /// Web processes: 0 is one less than the CPUs, -N is N for each CPU.
    #[param(default = 0, min = -32, max = 1024)]
    pub server_max_processes: i32,
    /// Worker processes: -1 is none, 0 is jobs-worker-cpu-factor for each CPU.
    #[param(default = -1, min = -1, max = 1024)]
    pub jobs_workers: i32,
    /// Worker processes for each CPU, where jobs-workers is 0; one at least.
    #[param(default = "2", min = "0", max = "64")]
    pub jobs_worker_cpu_factor: f64,
    /// How often each process is asked for a sign of life; one that misses two answers is replaced.
    #[param(default = 5000, min = 100, max = 3600000, unit = "ms")]
    pub ipc_ping_interval: Duration,
    /// The longest pause before a process that keeps dying is started again.
    #[param(default = 30000, max = 30000, unit = "ms")]
    pub server_crash_delay: Duration,
    /// How long work in progress may take after the request to stop.
    #[param(default = 25000, max = 3600000, unit = "ms")]
    pub shutdown_timeout: Duration,
    /// The user, by name or number, that all processes run as when root starts them; only supervisors keep the right to
    /// open a port below 1024.
    #[param(local)]
    pub uid: String,
    /// The group, by name or number, instead of the user's own.
    #[param(local)]
    pub gid: String,
    /// Leaves nothing of root: no process keeps the right to open a port below 1024, and root is refused when uid names
    /// no other user.
    #[param(local)]
    pub force_uid: bool,
    /// Permissions that new files and folders do not get: `0027` is none for others and no writing for the group. Empty
    /// leaves the mask of whoever starts it.
    #[param(local)]
    pub umask: Umask,
    /// Where the output of a daemon goes.
    #[param(default = "log/error.log", local)]
    pub err_file: PathBuf,
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

    /// Where a process of this machine reaches what these parameters have listen.
    pub fn reachable(&self) -> SocketAddr {
        let ip = match self.bind {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.port)
    }

    /// The number of worker processes to keep.
    pub fn worker_processes(&self) -> usize {
        match self.jobs_workers {
            0 => ((cpus() as f64 * self.jobs_worker_cpu_factor) as usize).max(1),
            n if n < 0 => 0,
            n => n.unsigned_abs() as usize,
        }
    }
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_defaults_and_bounds_are_sound() {
        let handle = bkjs_core::config::Registry::new().register::<RuntimeParams>().expect("registers");
        assert_eq!((handle.load().port, handle.load().shutdown_timeout), (8000, Duration::from_secs(25)));
    }

    #[test]
    fn counts_follow_the_cpus() {
        let with = |web, workers| {
            let p = RuntimeParams { server_max_processes: web, jobs_workers: workers, ..Default::default() };
            (p.web_processes(), p.worker_processes())
        };
        assert_eq!(with(3, 2), (3, 2));
        assert_eq!(with(-2, -1), (cpus() * 2, 0));
        assert_eq!(with(0, 0), ((cpus() - 1).max(1), cpus() * 2));
        for (factor, workers) in [(3.0, cpus() * 3), (0.0, 1), (0.5, (cpus() / 2).max(1))] {
            let p = RuntimeParams { jobs_workers: 0, jobs_worker_cpu_factor: factor, ..Default::default() };
            assert_eq!(p.worker_processes(), workers);
        }
    }
}
