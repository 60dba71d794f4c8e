use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_memcached::{Client, Error as Native, MetaProtocol as _, MetaValue, Status};
use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleError, RecycleResult, Timeouts};
use futures_util::future::try_join_all;

use super::MemcachedOptions;
use super::error::{error, unavailable};
use super::ring::Ring;
use crate::{Error, ErrorKind, Result};

/// A connection that was idle for longer is tried before it is used.
const FRESH: Duration = Duration::from_secs(1);
/// How long nobody connects to a server that could not be reached.
const REST: Duration = Duration::from_millis(500);
/// Keys in one request.
const TOGETHER: usize = 100;

/// The servers of a cache. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct MemcachedClient(Arc<Inner>);

struct Inner {
    ring: Ring,
    servers: Vec<Server>,
}

struct Server {
    address: String,
    pool: Pool<Connector>,
    resting: Mutex<Option<Instant>>,
    limit: Duration,
}

/// What is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bytes.
    pub data: Vec<u8>,
    /// The number that its writer has put beside them.
    pub flags: u32,
    /// What tells this state of it from others.
    pub cas: u64,
    /// How many seconds it lives still; none is as long as there is room.
    pub left: Option<u64>,
}

/// When something is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In place of what is there.
    Always,
    /// Where nothing is.
    Absent,
    /// In place of this state.
    Instead(u64),
}

impl MemcachedClient {
    /// The client of these servers; connects when they are first used.
    ///
    /// # Errors
    /// `Config` when there is no server.
    pub fn new(options: &MemcachedOptions) -> Result<Self> {
        if options.servers.is_empty() {
            return Err(Error::new(ErrorKind::Config, "a memcached cache needs a server"));
        }
        let server = |address: &String| {
            let connector = Connector { dsn: format!("tcp://{address}"), limit: options.response_timeout() };
            let timeouts = Timeouts {
                wait: Some(options.response_timeout()),
                create: Some(options.connect_timeout()),
                recycle: Some(options.response_timeout()),
            };
            let pool = Pool::builder(connector).max_size(options.max.clamp(1, 64)).timeouts(timeouts);
            let pool = pool.runtime(Runtime::Tokio1).build();
            let pool = pool.map_err(|e| Error::internal("a pool of memcached connections").source(e))?;
            let limit = options.response_timeout();
            Ok(Server { address: address.clone(), pool, resting: Mutex::new(None), limit })
        };
        let servers = options.servers.iter().map(server).collect::<Result<_>>()?;
        let ring = Ring::new(options.servers.iter().map(String::as_str));
        Ok(Self(Arc::new(Inner { ring, servers })))
    }

    /// What is under a key.
    ///
    /// # Errors
    /// `Unavailable` when its server does not answer.
    pub async fn find(&self, key: &str) -> Result<Option<Found>> {
        let answer = self.of(key).twice(Request::Find(key)).await?;
        Ok(values(answer).into_iter().next().map(found_of))
    }

    /// What is under these keys, in their order.
    ///
    /// # Errors
    /// `Unavailable` when one of their servers does not answer.
    pub async fn find_all(&self, keys: &[String]) -> Result<Vec<Option<Found>>> {
        if let [key] = keys {
            return Ok(vec![self.find(key).await?]);
        }
        let by_server = self.spread(keys.iter().map(|key| (key.as_str(), key.as_str())));
        let mut asked = Vec::new();
        for (server, own) in self.0.servers.iter().zip(&by_server) {
            asked.extend(own.chunks(TOGETHER).map(|some| server.twice(Request::FindAll(some))));
        }
        let answers = try_join_all(asked).await?;
        let by_key: HashMap<Vec<u8>, Found> = answers
            .into_iter()
            .flat_map(values)
            .filter_map(|mut value| Some((value.key.take()?, found_of(value))))
            .collect();
        Ok(keys.iter().map(|key| by_key.get(key.as_bytes()).cloned()).collect())
    }

    /// Stores bytes for `seconds`, or as long as there is room; says whether it did.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer: it may have happened all the same. `TooLarge`, `OverCapacity`.
    pub async fn store(
        &self,
        key: &str,
        data: &[u8],
        flags: u32,
        seconds: Option<u64>,
        mode: Mode,
    ) -> Result<bool> {
        let settings = settings(flags, seconds, mode);
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let (server, request) = (self.of(key), Request::Store(key, data, &settings));
        // What is put twice is the same as once; of the others nobody could tell which one did it.
        let sent =
            if mode == Mode::Always { server.twice(request).await } else { server.once(request).await };
        Ok(is_done(&sent?))
    }

