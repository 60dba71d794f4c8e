use std::fmt;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use tokio::sync::Mutex;

use super::reply::{Looked, info};
use super::{CAPABILITIES, scripts};
use crate::Result;
use crate::connect::redis::{FromRedisValue, RedisClient, RedisOptions, Script, cmd, pipe};
use crate::queue::driver::{Capabilities, Fate, QueueDriver, Settled, Take};
use crate::queue::{Cancelled, Counts, Delivery, Hold, Info, Message, QueueOptions, Receipt, State, Stored};

/// The longest wait for a token of the list: a connection that has gone silently is noticed then.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many messages go to the server in one script: it serves nobody else meanwhile.
const PORTION: usize = 500;

/// A queue in Redis; see the [module](super).
pub struct RedisQueue {
    client: RedisClient,
    /// What all keys start with.
    base: Vec<u8>,
    interval: Duration,
    keep: Duration,
    keep_failed: Duration,
    /// The connection on which takers wait, while nobody does.
    waiting: Mutex<Option<MultiplexedConnection>>,
}

/// What a script that takes says: when the next is due, and messages.
type Taken = (i64, Vec<(String, String, u32, u32, u8)>);

impl RedisQueue {
    pub(in crate::queue) fn new(name: &str, options: &QueueOptions, redis: &RedisOptions) -> Result<Self> {
        let usual = if name.is_empty() { "default" } else { name };
        let queue = options.queue.as_deref().unwrap_or(usual);
        Ok(Self {
            client: RedisClient::new(redis)?,
            base: format!("{}:queue:{queue}:", redis.prefix).into_bytes(),
            interval: options.interval,
            keep: options.keep,
            keep_failed: options.keep_failed,
            waiting: Mutex::new(None),
        })
    }

    async fn run<T: FromRedisValue>(&self, script: &Script, arguments: &[Vec<u8>]) -> Result<T> {
        self.client.script(script, std::slice::from_ref(&self.base), arguments).await
    }

    async fn take_now(&self, take: &Take) -> Result<(Option<Duration>, Vec<Delivery>)> {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let arguments = [bytes(take.max), bytes(take.visibility.as_millis()), bytes(&token)];
        let (next, taken): Taken = self.run(&scripts::TAKE, &arguments).await?;
        let delivery = |(id, body, attempt, attempts, mark): (String, String, u32, u32, u8)| Delivery {
            receipt: Receipt { id, token: token.clone() },
            body,
            attempt,
            attempts,
            key: None,
            expired: mark == 1,
            cancelled: mark == 2,
        };
        let next = u64::try_from(next).ok().map(Duration::from_millis);
        Ok((next, taken.into_iter().map(delivery).collect()))
    }

    /// Waits until something is put; a connection that fails is one that ends the wait.
    async fn wait(&self, time: Duration) {
        let mut place = self.waiting.lock().await;
        // Whoever is dropped while he waits leaves no connection on which an answer is still to come.
        let connection = match place.take() {
            Some(connection) => Ok(connection),
            None => self.client.blocking().await,
        };
        let heard = match connection {
            Ok(mut connection) => {
                let mut list = self.base.clone();
                list.extend_from_slice(b"bell");
                let wait = cmd("BLPOP").arg(list).arg(time.as_secs_f64().max(0.01)).to_owned();
                let limit = time + Duration::from_secs(5);
                match tokio::time::timeout(
                    limit,
                    wait.query_async::<crate::connect::redis::Value>(&mut connection),
                )
                .await
                {
                    Ok(Ok(_)) => Some(connection),
                    _ => None,
                }
            }
            Err(_) => None,
        };
        if heard.is_none() {
            tokio::time::sleep(time.min(self.interval)).await;
        }
        *place = heard;
    }

    async fn all_in_portions<T>(
        &self,
        script: &Script,
        items: &[Vec<Vec<u8>>],
        answer: impl Fn(i64) -> T,
    ) -> Vec<Result<T>> {
        let mut answers = Vec::with_capacity(items.len());
        for portion in items.chunks(PORTION) {
            match self.run::<Vec<i64>>(script, &portion.concat()).await {
                Ok(done) if done.len() == portion.len() => {
                    answers.extend(done.into_iter().map(|one| Ok(answer(one))));
                }
                Ok(_) => {
                    let odd = || Err(crate::Error::internal("redis: not an answer for each message"));
                    answers.extend(portion.iter().map(|_| odd()));
                }
                Err(error) => answers.extend(portion.iter().map(|_| Err(error.duplicate()))),
            }
        }
        answers
    }
}

