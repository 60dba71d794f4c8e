//! The number beside each value: whether it is a map, and when it ends, so that a change leaves it its time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The lowest bit says that it is a map, the others are the second of its end, of those since 2020; 0 is no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u32);

/// 2020-01-01.
const EPOCH: u64 = 1_577_836_800;
/// What has room in the number: until 2088.
const LAST: u64 = (1 << 31) - 1;

impl Flags {
    /// Of something that lives for `ttl` from now.
    pub(super) fn new(is_map: bool, ttl: Option<Duration>) -> Self {
        Self::at(is_map, ttl.map(|ttl| seconds(ttl) + now()))
    }

    fn at(is_map: bool, end: Option<u64>) -> Self {
        // What ends later ends with the room for it.
        let end = end.map(|end| end.saturating_sub(EPOCH)).filter(|end| *end <= LAST).unwrap_or(0);
        Self(u32::try_from(end << 1).unwrap_or(0) | u32::from(is_map))
    }

    /// Whether it is a map.
    pub(super) fn is_map(self) -> bool {
        self.0 & 1 == 1
    }

    /// For how many seconds it lives still, at least one.
    pub(super) fn left(self) -> Option<u64> {
        let end = u64::from(self.0 >> 1);
        (end > 0).then(|| (end + EPOCH).saturating_sub(now()).max(1))
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds(ttl: Duration) -> u64 {
    ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_end_have_room_beside_each_other() {
        for is_map in [false, true] {
            assert_eq!((Flags::new(is_map, None).is_map(), Flags::new(is_map, None).left()), (is_map, None));
            let hour = Flags::new(is_map, Some(Duration::from_millis(3_599_001)));
            assert!(hour.is_map() == is_map && hour.left().is_some_and(|left| (3599..=3600).contains(&left)));
            assert_eq!(Flags::new(is_map, Some(Duration::from_secs(100 * 365 * 86_400))).left(), None);
            assert_eq!(Flags::at(is_map, Some(EPOCH + 1)).left(), Some(1));
        }
    }
}
