//! The writes: in one request where the service can, else by reading first; many of them side by side.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::slice;

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::access::Access;
use super::action::Sent;
use super::client::{Connection, pause, unless_busy};
use super::commit::MAX_ACTIONS;
use super::convert::decode_row;
use super::error::{contended, convert};
use super::key::KeyShape;
use super::read::Walk;
use super::statement::{Otherwise, direct};
use super::unique::unique_indexes;
use crate::db::driver::{Affected, Verb, Write};
use crate::db::plain::{key_bytes, key_values, project};
use crate::db::refusal::exists;
use crate::db::{Query, Returning};
use crate::schema::Table;
use crate::value::{Row, Value};
use crate::{Error, Result};

/// The most removals of one batch of the service.
const REMOVALS_AT_ONCE: usize = 25;
/// How often in a row the service may take none of a batch.
const FRUITLESS: u32 = 10;

impl Connection {
    /// One write.
    ///
    /// # Errors
    /// Those of the service, `AlreadyExists`, `Invalid`; `OverCapacity` under too much contention.
    pub(super) async fn write(&self, write: &Write) -> Result<Affected> {
        match &write.verb {
            Verb::UpdateAll { query, .. } | Verb::DelAll { query } => self.write_all(write, query).await,
            _ => self.write_one(write).await,
        }
    }

    async fn write_one(&self, write: &Write) -> Result<Affected> {
        if let Some(direct) = direct(write, &self.table_name(&write.table))? {
            match (self.send(&direct.action, direct.wanted).await?, direct.otherwise) {
                (Sent::Done(item), _) => return answer(write, item.as_ref()),
                (Sent::Refused, Otherwise::Leave) => return Ok(Affected::default()),
                (Sent::Refused, Otherwise::Conflict) => return Err(exists(&write.table)),
                (Sent::Refused, Otherwise::Unknown) => {}
            }
        }
        let done = self.commit(slice::from_ref(write), false).await?;
        Ok(done.into_iter().next().unwrap_or_default())
    }

    /// Each write on its own, those of different records side by side; what happened, in order.
    pub(super) async fn batch(&self, writes: &[Write]) -> Vec<Result<Affected>> {
        let mut results = Vec::with_capacity(writes.len());
        while results.len() < writes.len() {
            let run = independent(&writes[results.len()..]);
            let calls: Vec<_> = run.iter().map(|write| self.write(write)).collect();
            let calls = stream::iter(calls).buffered(self.options.parallel.max(1));
            results.extend(calls.collect::<Vec<_>>().await);
        }
        results
    }

    /// A write of every record that matches: together if they are few enough for a transaction, else each on
    /// its own.
    async fn write_all(&self, write: &Write, query: &Query) -> Result<Affected> {
        let table = &*write.table;
        let keys = self.keys(table, query).await?;
        let reserved = unique_indexes(table).len();
        if matches!(write.verb, Verb::DelAll { .. }) && query.is_empty() && reserved == 0 && keys.len() > 1 {
            return self.remove_all(table, &keys).await;
        }
        let condition = (!query.is_empty()).then(|| query.clone());
        let of_one = |key: Vec<Value>| {
            let verb = match &write.verb {
                Verb::UpdateAll { changes, .. } => {
                    Verb::Update { key, changes: changes.clone(), condition: condition.clone(), insert: None }
                }
                _ => Verb::Del { key, condition: condition.clone() },
            };
            Write { table: write.table.clone(), verb, returning: Returning::Nothing }
        };
        let actions = keys.len() * (1 + 2 * reserved);
        let writes: Vec<Write> = keys.into_iter().map(of_one).collect();
        let count = if writes.len() > 1 && actions <= MAX_ACTIONS {
            self.commit(&writes, false).await?.iter().map(|done| done.count).sum()
        } else {
            let calls: Vec<_> = writes.iter().map(|write| self.write_one(write)).collect();
            let calls = stream::iter(calls).buffer_unordered(self.options.parallel.max(1));
            calls.try_fold(0, async |sum, done| Ok(sum + done.count)).await?
        };
        Ok(Affected { count, row: None })
    }

    async fn keys(&self, table: &Table, query: &Query) -> Result<Vec<Vec<Value>>> {
        let access = Access::of(&KeyShape::of(table)?, query)?;
        let mut keys = Vec::new();
        let mut visit = |row: Row| {
            keys.push(key_values(table, &row)?);
            Ok(ControlFlow::Continue(()))
        };
        self.walk(&Walk { table, query, access, wanted: None }, &mut visit).await?;
        Ok(keys)
    }

