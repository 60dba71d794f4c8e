//! Writes, within a transaction of the caller.

use heed::{RoTxn, RwTxn};

use super::access::Access;
use super::catalog::Record;
use super::error::{convert, long_key};
use super::index::{KEY_MAX, row_key};
use super::scan::{Deadline, visit};
use super::store::Store;
use crate::db::driver::{Affected, Verb, Write};
use crate::db::plain::{Decider, Step, encode_row, is_live, key_bytes, key_values};
use crate::db::refusal::{exists, unmatched};
use crate::schema::Table;
use crate::value::{Row, Value};
use crate::{ErrorKind, Result};

/// The table of a write as the caller and as the file describe it.
type Both<'a> = (&'a Table, &'a Record);

/// One write.
///
/// # Errors
/// Those of the write, then nothing is changed; LMDB's, then the transaction must end.
pub(super) fn write(store: &Store, txn: &mut RwTxn<'_>, write: &Write, now: Moment) -> Result<Affected> {
    let decider = Decider::new(write)?;
    let record = store.record(txn, &write.table)?;
    let table = (&*write.table, &*record);
    match decider.key()? {
        Some(key) => write_one(store, txn, table, &decider, &key, now.seconds),
        None => store.nested(txn, |txn| write_all(store, txn, table, (write, &decider), now)),
    }
}

/// The time of a write.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// What has expired: seconds since 1970.
    pub(super) seconds: i64,
    /// When it has to end.
    pub(super) deadline: Deadline,
}

/// All writes or none.
///
/// # Errors
/// The first error, or `ConditionFailed` for an update or conditional delete that matched nothing.
pub(super) fn transact(
    store: &Store,
    txn: &mut RwTxn<'_>,
    writes: &[Write],
    now: Moment,
) -> Result<Vec<Affected>> {
    store.nested(txn, |txn| {
        let mut done = Vec::with_capacity(writes.len());
        for (at, one) in writes.iter().enumerate() {
            let affected = write(store, txn, one, now)?;
            if affected.count == 0 && one.must_match() {
                return Err(unmatched(at, one));
            }
            done.push(affected);
        }
        Ok(done)
    })
}

fn write_one(
    store: &Store,
    txn: &mut RwTxn<'_>,
    table: Both<'_>,
    decider: &Decider<'_>,
    key: &[Value],
    now: i64,
) -> Result<Affected> {
    let key = key_bytes(table.0, key)?;
    let stored = store.row(txn, table.0, table.1, &key)?;
    let live = stored.as_ref().filter(|row| is_live(table.0, row, now));
    let step = decider.step(live)?;
    let change = Change { key: &key, stored: stored.as_ref(), step: &step };
    match store.apply(txn, table, change, now) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && decider.yields() => Ok(Affected::default()),
        done => done.map(|()| decider.answer(live, &step)),
    }
}

fn write_all(
    store: &Store,
    txn: &mut RwTxn<'_>,
    table: Both<'_>,
    (write, decider): (&Write, &Decider<'_>),
    now: Moment,
) -> Result<Affected> {
    // First all keys, as changes move records within the index that finds them.
    let mut found = Vec::new();
    if let Verb::UpdateAll { query, .. } | Verb::DelAll { query } = &write.verb {
        let access = Access::best(table.0, table.1, query, &[]);
        visit(store, txn, table, &access, now.deadline, |row| {
            if is_live(table.0, &row, now.seconds) && decider.step(Some(&row))? != Step::Leave {
                found.push(key_bytes(table.0, &key_values(table.0, &row)?)?);
            }
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
    }
    let mut done = Affected::default();
    for key in found {
        now.deadline.check()?;
        let Some(stored) = store.row(txn, table.0, table.1, &key)? else { continue };
        let step = decider.step(Some(&stored))?;
        store.apply(txn, table, Change { key: &key, stored: Some(&stored), step: &step }, now.seconds)?;
        done.count += u64::from(step != Step::Leave);
    }
    Ok(done)
}

/// What is done to one record.
#[derive(Clone, Copy)]
struct Change<'a> {
    key: &'a [u8],
    /// The record that is there, expired or not.
    stored: Option<&'a Row>,
    step: &'a Step,
}

impl Store {
    /// Does a step, with the entries of all indexes. Looks before it changes anything.
    fn apply(&self, txn: &mut RwTxn<'_>, table: Both<'_>, change: Change<'_>, now: i64) -> Result<()> {
        let Change { key, stored, step } = change;
        match step {
            Step::Leave => Ok(()),
            Step::Remove => self.remove(txn, table.1, key, stored),
            Step::Store(row) => {
                if key.len() > KEY_MAX {
                    return Err(long_key(table.0, KEY_MAX));
                }
                let bytes = encode_row(row)?;
                for expired in self.expired_rivals(txn, table, (row, key), now)? {
                    let old = self.row(txn, table.0, table.1, &expired)?;
                    self.remove(txn, table.1, &expired, old.as_ref())?;
                }
                self.reindex(txn, table.1, key, (stored, Some(row)))?;
                self.rows.put(txn, &row_key(table.1, key), &bytes).map_err(convert)
            }
        }
    }

    fn expired_rivals(
        &self,
        txn: &RoTxn<'_>,
        table: Both<'_>,
        (row, key): (&Row, &[u8]),
        now: i64,
    ) -> Result<Vec<Vec<u8>>> {
        let rivals = self.rivals(txn, table, (row, key), now)?;
        if rivals.live { Err(exists(table.0)) } else { Ok(rivals.expired) }
    }

    fn remove(&self, txn: &mut RwTxn<'_>, record: &Record, key: &[u8], stored: Option<&Row>) -> Result<()> {
        self.reindex(txn, record, key, (stored, None))?;
        self.rows.delete(txn, &row_key(record, key)).map(drop).map_err(convert)
    }
}
