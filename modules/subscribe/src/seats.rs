//! How many wait for an account in this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// Who waits, by account, the longest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Mutex<HashMap<Arc<str>, VecDeque<CancellationToken>>>>);

/// The place of one that waits; its drop makes it free.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    account: Arc<str>,
    given_up: CancellationToken,
}

impl Seats {
    /// Takes a place. When there are more than `most` then, the one that has waited longest has to give up its own.
    pub(crate) fn take(&self, account: &str, most: usize) -> Seat {
        let account: Arc<str> = account.into();
        let given_up = CancellationToken::new();
        let mut all = self.all();
        let waiting = all.entry(account.clone()).or_default();
        waiting.push_back(given_up.clone());
        let over = waiting.len().saturating_sub(most.max(1));
        waiting.drain(..over).for_each(|oldest| oldest.cancel());
        drop(all);
        Seat { seats: self.clone(), account, given_up }
    }

    /// How many wait for an account.
    pub(crate) fn of(&self, account: &str) -> usize {
        self.all().get(account).map_or(0, VecDeque::len)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Arc<str>, VecDeque<CancellationToken>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Waits until this place is needed by another. Cancel-safe.
    pub(crate) async fn given_up(&self) {
        self.given_up.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.seats.all();
        // By this it is told from the others, which wait.
        self.given_up.cancel();
        if let Some(waiting) = all.get_mut(&*self.account) {
            waiting.retain(|token| !token.is_cancelled());
            if waiting.is_empty() {
                all.remove(&*self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn the_one_that_has_waited_longest_makes_room() {
        let seats = Seats::default();
        let [first, second] = [seats.take("ann", 2), seats.take("ann", 2)];
        let other = seats.take("bob", 2);
        assert!(first.given_up().now_or_never().is_none());
        let third = seats.take("ann", 2);
        let over = [&first, &second, &third, &other].map(|seat| seat.given_up().now_or_never().is_some());
        assert_eq!(over, [true, false, false, false]);
        assert_eq!((seats.of("ann"), seats.of("bob")), (2, 1));
        // A lower limit holds from the next one on.
        let fourth = seats.take("ann", 1);
        assert_eq!(seats.of("ann"), 1);
        drop((first, second, third));
        assert_eq!(seats.of("ann"), 1);
        drop((fourth, other));
        assert!(seats.all().is_empty());
    }
}
