//! The pause before a child that died is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const HEALTHY: Duration = Duration::from_secs(10);

/// The pauses of one child: none after a single death, then doubling up to a cap.
#[derive(Debug)]
pub(crate) struct Backoff {
    cap: Duration,
    deaths: u32,
}

impl Backoff {
    pub(crate) fn new(cap: Duration) -> Self {
        Self { cap, deaths: 0 }
    }

    /// The pause after a life of this length; a long life forgets the deaths before it.
    pub(crate) fn pause(&mut self, lived: Duration) -> Duration {
        if lived >= HEALTHY {
            self.deaths = 0;
        }
        self.deaths = self.deaths.saturating_add(1);
        let full = match self.deaths {
            1 => return Duration::ZERO,
            n => FIRST.saturating_mul(1 << (n - 2).min(16)).min(self.cap),
        };
        // Children that died together should not come back in step; the cap stays a cap.
        full.mul_f64(rand::random_range(0.75..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_death_is_repaired_at_once() {
        let mut backoff = Backoff::new(Duration::from_secs(2));
        assert_eq!(backoff.pause(Duration::ZERO), Duration::ZERO);
        assert!(backoff.pause(Duration::ZERO) > Duration::ZERO);
        assert_eq!(backoff.pause(HEALTHY), Duration::ZERO);
    }

    #[test]
    fn pauses_grow_to_the_cap_and_never_past_it() {
        let cap = Duration::from_secs(2);
        let mut backoff = Backoff::new(cap);
        let pauses: Vec<_> = (0..100).map(|_| backoff.pause(Duration::ZERO)).collect();
        assert!(pauses[1] <= FIRST);
        assert!(pauses.iter().all(|p| *p <= cap));
        assert!(pauses[20..].iter().all(|p| *p >= cap.mul_f64(0.74)));
    }
}
