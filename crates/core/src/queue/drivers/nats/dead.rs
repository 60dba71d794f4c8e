//! The stream of what was given up.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};

/// The most messages in it: the oldest go first.
const MOST: i64 = 100_000;

/// The shortest time that the server takes; none is for ever.
const SHORTEST: Duration = Duration::from_millis(100);

/// A new one, which keeps messages for so long.
pub(super) fn dead(name: String, keep: Duration) -> Config {
    Config {
        subjects: vec![name.clone()],
        name,
        storage: StorageType::File,
        max_age: keep.max(SHORTEST),
        max_messages: MOST,
        ..Config::default()
    }
}

/// What one that is there has to become to keep messages for so long; none when it does already. What an operator has
/// set besides stays, a number of messages too.
pub(super) fn kept_for(found: &Config, keep: Duration) -> Option<Config> {
    let max_age = keep.max(SHORTEST);
    let max_messages = if found.max_messages > 0 { found.max_messages } else { MOST };
    // The server refuses to know the names of messages for longer than it has them.
    let duplicate_window = found.duplicate_window.min(max_age);
    let changed = Config { max_age, max_messages, duplicate_window, ..found.clone() };
    (changed != *found).then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Duration = Duration::from_secs(7 * 86_400);

    #[test]
    fn what_was_given_up_is_bounded_by_time_and_number() {
        for (keep, age) in [(WEEK, WEEK), (Duration::ZERO, SHORTEST), (Duration::from_millis(1), SHORTEST)] {
            let made = dead("a".into(), keep);
            assert_eq!((made.max_age, made.max_messages), (age, MOST));
            let old = Config { num_replicas: 3, duplicate_window: WEEK, ..Config::default() };
            let changed = kept_for(&old, keep).expect("is changed");
            assert_eq!((changed.max_age, changed.max_messages), (age, MOST));
            assert_eq!((changed.num_replicas, changed.duplicate_window), (3, age));
            assert_eq!(kept_for(&changed, keep), None);
        }
    }

    #[test]
    fn a_number_that_an_operator_has_set_stays() {
        let found = Config { max_messages: 7, ..dead("a".into(), WEEK) };
        assert_eq!(kept_for(&found, WEEK), None);
        assert_eq!(kept_for(&found, WEEK / 7).map(|changed| changed.max_messages), Some(7));
    }
}
