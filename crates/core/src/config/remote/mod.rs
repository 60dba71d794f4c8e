//! Sources on other hosts: the table `bk_config` of a database, and TXT records.
//!
//! [`RemoteSources`] reads them once before a process begins its work, then again and again. What they say goes
//! through [`Config::reload`]: all of it or nothing. Where a source cannot be read, or says what is wrong, the
//! values stay as they are; at a start those stand that were right the last time, which are kept in the folder of
//! data.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Assignment, Config, CoreParams, Handle, Rank, Reload, SourceValues};
use crate::db::DbParams;
use crate::{Error, ErrorKind, Result};
use kept::Kept;
use precedence::Place;
use told::{Told, complaints, hopeless, name, report};

mod dns;
mod kept;
mod precedence;
mod table;
mod told;
#[cfg(feature = "dns")]
mod txt;

pub use dns::DnsParams;
pub use table::{CONFIG_TABLE, config_table};

/// How long reading one source may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How soon a source is read again that could not be read or was wrong; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest pause before another try.
const LAST_RETRY: Duration = Duration::from_secs(60);
/// A source is never read more often.
const SHORTEST: Duration = Duration::from_secs(1);
/// In the order in which they are read: DNS may say which records of the database count.
const RANKS: [Rank; 2] = [Rank::Dns, Rank::Database];

/// The sources on other hosts, as one process reads them.
#[derive(Debug)]
pub struct RemoteSources {
    config: Arc<Config>,
    core: Handle<CoreParams>,
    dns: Handle<DnsParams>,
    db: Handle<DbParams>,
    role: String,
    told: Told,
    /// Readings in a row with a complaint.
    failures: u32,
    /// The time after which the sources themselves want to be read again.
    due: Option<Duration>,
}

/// What a source says now.
#[derive(Debug)]
struct Reading {
    values: SourceValues,
    warnings: Vec<String>,
    due: Option<Duration>,
}

impl Reading {
    fn nothing(rank: Rank) -> Self {
        Self { values: SourceValues { rank, assignments: Vec::new() }, warnings: Vec::new(), due: None }
    }

    fn due_in(&mut self, after: Duration) {
        self.due = Some(self.due.map_or(after, |due| due.min(after)));
    }
}

impl RemoteSources {
    /// The sources that a loaded configuration names, for a process of this role.
    ///
    /// # Errors
    /// `Config` when the parameters of the database or of DNS were not registered.
    pub fn new(config: Arc<Config>, role: &str) -> Result<Self> {
        fn missing() -> Error {
            Error::new(ErrorKind::Config, "the parameters of the remote sources are not registered")
        }
        let registry = config.registry();
        let core = registry.handle::<CoreParams>().ok_or_else(missing)?;
        let dns = registry.handle::<DnsParams>().ok_or_else(missing)?;
        let db = registry.handle::<DbParams>().ok_or_else(missing)?;
        let told = Told::with(config.warnings());
        Ok(Self { config, core, dns, db, role: role.to_owned(), told, failures: 0, due: None })
    }

    /// Whether there is anything to read.
    pub fn are_configured(&self) -> bool {
        !self.db.load().config.is_empty() || self.dns.load().name().is_some()
    }

    /// The types of the records of [`CONFIG_TABLE`] that count for this process, lowest precedence first.
    pub fn types(&self) -> Vec<String> {
        Place::of(&self.core.load(), &self.role).types()
    }

