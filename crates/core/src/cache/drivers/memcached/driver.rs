use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{BoxFuture, try_join_all};

use super::CAPABILITIES;
use super::change::{Changes, Step};
use super::flags::{Flags, seconds};
use crate::cache::driver::{CacheDriver, Item, Life, Stats};
use crate::cache::limit::Bucket;
use crate::cache::number::{add, parse};
use crate::cache::{Capabilities, MAX_VALUE, Rate, digest};
use crate::connect::memcached::{Found, MemcachedClient, MemcachedOptions, Mode};
use crate::{Error, ErrorKind, Result};

/// The longest key that the servers take.
const LONGEST: usize = 250;
/// Keys that are removed at once.
const AT_ONCE: usize = 8;

type Fields = BTreeMap<String, Vec<u8>>;

/// A cache in memcached.
#[derive(Debug)]
pub struct MemcachedCache {
    client: MemcachedClient,
    changes: Changes,
    prefix: String,
}

impl MemcachedCache {
    /// The cache on these servers; connects when they are first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &MemcachedOptions) -> Result<Self> {
        let client = MemcachedClient::new(options)?;
        let prefix = format!("{}:", options.prefix);
        Ok(Self { changes: Changes::new(client.clone()), client, prefix })
    }

    fn key(&self, name: &str) -> String {
        let prefix = &self.prefix;
        let fits = prefix.len() + name.len() <= LONGEST && name.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { format!("{prefix}{name}") } else { format!("{prefix}#{}", digest([name])) }
    }

    fn of(&self, kind: &str, name: &str) -> String {
        self.key(&format!("{kind}:{name}"))
    }

    /// A number in place of another one, or of nothing.
    async fn number(
        &self,
        key: &str,
        ttl: Option<Duration>,
        change: impl Fn(Option<&[u8]>) -> Result<Option<(i64, bool)>>,
    ) -> Result<i64> {
        self.changes
            .change(&self.key(key), |found| {
                let found =
                    found.map(|found| value_of(found).map(|bytes| (bytes, found.flags))).transpose()?;
                let bytes = found.map(|(bytes, _)| bytes);
                let Some((number, renews)) = change(bytes)? else {
                    return Ok((Step::Keep, parse(bytes.unwrap_or_default())?));
                };
                let step = match found {
                    Some((_, flags)) if !renews => kept_time(number.to_string().into_bytes(), Flags(flags)),
                    _ => new_time(number.to_string().into_bytes(), false, ttl),
                };
                Ok((step, number))
            })
            .await
    }

    /// Changes a map, which is gone when nothing is left in it. `change` gives whether the time begins anew.
    async fn change_map<T>(
        &self,
        key: &str,
        ttl: Option<Duration>,
        change: impl Fn(&mut Fields) -> Result<(bool, T)>,
    ) -> Result<T> {
        self.changes
            .change(&self.key(key), |found| {
                let mut map = found.map(map_of).transpose()?.unwrap_or_default();
                let (renews, answer) = change(&mut map)?;
                if map.is_empty() {
                    return Ok((Step::Remove, answer));
                }
                let size: usize = map.iter().map(|(field, value)| field.len() + value.len()).sum();
                if size > MAX_VALUE {
                    let text =
                        format!("the map would have {size} bytes: this cache takes no more than {MAX_VALUE}");
                    return Err(Error::new(ErrorKind::TooLarge, text));
                }
                let bytes = postcard::to_stdvec(&map).map_err(|e| Error::internal("a map").source(e))?;
                let step = match found {
                    Some(found) if !renews => kept_time(bytes, Flags(found.flags)),
                    _ => new_time(bytes, true, ttl),
                };
                Ok((step, answer))
            })
            .await
    }

    async fn map(&self, key: &str) -> Result<Fields> {
        let found = self.client.find(&self.key(key)).await?;
        Ok(found.as_ref().map(map_of).transpose()?.unwrap_or_default())
    }

    /// A number greater than all before.
    async fn next_token(&self) -> Result<u64> {
        let next = |found: Option<&Found>| {
            let last = found.and_then(|found| text_of(&found.data)?.parse().ok()).unwrap_or(0_u64);
            let token = micros().max(last.saturating_add(1));
            Ok((Step::Put(token.to_string().into_bytes(), Flags::default(), None), token))
        };
        self.changes.change(&self.key("fence"), next).await
    }
}

