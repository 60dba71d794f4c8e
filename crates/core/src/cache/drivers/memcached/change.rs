//! Changes of what is there: read, and written in place of what was read.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use rand::Rng as _;
use tokio::sync::Mutex;

use super::flags::Flags;
use crate::connect::memcached::{Found, MemcachedClient, Mode};
use crate::{Error, ErrorKind, Result};

/// How long a writer begins anew.
const PATIENCE: Duration = Duration::from_secs(2);
/// Keys of this process share so many turns.
const TURNS: usize = 256;

/// What becomes of what is there.
pub(super) enum Step {
    /// It stays as it is.
    Keep,
    /// It makes way for these bytes, for so many seconds.
    Put(Vec<u8>, Flags, Option<u64>),
    /// It goes.
    Remove,
}

/// The writers of one key of this process take turns: who waits for another one need not begin anew.
#[derive(Debug)]
pub(super) struct Changes {
    client: MemcachedClient,
    turns: Vec<Mutex<()>>,
}

impl Changes {
    pub(super) fn new(client: MemcachedClient) -> Self {
        Self { client, turns: (0..TURNS).map(|_| Mutex::new(())).collect() }
    }

    /// Looks at what is under a key, and has what `change` says become of it, unless somebody else has changed it
    /// meanwhile: then it looks again.
    ///
    /// # Errors
    /// Those of `change` and of the server; `OverCapacity` when others are always faster.
    pub(super) async fn change<T>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<&Found>) -> Result<(Step, T)>,
    ) -> Result<T> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let _turn = match self.turns.get((hasher.finish() % TURNS as u64) as usize) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let (until, mut pause) = (Instant::now() + PATIENCE, Duration::from_micros(500));
        loop {
            let found = self.client.find(key).await?;
            let (step, answer) = change(found.as_ref())?;
            let done = match (step, &found) {
                (Step::Keep, _) | (Step::Remove, None) => true,
                (Step::Remove, Some(found)) => self.client.remove(key, Some(found.cas)).await?,
                (Step::Put(data, flags, seconds), found) => {
                    let mode = found.as_ref().map_or(Mode::Absent, |found| Mode::Instead(found.cas));
                    self.client.store(key, &data, flags.0, seconds, mode).await?
                }
            };
            if done {
                return Ok(answer);
            }
            if Instant::now() >= until {
                let text = "too many writers change the same value, please try again later";
                return Err(Error::new(ErrorKind::OverCapacity, text));
            }
            let random = pause.mul_f64(rand::rng().random_range(0.0..1.0));
            tokio::time::sleep(random).await;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}