    /// What [`CONFIG_TABLE`] says for this process, lowest precedence first; nothing when `db-config` is empty.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn table(&self) -> Result<Vec<Assignment>> {
        let reading = self.read(Rank::Database).await.transpose()?;
        Ok(reading.map(|reading| reading.values.assignments).unwrap_or_default())
    }

    /// Reads all sources before the process begins its work, so that also what needs a restart takes effect.
    ///
    /// # Errors
    /// `Unavailable` when a source cannot be read and `Config` when it says what is wrong, and nothing is kept of
    /// an earlier reading.
    pub async fn start(&mut self) -> Result<()> {
        for rank in RANKS {
            if let Some(read) = self.read(rank).await {
                self.begin(rank, read)?;
            }
        }
        Ok(())
    }

    /// As [`start`](Self::start), for a process that only shows what stands: nothing is kept for a later start.
    /// Returns what is wrong, a line each; a source that cannot be read says nothing.
    pub async fn look(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for rank in RANKS {
            let Some(read) = self.read(rank).await else { continue };
            let taken = read.and_then(|reading| self.config.complete(vec![reading.values]));
            wrong.extend(taken.err().map(|error| complaints(rank, &error)).into_iter().flatten());
        }
        wrong
    }

    fn begin(&mut self, rank: Rank, read: Result<Reading>) -> Result<()> {
        let kept = self.kept(rank);
        let taken = read.and_then(|reading| {
            let mut reload = self.config.complete(vec![reading.values.clone()])?;
            reload.warnings.extend(reading.warnings.iter().cloned());
            Ok((reading, reload))
        });
        let error = match taken {
            Ok((reading, reload)) => {
                kept.save(&reading.values);
                self.due = earliest(self.due, reading.due);
                self.told.warn(reload.warnings);
                return Ok(());
            }
            Err(error) => error,
        };
        let Some(values) = kept.load(rank) else { return Err(hopeless(rank, &error)) };
        self.told.complain(complaints(rank, &error));
        tracing::warn!(source = name(rank), "the values that were right the last time are used");
        self.config.complete(vec![values])?;
        self.failures = 1;
        Ok(())
    }

    /// Reads all sources from time to time, and when `again` says so, as long as it is polled, and calls `applied` after
    /// each change.
    ///
    /// Returns when there is nothing to read again.
    pub async fn follow(mut self, again: &tokio::sync::Notify, mut applied: impl FnMut(&Reload) + Send) {
        while let Some(pause) = self.pause() {
            let _ = tokio::time::timeout(pause, again.notified()).await;
            if let Some(reload) = self.refresh().await.filter(|reload| !reload.changed.is_empty()) {
                applied(&reload);
            }
        }
    }

    /// Reads all sources again and swaps in what changed; none when nothing could be read, or it was wrong.
    pub async fn refresh(&mut self) -> Option<Reload> {
        let (mut changes, mut warnings, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        self.due = None;
        for rank in RANKS {
            match self.read(rank).await {
                None => {}
                Some(Ok(reading)) => {
                    self.due = earliest(self.due, reading.due);
                    warnings.extend(reading.warnings);
                    changes.push(reading.values);
                }
                Some(Err(error)) => wrong.extend(complaints(rank, &error)),
            }
        }
        let reload = match changes.is_empty() {
            true => None,
            false => match self.config.reload(changes.clone()) {
                Ok(mut reload) => {
                    for values in &changes {
                        self.kept(values.rank).save(values);
                    }
                    reload.warnings.extend(warnings);
                    self.told.warn(std::mem::take(&mut reload.warnings));
                    report(&reload);
                    Some(reload)
                }
                Err(error) => {
                    wrong.extend(error.message().lines().map(|line| format!("nothing is changed: {line}")));
                    None
                }
            },
        };
        self.failures = if wrong.is_empty() { 0 } else { self.failures.saturating_add(1) };
        self.told.complain(wrong);
        reload
    }

    /// How long to wait for the next reading; none when there is nothing to read again.
    fn pause(&self) -> Option<Duration> {
        if !self.are_configured() {
            return None;
        }
        let db = self.db.load();
        let regular = (!db.config_interval.is_zero()).then(|| {
            // By chance, so that not all processes of all hosts ask at the same moment.
            db.config_interval + db.config_interval.mul_f64(rand::random::<f64>() / 10.0)
        });
        let retry = self
            .failures
            .checked_sub(1)
            .map(|earlier| FIRST_RETRY.saturating_mul(2_u32.saturating_pow(earlier)).min(LAST_RETRY));
        earliest(regular, earliest(self.due.map(|due| due.max(SHORTEST)), retry))
    }

    /// What a source says; none when it is not configured.
    async fn read(&self, rank: Rank) -> Option<Result<Reading>> {
        let (core, db) = (self.core.load_full(), self.db.load_full());
        let dns = self.dns.load_full();
        let read = async {
            match rank {
                Rank::Dns => dns::read(&dns).await,
                _ => table::read(&db, core.var(), &self.types()).await,
            }
        };
        let configured = match rank {
            Rank::Dns => dns.name().is_some(),
            _ => !db.config.is_empty(),
        };
        if !configured {
            return None;
        }
        let late = || Error::new(ErrorKind::Timeout, format!("no answer within {} s", LIMIT.as_secs()));
        Some(tokio::time::timeout(LIMIT, read).await.unwrap_or_else(|_| Err(late())))
    }

    /// Where the values of a source are kept, and what they are the values of.
    fn kept(&self, rank: Rank) -> Kept {
        let of = match rank {
            Rank::Dns => self.dns.load().name().unwrap_or_default().to_owned(),
            _ => format!("{}: {}", self.db.load().config, self.types().join(", ")),
        };
        Kept::new(self.folder().join(format!("config-{}-{}.json", short(rank), self.role)), of)
    }

    fn folder(&self) -> PathBuf {
        self.core.load().var()
    }
}

fn short(rank: Rank) -> &'static str {
    match rank {
        Rank::Dns => "dns",
        _ => "database",
    }
}

fn earliest(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
