//! Values as they are recorded.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;
use metrics::HistogramFn;

use super::TICK;
use super::distribution::{BOUNDS, Distribution};
use super::meter::Meter;

/// Values are kept as whole millionths.
const SCALE: f64 = 1e6;
/// Recent values are told apart to one part in so many decimals: to one percent.
const DIGITS: u8 = 2;
/// How many ticks recent values stay together; they are forgotten after two such times.
const TURN: u64 = 150 / TICK.as_secs();

/// Records values; the lock is held for a few additions.
#[derive(Debug, Default)]
pub(super) struct Timer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    all: Distribution,
    meter: Meter,
    /// Made with the first value.
    now: Option<Histogram<u64>>,
    before: Option<Histogram<u64>>,
    ticks: u64,
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tick(&self) {
        let mut state = self.lock();
        state.meter.tick();
        state.ticks += 1;
        if state.ticks.is_multiple_of(TURN) {
            state.before = state.now.take();
        }
    }

    pub(super) fn distribution(&self) -> Distribution {
        let state = self.lock();
        let mut told = state.all.clone();
        told.rates = state.meter.rates();
        let mut recent = state.now.clone();
        match (&mut recent, &state.before) {
            // Both grow as they need to.
            (Some(now), Some(before)) => drop(now.add(before)),
            (None, Some(before)) => recent = Some(before.clone()),
            _ => {}
        }
        told.recent = recent.iter().flat_map(Histogram::iter_recorded).map(|value| read(&value)).collect();
        told
    }
}

fn read(value: &hdrhistogram::iterators::IterationValue<u64>) -> (f64, u64) {
    (value.value_iterated_to() as f64 / SCALE, value.count_at_value())
}

impl HistogramFn for Timer {
    fn record(&self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let mut state = self.lock();
        let State { all, meter, now, .. } = &mut *state;
        if all.count == 0 {
            (all.min, all.max) = (value, value);
        }
        all.count += 1;
        all.sum += value;
        all.squares += value * value;
        all.min = all.min.min(value);
        all.max = all.max.max(value);
        if let Some(bucket) = all.buckets.get_mut(BOUNDS.partition_point(|bound| *bound < value)) {
            *bucket += 1;
        }
        meter.mark();
        if now.is_none() {
            *now = Histogram::new(DIGITS).ok();
        }
        if let Some(now) = now {
            // What is beyond counting is left out; the sums have it.
            let _ = now.record((value * SCALE).max(0.0).round() as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_in_their_buckets() {
        let timer = Timer::default();
        for value in [0.0004, 0.0005, 0.003, 20.0, 1000.0, f64::NAN] {
            timer.record(value);
        }
        let told = timer.distribution();
        assert_eq!((told.count, told.min, told.max), (5, 0.0004, 1000.0));
        assert_eq!((told.buckets[0], told.buckets[3], told.buckets[13]), (2, 1, 1));
        assert_eq!(told.buckets.iter().sum::<u64>(), 4);
        assert!((told.quantile(0.6) / 0.003 - 1.0).abs() < 0.02, "{told:?}");
    }

    #[test]
    fn recent_values_are_forgotten_and_sums_are_not() {
        let timer = Timer::default();
        timer.record(1.0);
        (0..TURN).for_each(|_| timer.tick());
        timer.record(2.0);
        assert_eq!(timer.distribution().recent.len(), 2);
        (0..TURN).for_each(|_| timer.tick());
        assert_eq!(timer.distribution().recent.len(), 1);
        (0..TURN).for_each(|_| timer.tick());
        let told = timer.distribution();
        assert_eq!((told.recent.len(), told.count, told.sum), (0, 2, 3.0));
    }
}
