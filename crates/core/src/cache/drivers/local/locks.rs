//! Locks in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{Error, ErrorKind, Result};

/// The number of locks at which those whose time is over are looked for first.
const SWEEP: usize = 1_000;
/// The most locks at once.
const MOST: usize = 100_000;

/// The locks of a store.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_name: HashMap<String, Held>,
    last_token: u64,
    sweep_at: usize,
}

/// Shows no owner.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("locks", &self.by_name.len()).finish_non_exhaustive()
    }
}

struct Held {
    owner: String,
    token: u64,
    until: Instant,
}

impl Locks {
    /// The number of the lock, if it is given.
    ///
    /// # Errors
    /// `OverCapacity` when there are too many.
    pub(super) fn lock(&self, name: String, owner: String, ttl: Duration) -> Result<Option<u64>> {
        let mut kept = self.kept();
        let now = Instant::now();
        if let Some(held) = kept.by_name.get_mut(&name).filter(|held| held.until > now) {
            if held.owner != owner {
                return Ok(None);
            }
            held.until = now + ttl;
            return Ok(Some(held.token));
        }
        if kept.by_name.len() >= kept.sweep_at.max(SWEEP) {
            kept.by_name.retain(|_, held| held.until > now);
            kept.sweep_at = (2 * kept.by_name.len()).min(MOST);
            if kept.by_name.len() >= MOST {
                return Err(Error::new(
                    ErrorKind::OverCapacity,
                    "too many locks are held, please try again later",
                ));
            }
        }
        // Goes on after a start of the process: the time has gone on as well.
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let token = u64::try_from(micros).unwrap_or(0).max(kept.last_token + 1);
        kept.last_token = token;
        kept.by_name.insert(name, Held { owner, token, until: now + ttl });
        Ok(Some(token))
    }

    /// Whether it is held from now on, as it was before.
    pub(super) fn renew(&self, name: &str, owner: &str, ttl: Duration) -> bool {
        let now = Instant::now();
        match self.kept().by_name.get_mut(name) {
            Some(held) if held.owner == owner && held.until > now => {
                held.until = now + ttl;
                true
            }
            _ => false,
        }
    }

    /// Whether it was held until now.
    pub(super) fn unlock(&self, name: &str, owner: &str) -> bool {
        let mut kept = self.kept();
        match kept.by_name.get(name) {
            Some(held) if held.owner == owner => {
                kept.by_name.remove(name).is_some_and(|held| held.until > Instant::now())
            }
            _ => false,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_that_nobody_gave_back_are_swept() {
        let locks = Locks::default();
        for n in 0..SWEEP {
            locks.lock(n.to_string(), "o".into(), Duration::ZERO).expect("locks").expect("is free");
        }
        locks.lock("last".into(), "o".into(), Duration::from_secs(60)).expect("locks").expect("is free");
        assert_eq!(locks.kept().by_name.len(), 1);
    }
}