impl QueueDriver for RedisQueue {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
        Box::pin(async move {
            let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
            let items: Vec<_> = messages.into_iter().map(item).collect();
            let stored = self.all_in_portions(&scripts::PUT, &items, |new| new == 1).await;
            let answer = |(stored, id): (Result<bool>, String)| {
                stored.map(|new| if new { Stored::New(id) } else { Stored::Duplicate })
            };
            stored.into_iter().zip(ids).map(answer).collect()
        })
    }

    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            let end = Instant::now() + take.wait;
            loop {
                let (next, taken) = self.take_now(&take).await?;
                let left = end.saturating_duration_since(Instant::now());
                if !taken.is_empty() || left.is_zero() {
                    return Ok(taken);
                }
                let pause = left.min(LONGEST_WAIT).min(next.unwrap_or(left)).max(Duration::from_millis(1));
                tokio::select! {
                    () = self.wait(pause) => {}
                    () = take.stop.cancelled() => return Ok(taken),
                }
            }
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
        Box::pin(async move {
            let item = |one: &Settled| {
                let (fate, text, time) = match &one.fate {
                    Fate::Complete(result) => {
                        ("c", result.as_ref().map(|text| format!("+{text}")), self.keep)
                    }
                    Fate::Retry(pause, error) => ("r", Some(format!("+{error}")), *pause),
                    Fate::Discard(error) => ("d", Some(format!("+{error}")), self.keep_failed),
                    Fate::Cancel => ("x", None, self.keep_failed),
                    Fate::Return => ("b", None, Duration::ZERO),
                };
                vec![
                    bytes(&one.receipt.id),
                    bytes(&one.receipt.token),
                    bytes(fate),
                    bytes(text.unwrap_or_default()),
                    bytes(time.as_millis()),
                    bytes(self.keep_failed.as_millis()),
                ]
            };
            let items: Vec<_> = settled.iter().map(item).collect();
            self.all_in_portions(&scripts::SETTLE, &items, |mine| mine == 1).await
        })
    }

    fn extend(&self, receipts: Vec<Receipt>, visibility: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
        Box::pin(async move {
            let mut arguments = vec![bytes(visibility.as_millis())];
            arguments.extend(receipts.iter().flat_map(|one| [bytes(&one.id), bytes(&one.token)]));
            let held: Vec<i64> = self.run(&scripts::EXTEND, &arguments).await?;
            let hold = |held| match held {
                1 => Hold::Held,
                2 => Hold::Cancelling,
                _ => Hold::Lost,
            };
            Ok(held.into_iter().map(hold).collect())
        })
    }

    fn cancel(&self, id: String) -> BoxFuture<'_, Result<Cancelled>> {
        Box::pin(async move {
            let arguments = [bytes(id), bytes(self.keep_failed.as_millis())];
            Ok(match self.run::<i64>(&scripts::CANCEL, &arguments).await? {
                1 => Cancelled::Now,
                2 => Cancelled::Asked,
                _ => Cancelled::TooLate,
            })
        })
    }

    fn find(&self, id: String) -> BoxFuture<'_, Result<Option<Info>>> {
        Box::pin(async move {
            let found: Vec<Looked> = self.run(&scripts::LOOK, &[bytes(id)]).await?;
            Ok(found.into_iter().find_map(info))
        })
    }

    fn list(&self, state: State, count: usize) -> BoxFuture<'_, Result<Vec<Info>>> {
        Box::pin(async move {
            let found: Vec<Looked> = self.run(&scripts::LOOK, &[bytes(state.name()), bytes(count)]).await?;
            Ok(found.into_iter().filter_map(info).collect())
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        Box::pin(async move {
            let mut all = pipe();
            for state in State::ALL {
                all.cmd("ZCARD").arg([&self.base[..], state.name().as_bytes()].concat());
            }
            let mut counts = Counts::default();
            for (state, count) in State::ALL.into_iter().zip(self.client.read_all(&all).await?) {
                let count = u64::from_redis_value(count)
                    .map_err(|e| crate::Error::internal("redis: not a count").source(e))?;
                counts.set(state, count);
            }
            Ok(counts)
        })
    }

    fn take_key(&self, key: String, owner: String, ttl: Duration) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move {
            self.run(&scripts::TAKE_KEY, &[bytes(key), bytes(owner), bytes(ttl.as_millis())]).await
        })
    }

    fn free_key(&self, key: String, owner: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(
            async move { self.run::<i64>(&scripts::FREE_KEY, &[bytes(key), bytes(owner)]).await.map(drop) },
        )
    }

    fn purge(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            for state in State::ALL {
                while self.run::<usize>(&scripts::PURGE, &[bytes(state.name()), bytes(PORTION)]).await? > 0 {}
            }
            Ok(())
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.client.close() })
    }
}

/// A message as arguments.
fn item(message: Message) -> Vec<Vec<u8>> {
    let Message { id, body, priority, delay, expires, attempts, unique } = message;
    let (key, ttl, keep) = match unique {
        Some(unique) => (unique.key, unique.ttl, unique.keep),
        None => (String::new(), None, false),
    };
    let millis = |time: Option<Duration>| time.map_or(-1, |time| time.as_millis() as i64);
    vec![
        bytes(id),
        body.into_bytes(),
        bytes(priority),
        bytes(delay.as_millis()),
        bytes(millis(expires)),
        bytes(attempts.unwrap_or(1)),
        key.into_bytes(),
        bytes(millis(ttl)),
        bytes(u8::from(keep)),
    ]
}

#[allow(clippy::needless_pass_by_value)] // numbers and texts alike
fn bytes(value: impl ToString) -> Vec<u8> {
    value.to_string().into_bytes()
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue")
            .field("base", &String::from_utf8_lossy(&self.base))
            .finish_non_exhaustive()
    }
}
