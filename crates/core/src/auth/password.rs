//! Password hashes: argon2id to store, and the former format to read.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::secrets::{random_bytes, same_secret};
use super::signature::hmac_sha256;
use crate::{Error, ErrorKind, Result};

/// The longest password, in bytes.
pub const MAX_PASSWORD: usize = 1024;

/// The highest cost; a stored hash above it is not even tried, as a record must not take the server down.
const MAX_COST: Cost = Cost { memory_kib: 256 * 1024, passes: 64, lanes: 16 };

/// What one hash costs. The defaults are the least that is recommended for argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// Whether some part of this cost is below that of another.
    fn is_below(&self, other: &Self) -> bool {
        self.memory_kib < other.memory_kib || self.passes < other.passes || self.lanes < other.lanes
    }

    fn check(&self) -> Result<(), String> {
        if MAX_COST.is_below(self) {
            let Self { memory_kib, passes, lanes } = MAX_COST;
            return Err(format!("must be at most {memory_kib} KiB, {passes} passes and {lanes} lanes"));
        }
        Ok(())
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// What an account's record holds of its password.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// A PHC string of argon2id.
    Argon2(String),
    /// The former format: base64 of HMAC-SHA256 of the password, keyed by the salt.
    Legacy {
        /// The `salt` column.
        salt: String,
        /// The `password` column.
        hash: String,
    },
    /// No such account, or an account without a password: never verifies, and takes as long.
    Nothing,
}

impl Stored {
    /// What the columns `password` and `salt` of a record hold; `None` or empty for what is absent.
    pub fn from_columns(password: Option<&str>, salt: Option<&str>) -> Self {
        match (password.unwrap_or_default(), salt.unwrap_or_default()) {
            ("", _) => Self::Nothing,
            (hash, _) if hash.starts_with('$') => Self::Argon2(hash.to_owned()),
            (_, "") => Self::Nothing,
            (hash, salt) => Self::Legacy { salt: salt.to_owned(), hash: hash.to_owned() },
        }
    }
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Argon2(_) => "Argon2(..)",
            Self::Legacy { .. } => "Legacy(..)",
            Self::Nothing => "Nothing",
        })
    }
}

/// A password that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verified {
    /// The stored hash is of the former format or cheaper than today's cost: hash the password anew and
    /// store that, while the password is at hand.
    pub rehash: bool,
}

/// Hashes and verifies on the calling thread, for tens of milliseconds. Async code goes through a
/// [`Hasher`](super::Hasher).
#[derive(Clone, Debug)]
pub struct Passwords {
    argon2: Argon2<'static>,
    cost: Cost,
    dummy: String,
}

impl Passwords {
    /// Passwords at a cost.
    ///
    /// # Errors
    /// `Config` when the cost is out of argon2's range or above 256 MiB, 64 passes or 16 lanes.
    pub fn new(cost: Cost) -> Result<Self> {
        let bad = |why: String| Error::new(ErrorKind::Config, format!("password cost: {why}"));
        cost.check().map_err(bad)?;
        let params =
            Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(|e| bad(e.to_string()))?;
        let mut this = Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            cost,
            dummy: String::new(),
        };
        this.dummy = this.hash_unbounded(&random_bytes::<16>()?)?;
        Ok(this)
    }

    /// The PHC string to store for a password; the salt and the cost are in it.
    ///
    /// # Errors
    /// `ValidationFailed` when it is empty or longer than [`MAX_PASSWORD`]; `Internal` without randomness.
    pub fn hash(&self, password: &[u8]) -> Result<String> {
        if password.is_empty() || password.len() > MAX_PASSWORD {
            return Err(Error::new(
                ErrorKind::ValidationFailed,
                format!("password: must have 1 to {MAX_PASSWORD} bytes"),
            ));
        }
        self.hash_unbounded(password)
    }

    /// Whether a password is the stored one. Takes one argon2 hash whatever is stored.
    ///
    /// # Errors
    /// `NotAuthenticated` when it is not; `detail` tells the log of a stored hash that cannot be read.
    pub fn verify(&self, stored: &Stored, password: &[u8]) -> Result<Verified> {
        if password.is_empty() || password.len() > MAX_PASSWORD {
            return Err(refused());
        }
        match stored {
            Stored::Argon2(phc) => match Known::read(phc) {
                Ok(known) => {
                    self.argon2.verify_password(password, &known.hash).map_err(|_| refused())?;
                    Ok(Verified { rehash: known.cost.is_below(&self.cost) })
                }
                Err(why) => {
                    self.waste(password);
                    Err(refused().detail(format!("stored password hash: {why}")))
                }
            },
            Stored::Legacy { salt, hash } => {
                self.waste(password);
                let expected = STANDARD.encode(hmac_sha256(salt.as_bytes(), password));
                let same = same_secret(expected, hash) && !salt.is_empty();
                same.then_some(Verified { rehash: true }).ok_or_else(refused)
            }
            Stored::Nothing => {
                self.waste(password);
                Err(refused())
            }
        }
    }

    fn hash_unbounded(&self, password: &[u8]) -> Result<String> {
        self.argon2
            .hash_password_with_salt(password, &random_bytes::<16>()?)
            .map(|hash| hash.to_string())
            .map_err(|e| Error::internal(format!("argon2: {e}")))
    }

    /// Takes the time of one verification.
    fn waste(&self, password: &[u8]) {
        if let Ok(hash) = PasswordHash::new(&self.dummy) {
            let _ = std::hint::black_box(self.argon2.verify_password(password, &hash));
        }
    }
}

