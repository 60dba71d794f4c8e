//! Everything that a local cache keeps, and what it answers.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use super::driver::Way;
use super::locks::Locks;
use super::request::{Bytes, Reply, Request};
use super::values::Values;
use crate::Result;
use crate::cache::{Buckets, MAX_VALUE};

/// A local cache: the process that has it answers for all that share it.
#[derive(Debug)]
pub struct Store {
    values: Values,
    locks: Locks,
    buckets: Buckets,
}

impl Store {
    /// A store of at most `entries` values and maps, and about `bytes` bytes of them, names included.
    pub fn new(entries: u64, bytes: u64) -> Self {
        Self { values: Values::new(entries, bytes), locks: Locks::default(), buckets: Buckets::new() }
    }

    /// Answers without waiting.
    ///
    /// # Errors
    /// As the call of the driver that it stands for.
    pub fn answer(&self, request: Request) -> Result<Reply> {
        let values = &self.values;
        Ok(match request {
            Request::Get { keys } => Reply::Values(fitting(keys.iter().map(|key| values.get(key)))),
            Request::Put { items, ttl } => {
                items.into_iter().for_each(|(key, value)| values.put(key, &value.0, ttl));
                Reply::Done
            }
            Request::PutAbsent { key, value, ttl } => Reply::Truth(values.put_absent(key, &value.0, ttl)),
            Request::Incr { key, field: None, by, ttl } => Reply::Number(values.incr(key, by, ttl)?),
            Request::Incr { key, field: Some(field), by, ttl } => {
                Reply::Number(values.map_incr(key, field, by, ttl)?)
            }
            Request::SetMax { key, number, ttl } => Reply::Number(values.set_max(key, number, ttl)?),
            Request::Del { keys } => Reply::Count(keys.iter().filter(|key| values.del(key)).count() as u64),
            Request::Life { key } => Reply::Life(values.life(&key)),
            Request::Keys { prefix, limit } => {
                let mut room = MAX_VALUE;
                let mut names = values.keys(&prefix, limit);
                let mut fits = |name: &String| {
                    room = room.saturating_sub(name.len() + 3);
                    room > 0
                };
                let fitting = names.iter().map_while(|name| fits(name).then_some(())).count();
                names.truncate(fitting);
                Reply::Names(names)
            }
            Request::Clear { prefix } => {
                let all = values.keys(&prefix, usize::MAX);
                Reply::Count(all.iter().filter(|key| values.del(key)).count() as u64)
            }
            Request::MapGet { key, fields } => {
                Reply::Values(fitting(values.map_get(&key, &fields)?.into_iter()))
            }
            Request::MapAll { key } => {
                let all = values.map_all(&key)?.into_iter();
                Reply::Map(all.map(|(field, value)| (field, Bytes(value))).collect::<BTreeMap<_, _>>())
            }
            Request::MapPut { key, fields, ttl } => {
                let fields = fields.into_iter().map(|(field, value)| (field, value.0)).collect();
                values.map_put(key, fields, ttl)?;
                Reply::Done
            }
            Request::MapDel { key, fields } => Reply::Count(values.map_del(key, &fields)?),
            Request::Lock { name, owner, ttl } => Reply::Token(self.locks.lock(name, owner, ttl)?),
            Request::Renew { name, owner, ttl } => Reply::Truth(self.locks.renew(&name, &owner, ttl)),
            Request::Unlock { name, owner } => Reply::Truth(self.locks.unlock(&name, &owner)),
            Request::Take { name, rate, tokens } => Reply::Wait(self.buckets.take(&name, &rate, tokens)),
            Request::Stats => Reply::Stats(values.stats()),
        })
    }
}

/// The first values, as many as a message between processes holds.
fn fitting(values: impl Iterator<Item = Option<Vec<u8>>>) -> Vec<Option<Bytes>> {
    let mut room = MAX_VALUE;
    let mut taken: Vec<Option<Bytes>> = Vec::new();
    for value in values {
        // What is not there takes a few letters too.
        let size = value.as_ref().map_or(8, |value| value.len() + 8);
        if size > room && !taken.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        taken.push(value.map(Bytes));
    }
    taken
}

/// The store of this process.
impl Way for Store {
    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(std::future::ready(self.answer(request)))
    }
}
