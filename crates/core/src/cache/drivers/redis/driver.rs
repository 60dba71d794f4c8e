use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::{ErrorKind as Native, RedisError, ServerErrorKind};

use super::{CAPABILITIES, scripts};
use crate::cache::driver::{CacheDriver, Item, Life, Stats};
use crate::cache::number::{no_number, no_room, parse};
use crate::cache::{Capabilities, Rate};
use crate::connect::redis::{Cmd, RedisClient, RedisOptions, Script, Value, cmd, error, pipe};
use crate::{Error, Result};

/// How many keys the server looks at for one answer.
const SCAN: usize = 1000;

/// A cache in Redis.
#[derive(Debug)]
pub struct RedisCache {
    client: RedisClient,
    prefix: String,
}

impl RedisCache {
    /// The cache of a server; connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &RedisOptions) -> Result<Self> {
        Ok(Self { client: RedisClient::new(options)?, prefix: format!("{}::", options.prefix) })
    }

    fn key(&self, name: &str) -> Vec<u8> {
        [self.prefix.as_bytes(), name.as_bytes()].concat()
    }

    fn keyed(&self, command: &str, names: &[String]) -> Cmd {
        let mut command = cmd(command);
        names.iter().for_each(|name| {
            command.arg(self.key(name));
        });
        command
    }

    fn of(&self, kind: &str, name: &str) -> Vec<u8> {
        self.key(&format!("{kind}:{name}"))
    }

    fn set(&self, (name, value): &Item, ttl: Option<Duration>) -> Cmd {
        let mut set = cmd("SET");
        set.arg(self.key(name)).arg(&value[..]);
        if let Some(ttl) = ttl {
            set.arg("PX").arg(millis(ttl));
        }
        set
    }

    async fn script<T: redis::FromRedisValue>(
        &self,
        script: &Script,
        keys: &[Vec<u8>],
        arguments: &[Vec<u8>],
    ) -> Result<T> {
        self.client.script(script, keys, arguments).await.map_err(refined)
    }

    /// A number that went as text, as scripts have none of 64 bits.
    async fn sum(&self, script: &Script, key: Vec<u8>, arguments: &[Vec<u8>]) -> Result<i64> {
        parse(&self.script::<Vec<u8>>(script, &[key], arguments).await?)
    }

    /// What of the keys that begin with a text is found in a portion of all, and where the next one begins: 0 at the
    /// end.
    async fn scan(&self, prefix: &str, cursor: u64) -> Result<(u64, Vec<Vec<u8>>)> {
        let pattern = [escaped(&self.key(prefix)), b"*".to_vec()].concat();
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(SCAN);
        self.client.read(&scan).await
    }
}

