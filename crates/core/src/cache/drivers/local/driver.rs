//! The driver: each call is a question to the store, wherever that is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::request::{Bytes, Reply, Request, packed};
use super::{CAPABILITIES, Store};
use crate::cache::driver::{CacheDriver, Item, Life, Stats};
use crate::cache::{Capabilities, MAX_VALUE, Rate};
use crate::{Error, Result};

/// How a process reaches the store: it has it, or asks the one that does.
///
/// A question and its answer are each at most [`MAX_VALUE`] bytes of values, and names.
pub trait Way: Send + Sync + fmt::Debug + 'static {
    /// Asks.
    ///
    /// # Errors
    /// Those of [`Store::answer`]; `Unavailable` or `Timeout` when the other process does not answer.
    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;
}

/// The cache that the processes of a tree share.
#[derive(Clone, Debug)]
pub struct LocalDriver(Arc<dyn Way>);

impl LocalDriver {
    /// The cache whose store is reached this way.
    pub fn new(way: Arc<dyn Way>) -> Self {
        Self(way)
    }

    /// A cache with a store of its own, of at most `entries` values and about `bytes` bytes of them.
    pub fn in_memory(entries: u64, bytes: u64) -> Self {
        Self(Arc::new(Store::new(entries, bytes)))
    }

    /// The values of these names: several answers, when one does not hold them.
    async fn values(
        &self,
        names: &[String],
        question: impl Fn(Vec<String>) -> Request,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let mut found: Vec<Option<Vec<u8>>> = Vec::with_capacity(names.len());
        while let Some(left) = names.get(found.len()..).filter(|left| !left.is_empty()) {
            match self.0.ask(question(left.to_vec())).await? {
                Reply::Values(values) if !values.is_empty() => {
                    found.extend(values.into_iter().map(|value| value.map(|Bytes(bytes)| bytes)));
                }
                other => return Err(unexpected(&other)),
            }
        }
        found.truncate(names.len());
        Ok(found)
    }

    async fn done(&self, request: Request) -> Result<()> {
        match self.0.ask(request).await? {
            Reply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn truth(&self, request: Request) -> Result<bool> {
        match self.0.ask(request).await? {
            Reply::Truth(truth) => Ok(truth),
            other => Err(unexpected(&other)),
        }
    }

    async fn number(&self, request: Request) -> Result<i64> {
        match self.0.ask(request).await? {
            Reply::Number(number) => Ok(number),
            other => Err(unexpected(&other)),
        }
    }

    async fn count(&self, request: Request) -> Result<u64> {
        match self.0.ask(request).await? {
            Reply::Count(count) => Ok(count),
            other => Err(unexpected(&other)),
        }
    }
}

impl CacheDriver for LocalDriver {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(self.values(keys, |keys| Request::Get { keys }))
    }

    fn put(&self, items: Vec<Item>, ttl: Option<Duration>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            for items in portions(items) {
                self.done(Request::Put { items: packed(items), ttl }).await?;
            }
            Ok(())
        })
    }

    fn put_absent(&self, (key, value): Item, ttl: Option<Duration>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.truth(Request::PutAbsent { key, value: Bytes(value), ttl }))
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        Box::pin(self.number(Request::Incr { key: key.to_owned(), field: None, by, ttl }))
    }

    fn set_max<'a>(&'a self, key: &'a str, number: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        Box::pin(self.number(Request::SetMax { key: key.to_owned(), number, ttl }))
    }

    fn del<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.count(Request::Del { keys: keys.to_vec() }))
    }

    fn life<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Life>>> {
        Box::pin(async move {
            match self.0.ask(Request::Life { key: key.to_owned() }).await? {
                Reply::Life(life) => Ok(life),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            match self.0.ask(Request::Keys { prefix: prefix.to_owned(), limit }).await? {
                Reply::Names(names) => Ok(names),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.count(Request::Clear { prefix: prefix.to_owned() }))
    }

    fn map_get<'a>(
        &'a self,
        key: &'a str,
        fields: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(self.values(fields, |fields| Request::MapGet { key: key.to_owned(), fields }))
    }

    fn map_all<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<BTreeMap<String, Vec<u8>>>> {
        Box::pin(async move {
            match self.0.ask(Request::MapAll { key: key.to_owned() }).await? {
                Reply::Map(map) => Ok(map.into_iter().map(|(field, Bytes(value))| (field, value)).collect()),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn map_put<'a>(
        &'a self,
        key: &'a str,
        fields: Vec<Item>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.done(Request::MapPut { key: key.to_owned(), fields: packed(fields), ttl }))
    }

    fn map_incr<'a>(
        &'a self,
        key: &'a str,
        field: &'a str,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64>> {
        let (key, field) = (key.to_owned(), Some(field.to_owned()));
        Box::pin(self.number(Request::Incr { key, field, by, ttl }))
    }

    fn map_del<'a>(&'a self, key: &'a str, fields: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.count(Request::MapDel { key: key.to_owned(), fields: fields.to_vec() }))
    }

    fn lock<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<u64>>> {
        let request = Request::Lock { name: name.to_owned(), owner: owner.to_owned(), ttl };
        Box::pin(async move {
            match self.0.ask(request).await? {
                Reply::Token(token) => Ok(token),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.truth(Request::Renew { name: name.to_owned(), owner: owner.to_owned(), ttl }))
    }

    fn unlock<'a>(&'a self, name: &'a str, owner: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.truth(Request::Unlock { name: name.to_owned(), owner: owner.to_owned() }))
    }

    fn take<'a>(&'a self, name: &'a str, rate: Rate, tokens: u32) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            match self.0.ask(Request::Take { name: name.to_owned(), rate, tokens }).await? {
                Reply::Wait(wait) => Ok(wait),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats>> {
        Box::pin(async move {
            match self.0.ask(Request::Stats).await? {
                Reply::Stats(stats) => Ok(stats),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn close(&self) {}
}

/// Items in portions that fit a message each.
fn portions(items: Vec<Item>) -> Vec<Vec<Item>> {
    let (mut portions, mut room) = (Vec::new(), 0);
    for item in items {
        let size = item.0.len() + item.1.len();
        match portions.last_mut() {
            Some(portion) if size <= room => Vec::push(portion, item),
            _ => {
                portions.push(vec![item]);
                room = MAX_VALUE;
            }
        }
        room = room.saturating_sub(size);
    }
    portions
}

/// The processes of a tree run the same program, but for the moment in which it is replaced.
fn unexpected(reply: &Reply) -> Error {
    let kind = format!("{reply:?}");
    let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
    Error::internal(format!("the server process answers a question to the cache with {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_a_message_goes_in_several() {
        let driver = LocalDriver::in_memory(100, 64 << 20);
        let items: Vec<Item> = (0..5).map(|n| (n.to_string(), vec![n; MAX_VALUE / 2])).collect();
        assert!(portions(items.clone()).len() > 2);
        driver.put(items.clone(), None).await.expect("puts");
        let names: Vec<String> = items.iter().map(|(name, _)| name.clone()).collect();
        let found = driver.get(&names).await.expect("gets");
        assert!(found.into_iter().flatten().eq(items.into_iter().map(|(_, value)| value)));
    }
}