    /// Stores several for the same time.
    ///
    /// # Errors
    /// As [`store`](Self::store); some of them may be stored.
    pub async fn store_all(
        &self,
        items: &[(String, Vec<u8>)],
        flags: u32,
        seconds: Option<u64>,
    ) -> Result<()> {
        let settings = settings(flags, seconds, Mode::Always);
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let by_server =
            self.spread(items.iter().map(|(key, data)| (key.as_str(), (key.as_str(), &data[..]))));
        let mut stored = Vec::new();
        for (server, own) in self.0.servers.iter().zip(&by_server) {
            stored.extend(own.chunks(TOGETHER).map(|some| server.twice(Request::StoreAll(some, &settings))));
        }
        try_join_all(stored).await.map(drop)
    }

    /// Removes what is under a key, if it is in this state; says whether it did.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer: it may have happened all the same.
    pub async fn remove(&self, key: &str, state: Option<u64>) -> Result<bool> {
        let setting = state.map(|cas| format!("C{cas}"));
        let settings: Vec<&str> = setting.iter().map(String::as_str).collect();
        let (server, request) = (self.of(key), Request::Remove(key, &settings));
        // To be gone twice is no harm; who asks about a state wants to know who did it.
        let sent = if state.is_none() { server.twice(request).await } else { server.once(request).await };
        Ok(is_done(&sent?))
    }

    /// What each server says of itself.
    ///
    /// # Errors
    /// `Unavailable` when one of them does not answer.
    pub async fn stats(&self) -> Result<Vec<HashMap<String, String>>> {
        let all = try_join_all(self.0.servers.iter().map(|server| server.twice(Request::Stats))).await?;
        let stats = |answer| match answer {
            Answer::Stats(stats) => stats,
            _ => HashMap::new(),
        };
        Ok(all.into_iter().map(stats).collect())
    }

    /// What belongs to each server.
    fn spread<'a, T>(&self, keyed: impl Iterator<Item = (&'a str, T)>) -> Vec<Vec<T>> {
        let mut by_server: Vec<Vec<T>> = self.0.servers.iter().map(|_| Vec::new()).collect();
        for (key, one) in keyed {
            if let Some(own) = by_server.get_mut(self.0.ring.place(key.as_bytes())) {
                own.push(one);
            }
        }
        by_server
    }

    /// Closes the connections; further calls fail.
    pub fn close(&self) {
        self.0.servers.iter().for_each(|server| server.pool.close());
    }

    fn of(&self, key: &str) -> &Server {
        // There is at least one, and the place is that of one.
        &self.0.servers[self.0.ring.place(key.as_bytes())]
    }
}

/// What is asked of a value: bytes, flags, state and time.
const ALL: &[&str] = &["v", "f", "c", "t"];

