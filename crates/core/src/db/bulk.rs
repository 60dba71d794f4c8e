//! The operations on several records at once.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::cache::{TableMarks, Writing};
use super::driver::{Affected, Driver, Write};
use super::entry::Entry;
use super::request::Request;
use super::{Action, Db, Key, Operation, Options, Outcome, Written};
use crate::value::Name;
use crate::{Error, ErrorKind, Result};

/// Whether these are one pool, which has transactions.
fn is_one(pools: &[&Arc<dyn Driver>]) -> bool {
    let Some((first, others)) = pools.split_first() else { return true };
    first.capabilities().transactions && others.iter().all(|other| Arc::ptr_eq(first, other))
}

/// An operation that is ready, with the place of its answer.
struct Ready<'a> {
    at: usize,
    entry: &'a Entry,
    driver: &'a Arc<dyn Driver>,
    request: Request,
}

impl Db {
    /// Tries every operation and says of each what happened, in order. Each is atomic on its own, and sees
    /// what those before it wrote; the failure of one stops no other, unless `options.stop_on_error`. Options are
    /// those of each operation; `options.pool` is that of operations that name none.
    ///
    /// With `options.stop_on_error` each operation waits for the one before it; those on a table of which one has
    /// failed are not tried and have an error of the kind `NotTried`.
    ///
    /// # Errors
    /// None for the whole today; callers must not rely on it.
    pub async fn batch(&self, operations: Vec<Operation>, options: &Options) -> Result<Vec<Result<Outcome>>> {
        let operations = in_pool(operations, options);
        let mut outcomes: Vec<Result<Outcome>> = Vec::with_capacity(operations.len());
        let mut ready: Vec<Ready<'_>> = Vec::new();
        let mut failed: HashSet<Name> = HashSet::new();
        for (at, operation) in operations.iter().enumerate() {
            if options.stop_on_error {
                self.flush(&mut ready, &operations, &mut outcomes).await;
                failed.extend(
                    outcomes.last().filter(|o| o.is_err()).map(|_| self.name_of(&operations[at - 1])),
                );
                if failed.contains(&self.name_of(operation)) {
                    outcomes.push(Err(not_tried(operation)));
                    continue;
                }
            }
            outcomes.push(Ok(Outcome::Written(Written::default())));
            if operation.action == Action::Get {
                self.flush(&mut ready, &operations, &mut outcomes).await;
                let key = Key::Columns(operation.record.clone());
                let found = self.get_row(&operation.table, key, &operation.options).await;
                outcomes[at] = found.map(Outcome::Row);
                continue;
            }
            match self.ready(at, operation) {
                Ok(Some(next)) => {
                    if ready.last().is_some_and(|last| !Arc::ptr_eq(last.driver, next.driver)) {
                        self.flush(&mut ready, &operations, &mut outcomes).await;
                    }
                    ready.push(next);
                }
                Ok(None) => {}
                Err(e) => outcomes[at] = Err(e),
            }
        }
        self.flush(&mut ready, &operations, &mut outcomes).await;
        Ok(outcomes)
    }

    /// Applies all operations or none. An update that matches no record fails it, as does a conditional
    /// removal that matches none.
    ///
    /// # Errors
    /// `ConditionFailed`, or the error of the operation that failed; `Invalid` for a get; `Unsupported`
    /// when the operations are of several pools, the driver has no transactions, or there are too many.
    pub async fn transact(&self, operations: Vec<Operation>, options: &Options) -> Result<Vec<Written>> {
        let operations = in_pool(operations, options);
        let mut all: Vec<Ready<'_>> = Vec::with_capacity(operations.len());
        for (at, operation) in operations.iter().enumerate() {
            if operation.action == Action::Get {
                return Err(Error::invalid(
                    "a transaction only writes: read before it, and make that its condition",
                ));
            }
            all.extend(self.ready(at, operation)?);
        }
        let mut written = vec![Written::default(); operations.len()];
        let Some(driver) = all.first().map(|first| first.driver) else { return Ok(written) };
        admit(driver, &all)?;
        let writings = writings(&all);
        for removal in
            all.iter().filter_map(|r| r.entry.removal_of_expired(driver.capabilities(), &r.request))
        {
            driver.write(removal).await?;
        }
        let writes = all.iter().map(|r| r.request.write.clone()).collect();
        let done = driver.transact(writes).await;
        end(writings, done.as_ref().err()).await;
        for (ready, affected) in all.into_iter().zip(done?) {
            let at = ready.at;
            written[at] = ready.finish(affected, &operations[at].options)?;
        }
        Ok(written)
    }

    /// Whether operations on these tables can be one [transaction](Self::transact): they are in one pool, and it has
    /// transactions.
    ///
    /// # Errors
    /// `NotFound` for an unknown table.
    pub fn are_together(&self, tables: &[&str]) -> Result<bool> {
        let pools = tables.iter().map(|table| self.pool_of(table)).collect::<Result<Vec<_>>>()?;
        Ok(is_one(&pools))
    }

