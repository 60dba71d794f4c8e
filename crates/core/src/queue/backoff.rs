use std::time::Duration;

use rand::Rng as _;

/// The pauses between attempts: they double, and each loses up to a half by chance so that those who failed together
/// do not come again together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest pause after the first failure.
    pub first: Duration,
    /// The longest of all.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after the attempt with this number, from 1.
    pub fn after(&self, attempt: u32) -> Duration {
        self.bound(attempt).mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// The longest pause after the attempt with this number.
    fn bound(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_vary() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        let bounds: Vec<u64> = [1, 2, 3, 7, 40, u32::MAX].map(|n| backoff.bound(n).as_secs()).to_vec();
        assert_eq!(bounds, [1, 2, 4, 60, 60, 60]);
        for attempt in 1..9 {
            let pause = backoff.after(attempt);
            assert!(pause <= backoff.bound(attempt) && pause * 2 >= backoff.bound(attempt), "{pause:?}");
        }
    }
}