/// What is said to a server at once.
#[derive(Clone, Copy)]
enum Request<'a> {
    Find(&'a str),
    FindAll(&'a [&'a str]),
    Store(&'a str, &'a [u8], &'a [&'a str]),
    StoreAll(&'a [(&'a str, &'a [u8])], &'a [&'a str]),
    Remove(&'a str, &'a [&'a str]),
    Stats,
}

enum Answer {
    Values(Vec<MetaValue>),
    /// Whether it was carried out.
    Done(bool),
    Stats(HashMap<String, String>),
}

async fn exchange(client: &mut Client, request: Request<'_>) -> Result<Answer, Native> {
    let done = match request {
        Request::Find(key) => {
            let found = client.meta_get(key, false, None, Some(ALL)).await?;
            return Ok(Answer::Values(found.into_iter().collect()));
        }
        Request::FindAll(keys) => return Ok(Answer::Values(client.meta_get_multi(keys, Some(ALL)).await?)),
        Request::Stats => return Ok(Answer::Stats(client.stats().await?.into_iter().collect())),
        Request::StoreAll(items, settings) => client.meta_set_multi(items, Some(settings)).await.map(drop),
        Request::Store(key, data, settings) => {
            client.meta_set(key, data, false, None, Some(settings)).await.map(drop)
        }
        Request::Remove(key, settings) => {
            client.meta_delete(key, false, None, Some(settings)).await.map(drop)
        }
    };
    match done {
        Ok(()) => Ok(Answer::Done(true)),
        Err(Native::Protocol(Status::NotStored | Status::Exists | Status::NotFound)) => {
            Ok(Answer::Done(false))
        }
        Err(error) => Err(error),
    }
}

fn values(answer: Answer) -> Vec<MetaValue> {
    match answer {
        Answer::Values(values) => values,
        _ => Vec::new(),
    }
}

fn is_done(answer: &Answer) -> bool {
    matches!(answer, Answer::Done(true))
}

fn found_of(value: MetaValue) -> Found {
    Found {
        data: value.data.unwrap_or_default(),
        flags: value.flags.unwrap_or_default(),
        cas: value.cas.unwrap_or_default(),
        left: value.ttl_remaining.and_then(|left| u64::try_from(left).ok()),
    }
}

fn settings(flags: u32, seconds: Option<u64>, mode: Mode) -> Vec<String> {
    let mut settings = vec![format!("F{flags}"), format!("T{}", time(seconds))];
    match mode {
        Mode::Always => {}
        Mode::Absent => settings.push("ME".to_owned()),
        Mode::Instead(cas) => settings.push(format!("C{cas}")),
    }
    settings
}

/// A time as the server wants it: beyond thirty days it takes a number for a date.
fn time(seconds: Option<u64>) -> u64 {
    const MONTH: u64 = 30 * 86_400;
    match seconds {
        None => 0,
        Some(seconds) if seconds <= MONTH => seconds.max(1),
        Some(seconds) => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            now.as_secs().saturating_add(seconds)
        }
    }
}

impl Server {
    /// Makes a call; once more on another connection when the first one has ended.
    async fn twice(&self, request: Request<'_>) -> Result<Answer> {
        match self.once(request).await {
            Err(failed) if failed.kind() == ErrorKind::Unavailable && !self.rests() => {
                self.once(request).await
            }
            done => done,
        }
    }

    async fn once(&self, request: Request<'_>) -> Result<Answer> {
        let mut connection = self.connection().await?;
        let done = match tokio::time::timeout(self.limit, exchange(&mut connection.client, request)).await {
            Ok(done) => done.map_err(|failed| error(&self.address, failed)),
            Err(_) => {
                Err(unavailable(&self.address).detail(format!("{} does not answer in time", self.address)))
            }
        };
        connection.used = Instant::now();
        if done.as_ref().is_err_and(|failed| failed.kind() == ErrorKind::Unavailable) {
            // The server has gone: the others that are idle have ended as well.
            drop(Object::take(connection));
            self.pool.retain(|_, _| false);
        }
        done
    }

    async fn connection(&self) -> Result<Object<Connector>> {
        if self.rests() {
            return Err(unavailable(&self.address));
        }
        self.pool.get().await.map_err(|failed| {
            if matches!(failed, deadpool::managed::PoolError::Backend(_))
                || matches!(
                    failed,
                    deadpool::managed::PoolError::Timeout(deadpool::managed::TimeoutType::Create)
                )
            {
                *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
            }
            unavailable(&self.address).source(failed)
        })
    }

    fn rests(&self) -> bool {
        self.resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|until| Instant::now() < until)
    }
}

/// Makes connections to one server.
struct Connector {
    dsn: String,
    limit: Duration,
}

struct Connection {
    client: Client,
    used: Instant,
}

impl Manager for Connector {
    type Type = Connection;
    type Error = Native;

    async fn create(&self) -> Result<Connection, Native> {
        Ok(Connection { client: Client::new(&self.dsn).await?, used: Instant::now() })
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Native> {
        if connection.client.is_closed() {
            return Err(RecycleError::message("the connection has ended"));
        }
        if connection.used.elapsed() > FRESH {
            match tokio::time::timeout(self.limit, connection.client.version()).await {
                Ok(version) => drop(version?),
                Err(_) => return Err(RecycleError::message("no answer")),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MemcachedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.0.servers.iter().map(|server| &server.address);
        f.debug_list().entries(servers).finish()
    }
}