    /// Applies operations as one [transaction](Self::transact) where the tables are [together](Self::are_together),
    /// else one after the other up to the first that fails, where again an update that matches no record, and a
    /// conditional removal that matches none, fails. Order them so that what is left then does no harm, and so that
    /// doing the same again completes it.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    pub async fn apply(&self, operations: Vec<Operation>) -> Result<Vec<Written>> {
        let pool = |operation: &Operation| match operation.options.pool.as_deref() {
            Some(name) => Ok(self.pool(name)),
            None => self.pool_of(&operation.table),
        };
        if is_one(&operations.iter().map(pool).collect::<Result<Vec<_>>>()?) {
            return self.transact(operations, &Options::new()).await;
        }
        let mut done = Vec::with_capacity(operations.len());
        for operation in operations {
            let Operation { action, table, record, options } = operation;
            let needed = action == Action::Update || options.condition.is_some();
            let written = match action {
                Action::Get => return Err(Error::invalid("a get is no change")),
                Action::Add => self.add(&table, record, &options).await?,
                Action::Put => self.put(&table, record, &options).await?,
                Action::Update => self.update(&table, record, &options).await?,
                Action::Incr => self.incr(&table, record, &options).await?,
                Action::Del => self.del(&table, record, &options).await?,
            };
            if needed && written.affected == 0 {
                return Err(Error::new(ErrorKind::ConditionFailed, format!("no such record in {table}")));
            }
            done.push(written);
        }
        Ok(done)
    }

    /// The name of the table, whatever the operation calls it.
    fn name_of(&self, operation: &Operation) -> Name {
        let entry = self.entry(&operation.table);
        entry.map_or_else(|_| operation.table.clone(), |entry| entry.plan.table.name.clone())
    }

    fn ready<'a>(&'a self, at: usize, operation: &Operation) -> Result<Option<Ready<'a>>> {
        let entry = self.entry(&operation.table)?;
        let driver = match operation.options.pool.as_deref() {
            Some(name) => self.pool(name),
            None => &entry.driver,
        };
        let request = self.request(entry, operation.action, operation.record.clone(), &operation.options)?;
        Ok(request.map(|request| Ready { at, entry, driver, request }))
    }

    /// Hands the writes collected so far, which are of one driver, to it.
    async fn flush(
        &self,
        ready: &mut Vec<Ready<'_>>,
        operations: &[Operation],
        outcomes: &mut [Result<Outcome>],
    ) {
        let ready = std::mem::take(ready);
        let Some(driver) = ready.first().map(|first| first.driver) else { return };
        let writings = writings(&ready);
        let removals: Vec<Write> = ready
            .iter()
            .filter_map(|r| r.entry.removal_of_expired(driver.capabilities(), &r.request))
            .collect();
        if !removals.is_empty() {
            // An expired record that could not be removed makes its own write fail, which is reported.
            driver.batch(removals).await;
        }
        let writes = ready.iter().map(|r| r.request.write.clone()).collect();
        let done = driver.batch(writes).await;
        end(writings, done.iter().filter_map(|one| one.as_ref().err())).await;
        for (ready, affected) in ready.into_iter().zip(done) {
            let at = ready.at;
            let written = affected.and_then(|affected| ready.finish(affected, &operations[at].options));
            outcomes[at] = written.map(Outcome::Written);
        }
    }
}

impl Ready<'_> {
    fn finish(self, affected: Affected, options: &Options) -> Result<Written> {
        self.entry.written(affected, self.request.prepared, self.request.not_created, options)
    }
}

fn not_tried(operation: &Operation) -> Error {
    let text = format!("not tried: an operation on {:.40} before this one has failed", operation.table);
    Error::new(ErrorKind::NotTried, text)
}

/// Begins the writes of these operations, for those who keep rows: one for each table.
fn writings(all: &[Ready<'_>]) -> Vec<Writing> {
    let mut tables: Vec<(&Arc<TableMarks>, Option<Vec<String>>)> = Vec::new();
    for ready in all {
        let (Some(marks), Some(key)) = (&ready.entry.marks, &ready.request.key) else { continue };
        let touched = marks.touched(key, &ready.request.write.verb);
        match tables.iter_mut().find(|(known, _)| Arc::ptr_eq(known, marks)) {
            Some((_, before)) => {
                *before = before.take().zip(touched).map(|(before, touched)| [before, touched].concat());
            }
            None => tables.push((marks, touched)),
        }
    }
    tables.into_iter().map(|(marks, touched)| marks.write(touched)).collect()
}

async fn end<'a>(writings: Vec<Writing>, errors: impl IntoIterator<Item = &'a Error> + Clone) {
    join_all(writings.into_iter().map(|writing| writing.done(errors.clone()))).await;
}

fn in_pool(mut operations: Vec<Operation>, options: &Options) -> Vec<Operation> {
    if let Some(pool) = &options.pool {
        for operation in &mut operations {
            operation.options.pool.get_or_insert_with(|| pool.clone());
        }
    }
    operations
}

fn admit(driver: &Arc<dyn Driver>, all: &[Ready<'_>]) -> Result<()> {
    let can = driver.capabilities();
    let refuse = |text: String| Err(Error::new(ErrorKind::Unsupported, text));
    if !can.transactions {
        return refuse(format!("{} has no transactions", driver.name()));
    }
    if can.transaction_limit > 0 && all.len() > can.transaction_limit {
        let (count, limit) = (all.len(), can.transaction_limit);
        return refuse(format!(
            "a transaction of {count} writes is over the limit of {limit} of {}",
            driver.name()
        ));
    }
    if all.iter().any(|r| !Arc::ptr_eq(r.driver, driver)) {
        return refuse("a transaction cannot span several pools".into());
    }
    Ok(())
}