struct Known {
    hash: PasswordHash,
    cost: Cost,
}

impl Known {
    fn read(phc: &str) -> Result<Self, String> {
        let hash = PasswordHash::new(phc).map_err(|e| e.to_string())?;
        if hash.algorithm.as_str() != "argon2id" {
            return Err(format!("algorithm {} is not argon2id", hash.algorithm.as_str()));
        }
        let params = Params::try_from(&hash).map_err(|e| e.to_string())?;
        let cost = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
        cost.check()?;
        Ok(Self { hash, cost })
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::NotAuthenticated, "not authenticated")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

    fn status(passwords: &Passwords, stored: &Stored, password: &str) -> u16 {
        passwords.verify(stored, password.as_bytes()).map_or_else(|e| e.status(), |_| 200)
    }

    #[test]
    fn the_cost_and_a_fresh_salt_are_in_the_hash() {
        let passwords = Passwords::new(Cost::default()).unwrap();
        let hash = passwords.hash(b"p1").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(b"p1").unwrap());
        let stored = Stored::from_columns(Some(&hash), None);
        assert_eq!(passwords.verify(&stored, b"p1").unwrap(), Verified { rehash: false });
        assert_eq!(status(&passwords, &stored, "p2"), 401);
    }

    #[test]
    fn a_hash_below_todays_cost_is_to_be_made_anew() {
        let stored = Stored::Argon2(Passwords::new(CHEAP).unwrap().hash(b"p1").unwrap());
        let dearer = Passwords::new(Cost { memory_kib: 16, ..CHEAP }).unwrap();
        assert_eq!(dearer.verify(&stored, b"p1").unwrap(), Verified { rehash: true });
    }

    #[test]
    fn the_former_format_verifies_and_is_to_be_made_anew() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let hash = "uENdiVfb2X7IAiBjJ86I302iSBRVRFoWjIqo1WlcNgc=";
        let stored = Stored::from_columns(Some(hash), Some("abc"));
        assert_eq!(passwords.verify(&stored, b"p1").unwrap(), Verified { rehash: true });
        assert_eq!(status(&passwords, &stored, "p2"), 401);
        assert_eq!(Stored::from_columns(Some(hash), None), Stored::Nothing);
        assert_eq!(Stored::from_columns(None, Some("abc")), Stored::Nothing);
    }

    #[test]
    fn an_account_without_a_password_has_no_password() {
        let passwords = Passwords::new(CHEAP).unwrap();
        for password in ["", "p1"] {
            assert_eq!(status(&passwords, &Stored::Nothing, password), 401);
        }
    }

    #[test]
    fn a_stored_hash_that_is_damaged_or_too_dear_is_refused() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let good = passwords.hash(b"p1").unwrap();
        for phc in [
            "$".to_owned(),
            good[..good.len() - 1].to_owned(),
            good.replace("argon2id", "argon2i"),
            good.replace("m=8", "m=4000000000"),
            good.replace("t=1", "t=4000000"),
            good.replace("v=19", "v=99"),
        ] {
            assert_eq!(status(&passwords, &Stored::Argon2(phc.clone()), "p1"), 401, "{phc}");
        }
    }

    #[test]
    fn the_length_of_a_password_is_bounded() {
        let passwords = Passwords::new(CHEAP).unwrap();
        assert_eq!(passwords.hash(b"").unwrap_err().kind(), ErrorKind::ValidationFailed);
        assert!(passwords.hash(&[b'a'; MAX_PASSWORD]).is_ok());
        assert_eq!(
            passwords.hash(&[b'a'; MAX_PASSWORD + 1]).unwrap_err().kind(),
            ErrorKind::ValidationFailed
        );
    }

    #[test]
    fn a_cost_out_of_range_is_a_configuration_error() {
        for cost in
            [Cost { memory_kib: 1, ..CHEAP }, Cost { passes: 0, ..CHEAP }, Cost { lanes: 17, ..CHEAP }]
        {
            assert_eq!(Passwords::new(cost).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
