//! How values are spread, as processes tell it each other.

use serde::{Deserialize, Serialize};

/// The bounds of the buckets that Prometheus is told, in the unit of the value: for seconds, from half a millisecond to
/// half a minute.
pub const BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Values that were recorded: all of them in sums and buckets, those of the last minutes closely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
    /// The least one.
    pub min: f64,
    /// The greatest one.
    pub max: f64,
    /// How many are at most the [bound](BOUNDS) of the same place and above the one before it.
    pub buckets: [u64; BOUNDS.len()],
    /// How many a second, of the last 1, 5 and 15 minutes.
    pub rates: [f64; 3],
    /// Those of the last minutes: values, rising, and how often they were there.
    pub recent: Vec<(f64, u64)>,
}

impl Distribution {
    /// Takes in those that another process has recorded.
    pub fn add(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            (self.min, self.max) = (other.min, other.max);
        }
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.buckets.iter_mut().zip(other.buckets).for_each(|(own, other)| *own += other);
        self.rates.iter_mut().zip(other.rates).for_each(|(own, other)| *own += other);
        self.recent.extend(&other.recent);
        self.recent.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Forgets what is of the moment, of a process that has ended.
    pub fn end(&mut self) {
        self.recent.clear();
        self.rates = [0.0; 3];
    }

    /// The average of all; 0 without any.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// The variance of all; 0 with fewer than two.
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let count = self.count as f64;
        // Rounding must not make it negative.
        ((self.squares - self.sum * self.sum / count) / (count - 1.0)).max(0.0)
    }

    /// The value that so much of the recent ones are at or below, from 0 to 1; 0 without any.
    pub fn quantile(&self, part: f64) -> f64 {
        let total: u64 = self.recent.iter().map(|(_, count)| count).sum();
        let rank = (part * total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (value, count) in &self.recent {
            seen += count;
            if seen >= rank {
                return *value;
            }
        }
        0.0
    }

    /// Joins neighbours among the recent values until there are so many at most.
    pub(super) fn coarsen(&mut self, most: usize) {
        while self.recent.len() > most.max(1) {
            // The upper one stands for both: a value is never told too low.
            self.recent = self.recent.chunks(2).filter_map(join).collect();
        }
    }
}

fn join(pair: &[(f64, u64)]) -> Option<(f64, u64)> {
    Some((pair.last()?.0, pair.iter().map(|(_, count)| count).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Distribution {
        Distribution {
            count: values.len() as u64,
            sum: values.iter().sum(),
            squares: values.iter().map(|v| v * v).sum(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            recent: values.iter().map(|v| (*v, 1)).collect(),
            ..Distribution::default()
        }
    }

    #[test]
    fn what_two_have_recorded_is_as_if_one_had() {
        let mut one = of(&[2.0, 4.0]);
        one.add(&of(&[4.0, 5.0, 9.0, 1.0]));
        assert_eq!((one.count, one.min, one.max), (6, 1.0, 9.0));
        assert!((one.mean() - 25.0 / 6.0).abs() < 1e-9 && (one.variance() - 7.766_666).abs() < 1e-3);
        assert_eq!((one.quantile(0.5), one.quantile(1.0), one.quantile(0.0)), (4.0, 9.0, 1.0));
        let mut none = Distribution::default();
        none.add(&of(&[3.0]));
        assert_eq!((none.min, none.max), (3.0, 3.0));
        assert_eq!(Distribution::default().quantile(0.99), 0.0);
    }

    #[test]
    fn a_coarser_one_has_all_and_is_not_lower() {
        let mut many = of(&(1..=1000).map(f64::from).collect::<Vec<_>>());
        many.coarsen(100);
        assert!(many.recent.len() <= 100);
        assert_eq!(many.recent.iter().map(|(_, count)| count).sum::<u64>(), 1000);
        assert!((500.0..=520.0).contains(&many.quantile(0.5)), "{}", many.quantile(0.5));
    }
}