    /// Removes records whatever they hold.
    async fn remove_all(&self, table: &Table, keys: &[Vec<Value>]) -> Result<Affected> {
        let chunks: Vec<_> =
            keys.chunks(REMOVALS_AT_ONCE).map(|keys| self.remove_some(table, keys)).collect();
        let calls = stream::iter(chunks).buffer_unordered(self.options.parallel.max(1));
        calls.try_collect::<()>().await?;
        Ok(Affected { count: keys.len() as u64, row: None })
    }

    async fn remove_some(&self, table: &Table, keys: &[Vec<Value>]) -> Result<()> {
        let (shape, name) = (KeyShape::of(table)?, self.table_name(table));
        let mut left = Vec::with_capacity(keys.len());
        for key in keys {
            let request = DeleteRequest::builder().set_key(Some(shape.item(key)?)).build();
            let request = request.map_err(|e| Error::internal("a removal of dynamodb").source(e))?;
            left.push(WriteRequest::builder().delete_request(request).build());
        }
        let mut fruitless = 0;
        while !left.is_empty() {
            let asked = left.len();
            // To remove twice what is to be gone does no harm.
            let call = self.repeating().await?.batch_write_item().request_items(&name, left);
            let done =
                unless_busy(|| call.clone().send()).await.map_err(|e| convert(e, &table.name, true))?;
            left = done.unprocessed_items.and_then(|mut all| all.remove(&name)).unwrap_or_default();
            fruitless = if left.len() < asked { 0 } else { fruitless + 1 };
            if fruitless == FRUITLESS {
                return Err(contended(&table.name));
            }
            if !left.is_empty() {
                pause(fruitless + 4).await;
            }
        }
        Ok(())
    }
}

/// What a write of one request says to its caller.
fn answer(write: &Write, item: Option<&super::convert::Item>) -> Result<Affected> {
    let table = &*write.table;
    let row = match (&write.verb, write.returning, item) {
        (_, Returning::Nothing, _) => None,
        (Verb::Add { row, .. }, Returning::New, _) => Some(project(table, row, &[], &[])),
        (.., Some(item)) if !item.is_empty() => Some(project(table, &decode_row(table, item)?, &[], &[])),
        _ => None,
    };
    Ok(Affected { count: 1, row })
}

/// The first writes that are of different records, at least one: a write of many records stands alone.
fn independent(writes: &[Write]) -> &[Write] {
    let mut seen = HashSet::new();
    let mut is_new = |write: &Write| {
        let key = match &write.verb {
            Verb::Add { row, .. } | Verb::Put { row, .. } => key_values(&write.table, row),
            Verb::Update { key, .. } | Verb::Del { key, .. } => Ok(key.clone()),
            Verb::UpdateAll { .. } | Verb::DelAll { .. } => return false,
        };
        // A value that another write of the batch gives up may be wanted.
        let alone = !unique_indexes(&write.table).is_empty();
        let id = key.and_then(|key| key_bytes(&write.table, &key));
        !alone && id.is_ok_and(|id| seen.insert((write.table.name.clone(), id)))
    };
    let count = writes.iter().position(|write| !is_new(write)).unwrap_or(writes.len());
    &writes[..count.max(1)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::schema::Column;

    fn removal(table: &Arc<Table>, key: &str) -> Write {
        let verb = Verb::Del { key: vec![key.into()], condition: None };
        Write { table: table.clone(), verb, returning: Returning::Nothing }
    }

    #[test]
    fn writes_of_one_record_stay_in_order() {
        let table = Arc::new(Table::new("t").column(Column::text("id").primary()));
        let writes = ["a", "b", "a", "c"].map(|key| removal(&table, key));
        assert_eq!(independent(&writes).len(), 2);
        assert_eq!(independent(&writes[2..]).len(), 2);
    }

    #[test]
    fn writes_with_unique_columns_stay_in_order() {
        let table = Table::new("t").column(Column::text("id").primary()).column(Column::text("u").unique());
        let table = Arc::new(table);
        let writes = ["a", "b"].map(|key| removal(&table, key));
        assert_eq!(independent(&writes).len(), 1);
    }
}
