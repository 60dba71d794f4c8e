//! Where everything that is counted is kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::atomics::AtomicU64;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::registry::{Registry, Storage};

use super::machine::Sampler;
use super::process::Process;
use super::report::{Report, Series};
use super::timer::Timer;

/// The most series of each kind.
const MAX_SERIES: usize = 2_000;
/// About how many recent values a report tells in all.
const MAX_RECENT: usize = 20_000;

/// Looks at something that counts by itself; false when that is gone.
type Collector = Box<dyn Fn() -> bool + Send + Sync>;

/// What this process has counted: the recorder of the crate `metrics`.
#[derive(Default)]
pub struct Keeper {
    registry: Kept,
    places: [AtomicUsize; 3],
    texts: Mutex<BTreeMap<String, String>>,
    collectors: Mutex<Vec<Collector>>,
    sampler: Mutex<Sampler>,
}

struct Kept(Registry<Key, Makes>);

impl Default for Kept {
    fn default() -> Self {
        Self(Registry::new(Makes))
    }
}

/// What series are made of.
struct Makes;

impl Storage<Key> for Makes {
    type Counter = Arc<AtomicU64>;
    type Gauge = Arc<AtomicU64>;
    type Histogram = Arc<Timer>;

    fn counter(&self, _: &Key) -> Self::Counter {
        Arc::default()
    }

    fn gauge(&self, _: &Key) -> Self::Gauge {
        Arc::default()
    }

    fn histogram(&self, _: &Key) -> Self::Histogram {
        Arc::default()
    }
}

impl Keeper {
    /// Has a function called before each report, to bring up to date what is counted elsewhere; when it says false it is
    /// forgotten. It must not block.
    pub fn collect(&self, look: impl Fn() -> bool + Send + Sync + 'static) {
        self.collectors.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(look));
    }

    /// A tick is over.
    pub(super) fn tick(&self) {
        self.registry.0.visit_histograms(|_, timer| timer.tick());
        let mut in_progress: BTreeMap<String, f64> = BTreeMap::new();
        self.registry.0.visit_gauges(|key, bits| {
            if key.name().ends_with("_in_progress") {
                let value = f64::from_bits(bits.load(Ordering::Relaxed));
                *in_progress.entry(key.name().to_owned()).or_default() += value;
            }
        });
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner).sample(in_progress);
    }

    pub(super) fn report(&self, process: Process) -> Report {
        self.collectors.lock().unwrap_or_else(PoisonError::into_inner).retain(|look| look());
        let samples = self.sampler.lock().unwrap_or_else(PoisonError::into_inner).samples();
        let mut report = Report { processes: vec![process], samples, ..Report::default() };
        self.registry.0.visit_counters(|key, count| {
            report.counters.push(series(key, count.load(Ordering::Relaxed)));
        });
        self.registry.0.visit_gauges(|key, bits| {
            report.gauges.push(series(key, f64::from_bits(bits.load(Ordering::Relaxed))));
        });
        self.registry.0.visit_histograms(|key, timer| {
            report.histograms.push(series(key, timer.distribution()));
        });
        let most = (MAX_RECENT / report.histograms.len().max(1)).clamp(16, 128);
        report.histograms.iter_mut().for_each(|series| series.value.coarsen(most));
        report.texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        report
    }

    /// Whether there is room for one more series of a kind.
    fn admits(&self, kind: usize) -> bool {
        let before = self.places[kind].fetch_add(1, Ordering::Relaxed);
        if before < MAX_SERIES {
            return true;
        }
        self.places[kind].store(MAX_SERIES + 1, Ordering::Relaxed);
        if before == MAX_SERIES {
            tracing::warn!(MAX_SERIES, "too many series of metrics: more are not counted");
        }
        false
    }

    fn describe(&self, name: &KeyName, text: &SharedString) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() < MAX_SERIES {
            texts.insert(name.as_str().to_owned(), text.to_string());
        }
    }
}

fn series<T>(key: &Key, value: T) -> Series<T> {
    let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
    Series { name: key.name().to_owned(), labels: labels.collect(), value }
}

/// The keeper that all of a process share, as the crate `metrics` wants it.
impl Recorder for &'static Keeper {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&key, &text);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&key, &text);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&key, &text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let registry = &self.registry.0;
        match registry.get_counter(key) {
            Some(counter) => Counter::from_arc(counter),
            None if self.admits(0) => Counter::from_arc(registry.get_or_create_counter(key, Arc::clone)),
            None => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let registry = &self.registry.0;
        match registry.get_gauge(key) {
            Some(gauge) => Gauge::from_arc(gauge),
            None if self.admits(1) => Gauge::from_arc(registry.get_or_create_gauge(key, Arc::clone)),
            None => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let registry = &self.registry.0;
        match registry.get_histogram(key) {
            Some(timer) => Histogram::from_arc(timer),
            None if self.admits(2) => Histogram::from_arc(registry.get_or_create_histogram(key, Arc::clone)),
            None => Histogram::noop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper() -> &'static Keeper {
        Box::leak(Box::default())
    }

    #[test]
    fn the_number_of_series_is_bounded_and_what_is_there_goes_on() {
        let keeper = keeper();
        metrics::with_local_recorder(&keeper, || {
            for n in 0..MAX_SERIES + 100 {
                metrics::counter!("made", "n" => n.to_string()).increment(1);
            }
            metrics::counter!("made", "n" => "0").increment(1);
        });
        let report = keeper.report(Process::default());
        assert_eq!(report.counters.len(), MAX_SERIES);
        assert_eq!(report.counters.iter().map(|s| s.value).sum::<u64>(), MAX_SERIES as u64 + 1);
    }

    #[test]
    fn collectors_are_asked_until_they_are_gone() {
        let keeper = keeper();
        let asked = Arc::new(AtomicUsize::new(0));
        let times = asked.clone();
        keeper.collect(move || times.fetch_add(1, Ordering::Relaxed) < 1);
        (0..4).for_each(|_| drop(keeper.report(Process::default())));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
