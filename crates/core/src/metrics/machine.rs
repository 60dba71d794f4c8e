//! What is seen of the machine, and of the memory of this process, from time to time.

use std::collections::BTreeMap;

use metrics::HistogramFn as _;
use procfs_core::{FromRead as _, LoadAverage, Meminfo};
use serde::{Deserialize, Serialize};

use super::TICK;
use super::distribution::Distribution;
use super::process::Process;
use super::timer::Timer;

/// The machine, as it is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Machine {
    /// How many cores there are.
    pub cpus: usize,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of memory that programs could have.
    pub free: u64,
    /// How many threads wanted to run, on average over a minute.
    pub load: f64,
}

impl Machine {
    /// This one; what the system does not tell is 0.
    pub fn this() -> Self {
        let memory = Meminfo::from_file("/proc/meminfo").ok();
        Self {
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory: memory.as_ref().map_or(0, |memory| memory.mem_total),
            free: memory.and_then(|memory| memory.mem_available).unwrap_or_default(),
            load: LoadAverage::from_file("/proc/loadavg").map_or(0.0, |load| f64::from(load.one)),
        }
    }
}

/// What was seen at each tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Bytes of memory of processes.
    pub rss: Distribution,
    /// The load of the machine.
    pub avg: Distribution,
    /// Bytes of memory that programs could have.
    pub free: Distribution,
    /// Which part of one core a process took.
    pub util: Distribution,
    /// How much was in progress, by the names of gauges that end so.
    pub in_progress: BTreeMap<String, Distribution>,
}

impl Samples {
    /// Takes in what another process has seen.
    pub fn add(&mut self, other: &Self) {
        self.rss.add(&other.rss);
        self.avg.add(&other.avg);
        self.free.add(&other.free);
        self.util.add(&other.util);
        for (name, values) in &other.in_progress {
            self.in_progress.entry(name.clone()).or_default().add(values);
        }
    }
}

/// Looks at each tick.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    rss: Timer,
    avg: Timer,
    free: Timer,
    util: Timer,
    in_progress: BTreeMap<String, Timer>,
    cpu_seconds: Option<f64>,
}

impl Sampler {
    /// Looks at the machine and this process; what is in progress is told.
    pub(super) fn sample(&mut self, in_progress: BTreeMap<String, f64>) {
        for (name, count) in in_progress {
            self.in_progress.entry(name).or_default().record(count);
        }
        let (machine, process) = (Machine::this(), Process::taken());
        self.rss.record(process.resident_bytes as f64);
        self.avg.record(machine.load);
        self.free.record(machine.free as f64);
        if let Some(before) = self.cpu_seconds.replace(process.cpu_seconds) {
            self.util.record((process.cpu_seconds - before) / TICK.as_secs_f64());
        }
        let own = [&self.rss, &self.avg, &self.free, &self.util];
        own.into_iter().chain(self.in_progress.values()).for_each(Timer::tick);
    }

    pub(super) fn samples(&self) -> Samples {
        let told = |timer: &Timer| {
            let mut told = timer.distribution();
            told.coarsen(64);
            told
        };
        Samples {
            rss: told(&self.rss),
            avg: told(&self.avg),
            free: told(&self.free),
            util: told(&self.util),
            in_progress: self.in_progress.iter().map(|(name, timer)| (name.clone(), told(timer))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_of_this_machine() {
        let machine = Machine::this();
        assert!(machine.cpus > 0 && machine.memory > machine.free && machine.free > 0, "{machine:?}");
        let mut sampler = Sampler::default();
        let busy = |count| BTreeMap::from([("calls".to_owned(), count)]);
        sampler.sample(busy(1.0));
        sampler.sample(busy(3.0));
        let samples = sampler.samples();
        assert_eq!((samples.rss.count, samples.util.count), (2, 1));
        assert_eq!((samples.in_progress["calls"].count, samples.in_progress["calls"].max), (2, 3.0));
        assert!(samples.rss.min > 100_000.0 && samples.free.max <= machine.memory as f64, "{samples:?}");
    }
}
