use std::time::Duration;

use serde_json::Value as Json;

use crate::config::{Params, Size};

/// Jobs and cron.
#[derive(Params, Clone, Debug)]
#[params(prefix = "jobs")]
pub struct JobsParams {
    /// The queues that workers serve, `default` being the unnamed one; -NAME leaves one out. Without it they serve the
    /// default one.
    pub worker_queue: Vec<String>,
    /// The most jobs that a worker process runs at once.
    #[param(default = 10, min = 1, max = 1000)]
    pub concurrency: u16,
    /// How long a worker waits at its start before it takes jobs.
    #[param(unit = "ms", max = "1h")]
    pub worker_delay: Duration,
    /// How long a job may run; then it is dropped where it waits, and tried again.
    #[param(default = "900s", unit = "s", min = "1s", max = "30d")]
    pub max_runtime: Duration,
    /// How long a worker process lives before another one takes its place; 0 is forever.
    #[param(default = "3600s", unit = "s", max = "365d")]
    pub max_lifetime: Duration,
    /// The memory from which on a worker process takes no more jobs, ends those it has, and is replaced; 0 is no limit.
    #[param(default = "0")]
    pub max_memory: Size,
    /// How long jobs that run may take after the request to stop; then they are given back to the queue.
    #[param(default = "3000ms", unit = "ms", min = "500ms", max = "1h")]
    pub shutdown_timeout: Duration,
    /// The queue that keeps the unique keys of jobs in queues whose product keeps none; without it the default one, or
    /// the database if that keeps none either.
    pub unique_queue: String,
    /// Submits the jobs of etc/crontab, etc/crontab.local and jobs-schedule at their times.
    pub cron: bool,
    /// The queue of cron jobs that name none.
    pub cron_queue: String,
    /// Further cron jobs, a list as in etc/crontab.
    pub schedule: Json,
}

impl JobsParams {
    /// The queues to serve, of those that there are; the default one is the empty name.
    pub fn served<'a>(&self, all: impl Iterator<Item = &'a str>) -> Vec<String> {
        let plain = |name: &str| if name == "default" { String::new() } else { name.to_owned() };
        let (without, named): (Vec<&str>, Vec<&str>) =
            self.worker_queue.iter().map(String::as_str).partition(|name| name.starts_with('-'));
        let without: Vec<String> = without.iter().map(|name| plain(&name[1..])).collect();
        let mut served: Vec<String> = match (named.is_empty(), without.is_empty()) {
            (false, _) => named.iter().map(|name| plain(name)).collect(),
            (true, true) => vec![String::new()],
            (true, false) => all.map(str::to_owned).collect(),
        };
        served.retain(|name| !without.contains(name));
        let mut seen = std::collections::HashSet::new();
        served.retain(|name| seen.insert(name.clone()));
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_named_or_left_out() {
        let served = |given: &[&str]| {
            let worker_queue = given.iter().map(|name| (*name).to_owned()).collect();
            JobsParams { worker_queue, ..JobsParams::default() }.served(["", "mail", "slow"].into_iter())
        };
        assert_eq!(served(&[]), [""]);
        assert_eq!(served(&["mail", "default", "mail"]), ["mail", ""]);
        assert_eq!(served(&["-slow"]), ["", "mail"]);
        assert_eq!(served(&["mail", "slow", "-slow"]), ["mail"]);
    }
}
