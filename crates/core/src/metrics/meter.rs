//! How often something happens.

use super::TICK;

/// The minutes that the averages look back.
const MINUTES: [f64; 3] = [1.0, 5.0, 15.0];

/// Events a second: averages that forget, as load averages do.
#[derive(Debug, Default)]
pub(super) struct Meter {
    waiting: u64,
    rates: Option<[f64; 3]>,
}

impl Meter {
    pub(super) fn mark(&mut self) {
        self.waiting += 1;
    }

    /// A tick is over.
    pub(super) fn tick(&mut self) {
        let seconds = TICK.as_secs_f64();
        let now = std::mem::take(&mut self.waiting) as f64 / seconds;
        self.rates = Some(match self.rates {
            None => [now; 3],
            Some(mut rates) => {
                for (rate, minutes) in rates.iter_mut().zip(MINUTES) {
                    *rate += (1.0 - (-seconds / (minutes * 60.0)).exp()) * (now - *rate);
                }
                rates
            }
        });
    }

    /// Of the last 1, 5 and 15 minutes.
    pub(super) fn rates(&self) -> [f64; 3] {
        self.rates.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_follow_what_happens_and_forget_it() {
        let mut meter = Meter::default();
        (0..50).for_each(|_| meter.mark());
        meter.tick();
        assert_eq!(meter.rates(), [10.0; 3]);
        // A minute of nothing.
        (0..12).for_each(|_| meter.tick());
        let [one, five, fifteen] = meter.rates();
        assert!((one - 10.0 / std::f64::consts::E).abs() < 0.01, "{one}");
        assert!(one < five && five < fifteen && fifteen < 10.0);
    }
}
