//! For how long messages rest in which queue.

use std::time::Duration;

/// The shortest time in milliseconds; the others are its doubles.
const SHORTEST: u64 = 100;

/// The most that the broker takes.
const LONGEST: u64 = u32::MAX as u64;

/// The time of the queue for a message that has to rest for so long: the longest that is not too long, except that
/// none is below the shortest.
pub(super) fn step(left: Duration) -> u64 {
    let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    steps().take_while(|step| *step <= left).last().unwrap_or(SHORTEST)
}

/// All of them.
pub(super) fn steps() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(SHORTEST), |step| Some(step * 2)).take_while(|step| *step <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_the_longest_that_is_not_too_long() {
        let of = |millis| step(Duration::from_millis(millis));
        assert_eq!([1, 100, 199, 200, 1500, 3_600_000].map(of), [100, 100, 100, 200, 800, 3_276_800]);
        assert_eq!(step(Duration::from_secs(366 * 86_400)), 3_355_443_200);
        assert_eq!(steps().count(), 26);
    }

    #[test]
    fn the_longest_delay_takes_few_steps() {
        let mut left = Duration::from_secs(366 * 86_400);
        let mut count = 0;
        while !left.is_zero() {
            left = left.saturating_sub(Duration::from_millis(step(left)));
            count += 1;
        }
        assert!(count < 40, "{count}");
    }
}
