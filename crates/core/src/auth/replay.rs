//! Each signed request once.
//!
//! A signature is a password for one request until it expires: whoever reads it on the way can send it
//! again. A replay guard remembers the signatures that were admitted, for as long as they are valid.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::signature::Signature;
use crate::{Error, ErrorKind, Result};

/// What a guard is asked to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// [`Signature::fingerprint`].
    pub fingerprint: [u8; 32],
    /// The last moment at which the signature is accepted, milliseconds since 1970.
    pub until_ms: i64,
    /// The clock of the caller, milliseconds since 1970.
    pub now_ms: i64,
}

impl Admission {
    /// The admission of a signature that is accepted up to `age_ms` after its expiry.
    pub fn of(signature: &Signature, age_ms: i64, now_ms: i64) -> Self {
        let until_ms = signature.expires_ms().saturating_add(age_ms);
        Self { fingerprint: signature.fingerprint(), until_ms, now_ms }
    }
}

/// Admits each signature once.
///
/// An implementation that several processes share gives them one answer between them: of any number of
/// simultaneous calls for a signature, one succeeds.
pub trait ReplayGuard: Send + Sync + fmt::Debug {
    /// Admits a signature that has been verified, once.
    ///
    /// Call it after verification: before it, anyone could fill the guard. A call that is dropped may have
    /// counted.
    ///
    /// # Errors
    /// `NotAuthenticated` when it was admitted before, `Expired` when it is past its time, `OverCapacity`
    /// when the guard is full: it refuses rather than forgets.
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<()>>;
}

/// A guard for the signatures of one process.
#[derive(Debug)]
pub struct LocalReplayGuard {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    fingerprints: HashSet<[u8; 32]>,
    by_expiry: BTreeSet<(i64, [u8; 32])>,
}

impl LocalReplayGuard {
    /// A guard that remembers at most `capacity` signatures at a time, about 150 bytes each.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::default() }
    }

    /// Admits without waiting; what [`ReplayGuard::admit`] does.
    ///
    /// # Errors
    /// See [`ReplayGuard::admit`].
    pub fn admit_now(&self, admission: Admission) -> Result<()> {
        let Admission { fingerprint, until_ms, now_ms } = admission;
        if until_ms < now_ms {
            return Err(Error::new(ErrorKind::Expired, "the signature has expired: sign the request anew"));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(&(until, old)) = seen.by_expiry.first() {
            if until >= now_ms {
                break;
            }
            seen.by_expiry.pop_first();
            seen.fingerprints.remove(&old);
        }
        if seen.fingerprints.contains(&fingerprint) {
            return Err(Error::new(
                ErrorKind::NotAuthenticated,
                "the signature was used before: sign each request anew",
            ));
        }
        if seen.fingerprints.len() >= self.capacity {
            return Err(Error::new(
                ErrorKind::OverCapacity,
                "too many signed requests, please try again later",
            ));
        }
        seen.fingerprints.insert(fingerprint);
        seen.by_expiry.insert((until_ms, fingerprint));
        Ok(())
    }

    /// How many signatures are remembered.
    pub fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).fingerprints.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReplayGuard for LocalReplayGuard {
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(self.admit_now(admission)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn admission(n: u8, until_ms: i64, now_ms: i64) -> Admission {
        Admission { fingerprint: [n; 32], until_ms, now_ms }
    }

    #[tokio::test]
    async fn a_signature_is_admitted_once() {
        let guard: Arc<dyn ReplayGuard> = Arc::new(LocalReplayGuard::new(10));
        assert!(guard.admit(admission(1, 10, 0)).await.is_ok());
        assert_eq!(guard.admit(admission(1, 10, 10)).await.unwrap_err().status(), 401);
        assert!(guard.admit(admission(2, 10, 0)).await.is_ok());
        assert_eq!(guard.admit(admission(1, 10, 11)).await.unwrap_err().status(), 406);
    }

    #[test]
    fn one_of_many_simultaneous_calls_wins() {
        let guard = LocalReplayGuard::new(10);
        let wins = std::thread::scope(|scope| {
            let calls: Vec<_> =
                (0..50).map(|_| scope.spawn(|| guard.admit_now(admission(1, 10, 0)).is_ok())).collect();
            calls.into_iter().filter_map(|c| c.join().ok()).filter(|won| *won).count()
        });
        assert_eq!(wins, 1);
    }

    #[test]
    fn a_full_guard_refuses_until_something_expires() {
        let guard = LocalReplayGuard::new(2);
        guard.admit_now(admission(1, 10, 0)).unwrap();
        guard.admit_now(admission(2, 20, 0)).unwrap();
        assert_eq!(guard.admit_now(admission(3, 30, 10)).unwrap_err().kind(), ErrorKind::OverCapacity);
        guard.admit_now(admission(3, 30, 11)).unwrap();
        assert_eq!(guard.len(), 2);
    }

    #[test]
    fn the_fingerprint_does_not_depend_on_how_the_value_is_written() {
        let a = Signature::parse(b"4||u|h|10||").unwrap();
        let b = Signature::parse(b"4.0||u |h|10||more").unwrap();
        assert_eq!(Admission::of(&a, 5, 0), Admission::of(&b, 5, 0));
        assert_eq!(Admission::of(&a, 5, 0).until_ms, 15);
    }
}
