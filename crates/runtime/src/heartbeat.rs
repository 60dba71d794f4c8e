//! When a child counts as stuck.

use std::time::Duration;

use tokio::time::Instant;

/// How long a process may take until its first message.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How many pings may be without an answer when the next is due.
const PATIENCE: u32 = 2;

/// The heartbeat of one child as its parent sees it.
///
/// Silence is counted in pings sent, not in time passed: after the parent itself, or the machine, was asleep
/// its children must not look dead.
#[derive(Debug)]
pub(crate) struct Pulse {
    born: Instant,
    heard: bool,
    unanswered: u32,
}

/// What is due at a tick.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing: it has not said its first word, and has time left for it.
    Wait,
    /// Another ping.
    Ping,
    /// It is stuck.
    Silent,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), heard: false, unanswered: 0 }
    }

    /// Any message is a sign of life.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
        self.unanswered = 0;
    }

    pub(crate) fn tick(&mut self) -> Beat {
        if !self.heard {
            return if self.born.elapsed() > START_LIMIT { Beat::Silent } else { Beat::Wait };
        }
        if self.unanswered >= PATIENCE {
            return Beat::Silent;
        }
        self.unanswered += 1;
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_counts_from_the_first_word_and_after_two_pings() {
        let mut pulse = Pulse::new();
        assert_eq!(pulse.tick(), Beat::Wait);
        pulse.hear();
        assert_eq!([pulse.tick(), pulse.tick(), pulse.tick()], [Beat::Ping, Beat::Ping, Beat::Silent]);
        pulse.hear();
        assert_eq!(pulse.tick(), Beat::Ping);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_never_says_a_word_is_stuck_after_a_minute() {
        let mut pulse = Pulse::new();
        tokio::time::advance(START_LIMIT + Duration::from_secs(1)).await;
        assert_eq!(pulse.tick(), Beat::Silent);
    }
}
