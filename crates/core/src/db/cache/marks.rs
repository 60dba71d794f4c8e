//! What a write does to rows that are kept, here and elsewhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::counts::Counter;
use super::debt::Debt;
use super::key_text;
use super::named::{NamedKey, touched};
use super::shared::{Scope, Shared};
use super::stamps::{Place, Region, Stamp, Stamps};
use crate::db::driver::Verb;
use crate::task;
use crate::value::Value;
use crate::{Error, ErrorKind};

/// Beyond so many keys of one table, all of it is out of date.
const KEYS: usize = 256;

/// The pauses after a write of which nobody knows whether and when it happens.
const AGAIN: [Duration; 6] = [ms(0), ms(100), ms(1_000), ms(5_000), ms(15_000), ms(60_000)];
/// Such writes of one table that are seen to at once; of more, rows may be out of date until their time is over.
const UNSURE: usize = 1_000;

/// The pauses between attempts to tell other hosts of a write.
const FIRST_PAUSE: Duration = ms(50);
const LONGEST_PAUSE: Duration = ms(1_000);

const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// The way to tell of writes to one table.
#[derive(Debug)]
pub(in crate::db) struct TableMarks {
    stamps: Arc<Stamps>,
    region: Region,
    pub(super) shared: Option<Arc<Shared>>,
    pub(super) scope: Scope,
    /// The named keys of the table; none when it is not known which ones other processes have.
    named: Option<Vec<NamedKey>>,
    unsure: Arc<Semaphore>,
    debt: Debt,
    pub(super) invalidations: Counter,
}

impl TableMarks {
    pub(super) fn new(
        stamps: Arc<Stamps>,
        shared: Option<Arc<Shared>>,
        scope: Scope,
        named: Option<Vec<NamedKey>>,
    ) -> Self {
        let region = Region::of(&scope.table);
        let unsure = Arc::new(Semaphore::new(UNSURE));
        let (debt, invalidations) = (Debt::default(), Counter::default());
        Self { stamps, region, shared, scope, named, unsure, debt, invalidations }
    }

    /// The named keys of the table.
    pub(in crate::db) fn named(&self) -> &[NamedKey] {
        self.named.as_deref().unwrap_or_default()
    }

    /// What a write to the record with this key makes out of date; none is all of the table.
    pub(in crate::db) fn touched(&self, key: &[Value], verb: &Verb) -> Option<Vec<String>> {
        touched(self.named.as_deref()?, key_text(key), verb)
    }

    pub(super) fn place(&self, key: &str) -> Place {
        self.region.place(key)
    }

    pub(super) fn stamp(&self, place: Place) -> Option<Stamp> {
        self.stamps.read(place)
    }

    /// Begins a write to what was [`touched`](Self::touched).
    pub(in crate::db) fn write(self: &Arc<Self>, touched: Option<Vec<String>>) -> Writing {
        let keys = touched.and_then(|mut keys| {
            keys.sort_unstable();
            keys.dedup();
            (keys.len() <= KEYS).then_some(keys)
        });
        Writing::begin(self.clone(), keys)
    }

    /// Begins a write to any records.
    pub(in crate::db) fn write_any(self: &Arc<Self>) -> Writing {
        self.write(None)
    }

    /// As a write by somebody else on this home.
    #[cfg(test)]
    pub(super) fn renew_for_test(&self) {
        self.renew(None);
    }

    /// Rows that other hosts share, if this table's are.
    pub(super) fn far(&self) -> Option<&Arc<Shared>> {
        self.shared.as_ref().filter(|shared| shared.is_far)
    }

    /// Whether other hosts have still to be told of a write of this process.
    pub(super) fn is_owing(&self) -> bool {
        self.debt.is_owed()
    }

    async fn forget(self: &Arc<Self>, keys: Option<&[String]>) {
        let Some(shared) = &self.shared else { return };
        // Who shares on this home is told by its stamps as well.
        if !shared.forget(&self.scope, keys).await && shared.is_far && self.debt.owe(keys) {
            task::spawn("cache", self.clone().pay());
        }
    }

    /// Tells other hosts what they have not been told yet, until they are.
    async fn pay(self: Arc<Self>) {
        let Some(shared) = self.far() else { return };
        let mut pause = FIRST_PAUSE;
        while let Some(keys) = self.debt.next() {
            if shared.forget(&self.scope, keys.as_deref()).await {
                pause = FIRST_PAUSE;
                continue;
            }
            self.debt.put_back(keys.as_deref());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn renew(&self, keys: Option<&[String]>) {
        self.stamps.renew(self.region, keys);
    }
}

/// A write under way: rows are made out of date before it, and again once it has happened.
///
/// The second time is the one that counts. The first is for a process that is killed in between: what could be
/// kept then is only what was read while it wrote.
#[must_use = "the write ends with `done`"]
#[derive(Debug)]
pub(in crate::db) struct Writing {
    marks: Arc<TableMarks>,
    /// None are all.
    keys: Option<Vec<String>>,
    over: bool,
}

impl Writing {
    fn begin(marks: Arc<TableMarks>, keys: Option<Vec<String>>) -> Self {
        marks.renew(keys.as_deref());
        Self { marks, keys, over: false }
    }

    /// Ends the write with the errors it has ended in, if any: when this returns, no read that begins finds a row from
    /// before it.
    pub(in crate::db) async fn done<'a>(mut self, errors: impl IntoIterator<Item = &'a Error>) {
        let unsure = errors.into_iter().any(is_unsure);
        // The shared rows first: what is read there until they have forgotten is kept with the old stamp.
        self.marks.forget(self.keys.as_deref()).await;
        self.over = true;
        self.marks.invalidations.count();
        self.marks.renew(self.keys.as_deref());
        if unsure {
            self.again();
        }
    }

    /// Makes the rows out of date some more times, as the write may be waiting in the database still.
    fn again(&mut self) {
        let Ok(permit) = self.marks.unsure.clone().try_acquire_owned() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            let (marks, keys) = (self.marks.clone(), self.keys.take());
            task::spawn("cache", async move {
                let _permit = permit;
                for pause in AGAIN {
                    tokio::time::sleep(pause).await;
                    marks.forget(keys.as_deref()).await;
                    marks.renew(keys.as_deref());
                }
            });
        }
    }
}

/// The caller has gone away, and what it wrote has happened, or will, or not.
impl Drop for Writing {
    fn drop(&mut self) {
        if !self.over {
            self.marks.invalidations.count();
            self.marks.renew(self.keys.as_deref());
            self.again();
        }
    }
}

/// Whether a write that ended in this error may happen nevertheless.
fn is_unsure(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Internal)
}