impl CacheDriver for RedisCache {
    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(async move { self.client.read(&self.keyed("MGET", keys)).await })
    }

    fn put(&self, items: Vec<Item>, ttl: Option<Duration>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if let [item] = &items[..] {
                return self.client.call(&self.set(item, ttl)).await;
            }
            let mut all = pipe();
            items.iter().for_each(|item| {
                all.add_command(self.set(item, ttl));
            });
            let replies = self.client.call_all(&all).await?;
            replies.into_iter().try_for_each(|reply| reply.extract_error().map(drop)).map_err(error)
        })
    }

    fn put_absent(&self, item: Item, ttl: Option<Duration>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let mut set = self.set(&item, ttl);
            let reply: Value = self.client.call(set.arg("NX")).await?;
            Ok(reply != Value::Nil)
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        Box::pin(async move {
            let key = self.key(key);
            match ttl {
                None => self.client.call(cmd("INCRBY").arg(key).arg(by)).await.map_err(refined),
                Some(ttl) => self.sum(&scripts::INCR, key, &[text(&by), text(&millis(ttl))]).await,
            }
        })
    }

    fn set_max<'a>(&'a self, key: &'a str, number: i64, ttl: Option<Duration>) -> BoxFuture<'a, Result<i64>> {
        let ttl = ttl.map_or_else(Vec::new, |ttl| text(&millis(ttl)));
        Box::pin(async move { self.sum(&scripts::SET_MAX, self.key(key), &[text(&number), ttl]).await })
    }

    fn del<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move { self.client.call(&self.keyed("UNLINK", keys)).await })
    }

    fn life<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Life>>> {
        Box::pin(async move {
            let left: i64 = self.client.read(cmd("PTTL").arg(self.key(key))).await?;
            Ok(match u64::try_from(left) {
                Ok(left) => Some(Life::For(Duration::from_millis(left))),
                // There, but without a time.
                Err(_) if left == -1 => Some(Life::Endless),
                Err(_) => None,
            })
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            // A key may come more than once.
            let mut found = HashSet::new();
            let mut cursor = 0;
            loop {
                let (next, keys) = self.scan(prefix, cursor).await?;
                let names = keys.iter().filter_map(|key| key.strip_prefix(self.prefix.as_bytes()));
                found.extend(names.filter_map(|name| String::from_utf8(name.to_vec()).ok()));
                if next == 0 || found.len() >= limit {
                    return Ok(found.into_iter().take(limit).collect());
                }
                cursor = next;
            }
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let (mut count, mut cursor) = (0, 0);
            loop {
                let (next, keys) = self.scan(prefix, cursor).await?;
                if !keys.is_empty() {
                    count += self.client.call::<u64>(cmd("UNLINK").arg(keys)).await?;
                }
                if next == 0 {
                    return Ok(count);
                }
                cursor = next;
            }
        })
    }

    fn map_get<'a>(
        &'a self,
        key: &'a str,
        fields: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        Box::pin(async move {
            self.client.read(cmd("HMGET").arg(self.key(key)).arg(fields)).await.map_err(refined)
        })
    }

    fn map_all<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<BTreeMap<String, Vec<u8>>>> {
        Box::pin(async move { self.client.read(cmd("HGETALL").arg(self.key(key))).await.map_err(refined) })
    }

    fn map_put<'a>(
        &'a self,
        key: &'a str,
        fields: Vec<Item>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<()>> {
        let fields = fields.into_iter().flat_map(|(field, value)| [field.into_bytes(), value]);
        let ttl = ttl.map_or_else(Vec::new, |ttl| text(&millis(ttl)));
        let arguments: Vec<Vec<u8>> = std::iter::once(ttl).chain(fields).collect();
        Box::pin(async move {
            self.script::<i64>(&scripts::MAP_PUT, &[self.key(key)], &arguments).await.map(drop)
        })
    }

    fn map_incr<'a>(
        &'a self,
        key: &'a str,
        field: &'a str,
        by: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64>> {
        Box::pin(async move {
            let key = self.key(key);
            match ttl {
                None => self.client.call(cmd("HINCRBY").arg(key).arg(field).arg(by)).await.map_err(refined),
                Some(ttl) => {
                    let arguments = [field.as_bytes().to_vec(), text(&by), text(&millis(ttl))];
                    self.sum(&scripts::MAP_INCR, key, &arguments).await
                }
            }
        })
    }

    fn map_del<'a>(&'a self, key: &'a str, fields: &'a [String]) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            self.client.call(cmd("HDEL").arg(self.key(key)).arg(fields)).await.map_err(refined)
        })
    }

    fn lock<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move {
            let keys = [self.of("lock", name), self.key("fence")];
            let arguments = [owner.as_bytes().to_vec(), text(&millis(ttl))];
            self.script(&scripts::LOCK, &keys, &arguments).await
        })
    }

    fn renew<'a>(&'a self, name: &'a str, owner: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let arguments = [owner.as_bytes().to_vec(), text(&millis(ttl))];
            self.script(&scripts::RENEW, &[self.of("lock", name)], &arguments).await
        })
    }

    fn unlock<'a>(&'a self, name: &'a str, owner: &'a str) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            self.script(&scripts::UNLOCK, &[self.of("lock", name)], &[owner.as_bytes().to_vec()]).await
        })
    }

    fn take<'a>(&'a self, name: &'a str, rate: Rate, tokens: u32) -> BoxFuture<'a, Result<Duration>> {
        Box::pin(async move {
            let per = format!("{:e}", rate.per_micro()).into_bytes();
            let arguments = [text(&rate.burst), per, text(&tokens)];
            let wait: u64 = self.script(&scripts::TAKE, &[self.of("rate", name)], &arguments).await?;
            Ok(Duration::from_micros(wait))
        })
    }

    fn stats(&self) -> BoxFuture<'_, Result<Stats>> {
        Box::pin(async move {
            let mut ask = pipe();
            ask.cmd("INFO").arg("memory").cmd("INFO").arg("stats").cmd("DBSIZE");
            let replies = self.client.read_all(&ask).await?;
            let [memory, counts, entries] = &replies[..] else {
                return Err(Error::internal("redis sent other replies"));
            };
            let (memory, counts) = (said(memory), said(counts));
            Ok(Stats {
                entries: redis::from_redis_value(entries.clone()).ok(),
                bytes: number(&memory, "used_memory"),
                // Zero is no limit.
                max_bytes: number(&memory, "maxmemory").filter(|most| *most > 0),
                hits: number(&counts, "keyspace_hits"),
                misses: number(&counts, "keyspace_misses"),
                evictions: number(&counts, "evicted_keys"),
            })
        })
    }

    fn close(&self) {
        self.client.close();
    }
}

/// What the server says of itself, a line for each.
fn said(info: &Value) -> String {
    redis::from_redis_value(info.clone()).unwrap_or_default()
}

/// A number that the server says of itself.
fn number(info: &str, name: &str) -> Option<u64> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
}

/// At least one: a shorter time would be none.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn text(number: &impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// A text in which no letter stands for others, as in a pattern.
fn escaped(text: &[u8]) -> Vec<u8> {
    let letters = text.iter().flat_map(|&byte| match byte {
        b'*' | b'?' | b'[' | b']' | b'\\' | b'^' => vec![b'\\', byte],
        byte => vec![byte],
    });
    letters.collect()
}

/// The error of a call as the contract says it: what the server says of the value is the caller's matter.
fn refined(failed: Error) -> Error {
    let native = std::error::Error::source(&failed).and_then(|source| source.downcast_ref::<RedisError>());
    let Some(native) = native else { return failed };
    if native.code() == Some("WRONGTYPE") {
        return Error::invalid("the key holds another kind of thing, a value or a map").source(failed);
    }
    let is_refusal = native.kind() == Native::Server(ServerErrorKind::ResponseError);
    match native.detail() {
        Some(said) if is_refusal && said.contains("would overflow") => no_room().source(failed),
        Some(said) if is_refusal && said.contains("not an integer") => no_number().source(failed),
        _ => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_of_itself_is_read() {
        let info = "# Memory\r\nused_memory:123\r\nused_memory_human:1K\r\nmaxmemory:0\r\n";
        assert_eq!((number(info, "used_memory"), number(info, "maxmemory")), (Some(123), Some(0)));
        assert_eq!(number(info, "used"), None);
    }

    #[test]
    fn no_letter_of_a_name_is_a_pattern() {
        assert_eq!(escaped(b"a*[b]?\\^"), b"a\\*\\[b\\]\\?\\\\\\^");
    }
}
