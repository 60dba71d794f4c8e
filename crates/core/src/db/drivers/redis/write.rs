//! Writes: decided here from what is stored, applied by the server if that is still so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use rand::Rng as _;

use super::commit::{Change, Expected, Outcome, commit};
use super::convert::Stored;
use super::driver::Store;
use super::keys::Base;
use super::locks::Locks;
use super::plan::plan;
use super::scan::Scan;
use crate::db::driver::{Affected, Verb, Write};
use crate::db::evaluate::Matcher;
use crate::db::plain::{Decider, Step, key_bytes};
use crate::db::refusal::{exists, unmatched};
use crate::{Error, ErrorKind, Result};

/// How long a write is tried again because other processes write the same record.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most records that one write of all that match changes at once.
const TOGETHER: usize = 1000;

/// Writes of a batch that are under way at once.
const BATCH: usize = 64;

impl Store {
    /// One write.
    pub(super) async fn write(&self, write: Write) -> Result<Affected> {
        let decider = Decider::new(&write)?;
        match decider.key()? {
            Some(key) => self.write_one(&write, &decider, &key_bytes(&write.table, &key)?).await,
            None => self.write_all(&write, &decider).await,
        }
    }

    /// Each write on its own, those of one record in their order.
    pub(super) async fn batch(&self, writes: Vec<Write>) -> Vec<Result<Affected>> {
        // A unique value that one write gives up may be what the next one takes.
        let in_turn = |write: &Write| super::driver::has_unique(&write.table);
        let at_once = if writes.iter().any(in_turn) { 1 } else { BATCH };
        let mut groups: Vec<Vec<(usize, Write)>> = Vec::new();
        let mut places: HashMap<Option<(Base, Vec<u8>)>, usize> = HashMap::new();
        for (at, write) in writes.into_iter().enumerate() {
            let place = (at_once > 1).then(|| record_of(&write, self.base(&write.table))).flatten();
            let group = *places.entry(place).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push((at, write));
        }
        let run = |group: Vec<(usize, Write)>| async move {
            let mut done = Vec::with_capacity(group.len());
            for (at, write) in group {
                done.push((at, self.write(write).await));
            }
            done
        };
        let done: Vec<_> = stream::iter(groups).map(run).buffer_unordered(at_once).collect().await;
        let mut done: Vec<_> = done.into_iter().flatten().collect();
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// All writes or none.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Vec<Affected>> {
        let deciders = writes.iter().map(Decider::new).collect::<Result<Vec<_>>>()?;
        let mut records = Vec::with_capacity(writes.len());
        for (write, decider) in writes.iter().zip(&deciders) {
            let key = decider.key()?.ok_or_else(|| {
                let message = "a transaction of a redis pool cannot change all records that match";
                Error::new(ErrorKind::Unsupported, message)
            })?;
            records.push((self.base(&write.table), key_bytes(&write.table, &key)?));
        }
        let places = records.iter().map(|(base, key)| Locks::place(base, key)).collect();
        let _turn = self.locks.hold(places).await;
        let mut patience = Patience::new();
        loop {
            let mut states: HashMap<&(Base, Vec<u8>), Option<Stored>> = HashMap::new();
            let mut changes = Vec::new();
            let mut writers = Vec::new();
            let mut answers = Vec::with_capacity(writes.len());
            for (at, ((write, decider), record)) in writes.iter().zip(&deciders).zip(&records).enumerate() {
                let (base, key) = record;
                let layout = self.layouts.get(&self.client, base, &write.table).await?;
                let is_first = !states.contains_key(record);
                if is_first {
                    states.insert(record, self.stored(&write.table, key).await?);
                }
                let stored = states.get(record).and_then(Option::as_ref);
                let row = stored.map(|stored| &stored.row);
                let step = decider.step(row)?;
                if step == Step::Leave && write.must_match() {
                    return Err(unmatched(at, write));
                }
                answers.push(decider.answer(row, &step));
                let expected = match is_first || !touched(&changes, record) {
                    true => Expected::Is(stored),
                    false => Expected::Changed(stored),
                };
                let change = Change::new(base, &layout, &write.table, key, expected, &step)?;
                if let Some(change) = change {
                    changes.push((record, change));
                    writers.push(at);
                    let row = match step {
                        Step::Store(row) => Some(row),
                        _ => None,
                    };
                    let next = row.map(|row| Stored { version: Vec::new(), row });
                    states.insert(record, next);
                }
            }
            let changes = changes.into_iter().map(|(_, change)| change).collect();
            match commit(&self.client, changes).await? {
                Outcome::Done => return Ok(answers),
                Outcome::Layout => records.iter().for_each(|(base, _)| self.layouts.forget(base)),
                Outcome::Conflict => {}
                Outcome::Taken(at) => {
                    let write = writers.get(at).and_then(|at| writes.get(*at));
                    return Err(write.map_or_else(unknown_change, |write| exists(&write.table)));
                }
            }
            patience.wait().await?;
        }
    }

