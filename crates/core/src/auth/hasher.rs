//! Password hashing for async code, with a bound on how much of it happens at once.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core, so a flood of logins is an attack on its own: hashes go
//! through an [`Offload`].

use std::sync::Arc;

use zeroize::Zeroizing;

use super::password::{Cost, Passwords, Stored, Verified};
use crate::Result;
use crate::offload::{Bounds, Offload};

/// How many hashes run and wait, and what one costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HasherOptions {
    /// How many run at a time, each with a core and the memory of [`Cost`], and how many wait.
    pub bounds: Bounds,
    /// What one costs.
    pub cost: Cost,
}

/// A bounded pool of password hashing. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Hasher {
    passwords: Arc<Passwords>,
    pool: Offload,
}

impl Hasher {
    /// A pool. Takes the time of one hash.
    ///
    /// # Errors
    /// See [`Passwords::new`].
    pub fn new(options: HasherOptions) -> Result<Self> {
        let passwords = Arc::new(Passwords::new(options.cost)?);
        Ok(Self { passwords, pool: Offload::new("logins", options.bounds) })
    }

    /// The PHC string to store for a password.
    ///
    /// # Errors
    /// `OverCapacity` when the queue is full, and those of [`Passwords::hash`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String> {
        let passwords = Arc::clone(&self.passwords);
        self.pool.run(move || passwords.hash(password.as_bytes())).await
    }

    /// Whether a password is the stored one. Pass [`Stored::Nothing`] for an account that is not there.
    ///
    /// # Errors
    /// `OverCapacity` when the queue is full, `NotAuthenticated` when the password is wrong.
    pub async fn verify(&self, stored: Stored, password: Zeroizing<String>) -> Result<Verified> {
        let passwords = Arc::clone(&self.passwords);
        self.pool.run(move || passwords.verify(&stored, password.as_bytes())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn what_it_hashes_it_verifies() {
        let hasher = Hasher::new(HasherOptions { cost: CHEAP, ..HasherOptions::default() }).unwrap();
        let stored = Stored::Argon2(hasher.hash(secret("p1")).await.unwrap());
        assert!(hasher.verify(stored.clone(), secret("p1")).await.is_ok());
        assert_eq!(hasher.verify(stored, secret("p2")).await.unwrap_err().status(), 401);
        assert_eq!(hasher.verify(Stored::Nothing, secret("p1")).await.unwrap_err().status(), 401);
    }
}
