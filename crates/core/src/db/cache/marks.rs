//! What a write does to rows that are kept, here and elsewhere.

use std::sync::Arc;

use super::counts::Counter;
use super::shared::{Scope, Shared};
use super::stamps::{Place, Region, Stamp, Stamps};
use crate::task;

/// Beyond so many keys of one table, all of it is out of date.
const KEYS: usize = 256;

/// The way to tell of writes to one table.
#[derive(Debug)]
pub(in crate::db) struct TableMarks {
    stamps: Arc<Stamps>,
    region: Region,
    pub(super) shared: Option<Arc<Shared>>,
    pub(super) scope: Scope,
    pub(super) invalidations: Counter,
}

impl TableMarks {
    pub(super) fn new(stamps: Arc<Stamps>, shared: Option<Arc<Shared>>, scope: Scope) -> Self {
        let region = Region::of(&scope.table);
        Self { stamps, region, shared, scope, invalidations: Counter::default() }
    }

    pub(super) fn place(&self, key: &str) -> Place {
        self.region.place(key)
    }

    pub(super) fn stamp(&self, place: Place) -> Option<Stamp> {
        self.stamps.read(place)
    }

    /// Begins a write to the records of these keys.
    pub(in crate::db) fn write(self: &Arc<Self>, mut keys: Vec<String>) -> Writing {
        keys.sort_unstable();
        keys.dedup();
        Writing::begin(self.clone(), (keys.len() <= KEYS).then_some(keys))
    }

    /// Begins a write to any records.
    pub(in crate::db) fn write_any(self: &Arc<Self>) -> Writing {
        Writing::begin(self.clone(), None)
    }

    /// As a write by somebody else on this home.
    #[cfg(test)]
    pub(super) fn renew_for_test(&self) {
        self.renew(None);
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

    /// Ends the write: when this returns, no read that begins finds a row from before it. Call it whether the
    /// database did what it was told or not: an error may come too late.
    pub(in crate::db) async fn done(mut self) {
        // The shared rows first: what is read there until they have forgotten is kept with the old stamp.
        if let Some(shared) = &self.marks.shared {
            shared.forget(&self.marks.scope, self.keys.as_deref()).await;
        }
        self.end();
    }

    fn end(&mut self) {
        self.over = true;
        self.marks.invalidations.count();
        self.marks.renew(self.keys.as_deref());
    }
}

/// The caller has gone away, and what it wrote may have happened.
impl Drop for Writing {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.end();
        let Some(shared) = self.marks.shared.clone() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            let (marks, keys) = (self.marks.clone(), self.keys.take());
            task::spawn("cache", async move {
                shared.forget(&marks.scope, keys.as_deref()).await;
                marks.renew(keys.as_deref());
            });
        }
    }
}