impl CacheDriver for MemcachedCache {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(async move {
            let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
            let found = self.client.find_all(&keys).await?.into_iter();
            Ok(found.map(|found| Some(found?).filter(|f| !Flags(f.flags).is_map()).map(|f| f.data)).collect())
        })
    }

    fn put(&self, items: Vec<Item>, ttl: Option<Duration>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let flags = Flags::new(false, ttl).0;
            let items: Vec<Item> = items.into_iter().map(|(key, value)| (self.key(&key), value)).collect();
            match &items[..] {
                [(key, value)] => {
                    self.client.store(key, value, flags, ttl.map(seconds), Mode::Always).await.map(drop)
                }
                items => self.client.store_all(items, flags, ttl.map(seconds)).await,
            }
        })
    }

    fn put_absent(&self, (key, value): Item, ttl: Option<Duration>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let flags = Flags::new(false, ttl).0;
            self.client.store(&self.key(&key), &value, flags, ttl.map(seconds), Mode::Absent).await
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        Box::pin(self.number(key, ttl, move |there| match there {
            None => Ok(Some((by, true))),
            Some(bytes) => Ok(Some((add(bytes, by)?, false))),
        }))
    }

    fn set_max<'a>(&'a self, key: &'a str, number: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        Box::pin(self.number(key, ttl, move |there| {
            let there = there.map(parse).transpose()?;
            Ok(there.is_none_or(|there| there < number).then_some((number, true)))
        }))
    }

    fn del<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
            let mut count = 0;
            for some in keys.chunks(AT_ONCE) {
                let removed = try_join_all(some.iter().map(|key| self.client.remove(key, None))).await?;
                count += removed.into_iter().filter(|done| *done).count() as u64;
            }
            Ok(count)
        })
    }

    fn life<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Life>>> {
        Box::pin(async move {
            let found = self.client.find(&self.key(key)).await?;
            let life =
                |left: Option<u64>| left.map_or(Life::Endless, |left| Life::For(Duration::from_secs(left)));
            Ok(found.map(|found| life(found.left)))
        })
    }

    fn keys<'a>(&'a self, _: &'a str, _: usize) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(std::future::ready(Err(cannot_list())))
    }

    fn clear<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<u64>> {
        Box::pin(std::future::ready(Err(cannot_list())))
    }

    fn map_get<'a>(
        &'a self,
        key: &'a str,
        fields: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(async move {
            let map = self.map(key).await?;
            Ok(fields.iter().map(|field| map.get(field).cloned()).collect())
        })
    }

    fn map_all<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Fields>> {
        Box::pin(self.map(key))
    }

    fn map_put<'a>(
        &'a self,
        key: &'a str,
        fields: Vec<Item>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.change_map(key, ttl, |map| {
                map.extend(fields.iter().cloned());
                Ok((ttl.is_some(), ()))
            })
            .await
        })
    }

    fn map_incr<'a>(
        &'a self,
        key: &'a str,
        field: &'a str,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64>> {
        Box::pin(self.change_map(key, ttl, move |map| {
            let sum = map.get(field).map_or(Ok(by), |bytes| add(bytes, by))?;
            map.insert(field.to_owned(), sum.to_string().into_bytes());
            Ok((false, sum))
        }))
    }

    fn map_del<'a>(&'a self, key: &'a str, fields: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.change_map(key, None, |map| {
            let count = fields.iter().filter(|field| map.remove(*field).is_some()).count();
            Ok((false, count as u64))
        }))
    }

    fn lock<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move {
            let key = self.of("lock", name);
            let time = Some(lock_seconds(ttl));
            let held = |owner: &str, token: u64| format!("{owner} {token}").into_bytes();
            // Held first, and numbered then: who is numbered later has held it later.
            let token = self.changes.change(&key, |found| match found.and_then(owner_of) {
                Some((other, _)) if other != owner => Ok((Step::Keep, None)),
                Some((_, token)) => Ok((Step::Put(held(owner, token), Flags::default(), time), Some(token))),
                None => Ok((Step::Put(held(owner, 0), Flags::default(), time), Some(0))),
            });
            let token = match token.await? {
                Some(0) => self.next_token().await?,
                answer => return Ok(answer),
            };
            self.changes
                .change(&key, |found| match found.and_then(owner_of) {
                    Some((own, _)) if own == owner => {
                        Ok((Step::Put(held(owner, token), Flags::default(), time), Some(token)))
                    }
                    // Its time was over meanwhile.
                    _ => Ok((Step::Keep, None)),
                })
                .await
        })
    }

    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let key = self.of("lock", name);
            let renew = |found: Option<&Found>| match found {
                Some(found) if owner_of(found).is_some_and(|(own, _)| own == owner) => {
                    let time = Some(lock_seconds(ttl));
                    Ok((Step::Put(found.data.clone(), Flags::default(), time), true))
                }
                _ => Ok((Step::Keep, false)),
            };
            self.changes.change(&key, renew).await
        })
    }

    fn unlock<'a>(&'a self, name: &'a str, owner: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let key = self.of("lock", name);
            let unlock = |found: Option<&Found>| match found.and_then(owner_of) {
                Some((own, _)) if own == owner => Ok((Step::Remove, true)),
                _ => Ok((Step::Keep, false)),
            };
            self.changes.change(&key, unlock).await
        })
    }

    fn take<'a>(&'a self, name: &'a str, rate: Rate, tokens: u32) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            let take = |found: Option<&Found>| {
                let now = micros();
                let mut bucket = found.and_then(bucket_of).unwrap_or(Bucket::full(&rate, now));
                let wait = bucket.take(&rate, tokens, now);
                if !wait.is_zero() {
                    return Ok((Step::Keep, wait));
                }
                let bytes = format!("{} {}", bucket.tokens, bucket.at).into_bytes();
                let time = Some(seconds(bucket.full_in(&rate)) + 1);
                Ok((Step::Put(bytes, Flags::default(), time), wait))
            };
            self.changes.change(&self.of("rate", name), take).await
        })
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats>> {
        Box::pin(async move {
            let all = self.client.stats().await?;
            let sum = |name: &str| {
                let numbers = all.iter().filter_map(|stats| stats.get(name)?.parse::<u64>().ok());
                numbers.reduce(u64::saturating_add)
            };
            Ok(Stats {
                entries: sum("curr_items"),
                bytes: sum("bytes"),
                max_bytes: sum("limit_maxbytes"),
                hits: sum("get_hits"),
                misses: sum("get_misses"),
                evictions: sum("evictions"),
            })
        })
    }

    fn close(&self) {
        self.client.close();
    }
}

