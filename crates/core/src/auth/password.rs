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

/// Memory above which a stored hash is not even tried, in KiB: a record must not take the server down.
const MAX_MEMORY_KIB: u32 = 256 * 1024;

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
    /// `Config` when the cost is out of argon2's range or above 256 MiB.
    pub fn new(cost: Cost) -> Result<Self> {
        let bad = |why: String| Error::new(ErrorKind::Config, format!("password cost: {why}"));
        if cost.memory_kib > MAX_MEMORY_KIB {
            return Err(bad(format!("memory must be at most {MAX_MEMORY_KIB} KiB")));
        }
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
                    Ok(Verified { rehash: known.is_cheaper_than(&self.cost) })
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
        if cost.memory_kib > MAX_MEMORY_KIB {
            return Err(format!("needs {} KiB of memory, more than is allowed", cost.memory_kib));
        }
        Ok(Self { hash, cost })
    }

    fn is_cheaper_than(&self, cost: &Cost) -> bool {
        self.cost.memory_kib < cost.memory_kib
            || self.cost.passes < cost.passes
            || self.cost.lanes < cost.lanes
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::NotAuthenticated, "not authenticated")
}