    async fn write_one(&self, write: &Write, decider: &Decider<'_>, key: &[u8]) -> Result<Affected> {
        let table = &*write.table;
        let base = self.base(table);
        let _turn = self.locks.hold(vec![Locks::place(&base, key)]).await;
        let mut patience = Patience::new();
        // Most records that are added are not there: then there is nothing to read.
        let mut guess = matches!(write.verb, Verb::Add { .. });
        loop {
            let layout = self.layouts.get(&self.client, &base, table).await?;
            let stored = if std::mem::take(&mut guess) { None } else { self.stored(table, key).await? };
            let row = stored.as_ref().map(|stored| &stored.row);
            let step = decider.step(row)?;
            let change = Change::new(&base, &layout, table, key, Expected::Is(stored.as_ref()), &step)?;
            match commit(&self.client, change.into_iter().collect()).await? {
                Outcome::Done => return Ok(decider.answer(row, &step)),
                Outcome::Layout => self.layouts.forget(&base),
                Outcome::Conflict => {}
                Outcome::Taken(_) if decider.yields() => return Ok(Affected::default()),
                Outcome::Taken(_) => return Err(exists(table)),
            }
            patience.wait().await?;
        }
    }

    /// Changes all that match: first the keys are collected, so that no record is met twice because its
    /// change moves it in the index; then they are changed, up to [`TOGETHER`] at once.
    async fn write_all(&self, write: &Write, decider: &Decider<'_>) -> Result<Affected> {
        let (Verb::UpdateAll { query, .. } | Verb::DelAll { query }) = &write.verb else {
            return Err(Error::internal("a write without a key that is not for all records"));
        };
        let table = &*write.table;
        let base = self.base(table);
        let matcher = Matcher::new(table, query)?;
        let layout = self.layouts.get(&self.client, &base, table).await?;
        let walk = plan(&layout.shape, table, query, &[], None);
        let mut scan = Scan::new(&self.client, &base, table, walk, usize::MAX);
        let mut keys = Vec::new();
        while let Some(records) = scan.next().await? {
            let matching = records.into_iter().filter(|found| matcher.matches(&found.stored.row));
            keys.extend(matching.map(|found| found.key));
        }
        if keys.is_empty() {
            self.stored_all(table, &[]).await?;
        }
        let mut count = 0;
        for together in keys.chunks(TOGETHER) {
            count += self.write_these(write, decider, &base, together).await?;
        }
        Ok(Affected { count, row: None })
    }

    async fn write_these(
        &self,
        write: &Write,
        decider: &Decider<'_>,
        base: &Base,
        keys: &[Vec<u8>],
    ) -> Result<u64> {
        let table = &*write.table;
        let _turn = self.locks.hold(keys.iter().map(|key| Locks::place(base, key)).collect()).await;
        let mut patience = Patience::new();
        loop {
            let layout = self.layouts.get(&self.client, base, table).await?;
            let mut changes = Vec::with_capacity(keys.len());
            for (key, stored) in keys.iter().zip(self.stored_all(table, keys).await?) {
                let step = decider.step(stored.as_ref().map(|stored| &stored.row))?;
                changes.extend(Change::new(base, &layout, table, key, Expected::Is(stored.as_ref()), &step)?);
            }
            let count = changes.len() as u64;
            match commit(&self.client, changes).await? {
                Outcome::Done => return Ok(count),
                Outcome::Layout => self.layouts.forget(base),
                Outcome::Conflict => {}
                Outcome::Taken(_) => return Err(exists(table)),
            }
            patience.wait().await?;
        }
    }
}

/// Waits between attempts, longer each time, and not for ever.
struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    fn new() -> Self {
        Self { until: Instant::now() + PATIENCE, pause: Duration::from_micros(250) }
    }

    async fn wait(&mut self) -> Result<()> {
        if Instant::now() >= self.until {
            let message = "too many writers change the same records, please try again later";
            return Err(Error::new(ErrorKind::OverCapacity, message));
        }
        let pause = self.pause.mul_f64(rand::rng().random_range(0.0..1.0));
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(50));
        Ok(())
    }
}

/// Whether a change of the record is among those already made.
fn touched(changes: &[(&(Base, Vec<u8>), Change)], record: &(Base, Vec<u8>)) -> bool {
    changes.iter().any(|(changed, _)| *changed == record)
}

/// The record that a write is about; none when it says none, which the write itself reports.
fn record_of(write: &Write, base: Base) -> Option<(Base, Vec<u8>)> {
    let key = Decider::new(write).ok()?.key().ok()??;
    Some((base, key_bytes(&write.table, &key).ok()?))
}

fn unknown_change() -> Error {
    Error::internal("the server refused a change that was not sent")
}