/// The server counts ticks of a second, the first of which may be over in a moment.
fn lock_seconds(ttl: Duration) -> u64 {
    seconds(ttl) + 1
}

fn new_time(bytes: Vec<u8>, is_map: bool, ttl: Option<Duration>) -> Step {
    Step::Put(bytes, Flags::new(is_map, ttl), ttl.map(seconds))
}

fn kept_time(bytes: Vec<u8>, flags: Flags) -> Step {
    Step::Put(bytes, flags, flags.left())
}

fn value_of(found: &Found) -> Result<&[u8]> {
    match Flags(found.flags).is_map() {
        true => Err(Error::invalid("the key holds a map")),
        false => Ok(&found.data),
    }
}

fn map_of(found: &Found) -> Result<Fields> {
    if !Flags(found.flags).is_map() {
        return Err(Error::invalid("the key holds a value"));
    }
    postcard::from_bytes(&found.data).map_err(|e| Error::internal("a map of a cache").source(e))
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The owner of a lock, and its number.
fn owner_of(found: &Found) -> Option<(&str, u64)> {
    let (owner, token) = text_of(&found.data)?.rsplit_once(' ')?;
    Some((owner, token.parse().ok()?))
}

fn bucket_of(found: &Found) -> Option<Bucket> {
    let (tokens, at) = text_of(&found.data)?.split_once(' ')?;
    Some(Bucket { tokens: tokens.parse().ok()?, at: at.parse().ok()? })
}

/// Microseconds since 1970.
fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn cannot_list() -> Error {
    Error::new(ErrorKind::Unsupported, "memcached cannot list its keys")
}
