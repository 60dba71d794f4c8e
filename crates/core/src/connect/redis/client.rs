use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::{AsyncPushSender, ConnectionLike as _, MultiplexedConnection, PubSub};
use redis::{Cmd, ErrorKind as Native, FromRedisValue, Pipeline, RedisResult, ServerErrorKind, Value};

use super::error::{Failure, error, failure, unavailable};
use super::locate::{Locator, patient};
use super::options::MAX_CONNECTIONS;
use super::slot::Slot;
use super::{RedisOptions, Script};
use crate::{Error, Result};

/// A server, or the master of a replication, that is found again when it is lost.
///
/// Cheap to clone; all clones share the connections. See the [module](super) for timeouts and for what is
/// sent twice.
#[derive(Clone)]
pub struct RedisClient {
    shared: Arc<Shared>,
}

struct Shared {
    locator: Locator,
    slots: Vec<Slot>,
    next: AtomicUsize,
    closed: AtomicBool,
    response_timeout: Option<Duration>,
}

/// What goes over a connection at once.
#[derive(Clone, Copy)]
enum Request<'a> {
    One(&'a Cmd),
    Many(&'a Pipeline, usize),
}

/// Whether a request may be sent again when nobody knows if the first one was run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Writes,
}

impl RedisClient {
    /// The client of a server; connects when it is first used.
    ///
    /// # Errors
    /// `Config` for settings that cannot be used.
    pub fn new(options: &RedisOptions) -> Result<Self> {
        let slots = (0..options.max.clamp(1, MAX_CONNECTIONS)).map(|_| Slot::default()).collect();
        let shared = Shared {
            locator: Locator::new(options)?,
            slots,
            next: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            response_timeout: options.response_timeout(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The reply to a command that changes something.
    ///
    /// # Errors
    /// `Unavailable` when there is no server; with a detail that says so when the command may have been run
    /// all the same. `Internal` for a reply of another type.
    pub async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let values = self.send(Request::One(command), Effect::Writes).await?;
        typed(single(values)?)
    }

    /// The reply to a command that changes nothing, and may therefore be sent twice.
    ///
    /// # Errors
    /// `Unavailable` when there is no server, `Internal` for a reply of another type.
    pub async fn read<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let values = self.send(Request::One(command), Effect::None).await?;
        typed(single(values)?)
    }

    /// The replies to commands sent together, each on its own: an error of the server is one of the values.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_all(&self, pipeline: &Pipeline) -> Result<Vec<Value>> {
        self.many(pipeline, Effect::Writes).await
    }

    /// As [`call_all`](Self::call_all), for commands that change nothing.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_all(&self, pipeline: &Pipeline) -> Result<Vec<Value>> {
        self.many(pipeline, Effect::None).await
    }

    /// The reply to a script, which the server gets to know when it does not know it yet.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[Vec<u8>],
        arguments: &[Vec<u8>],
    ) -> Result<T> {
        let mut call = redis::cmd("EVALSHA");
        call.arg(script.hash()).arg(keys.len()).arg(keys).arg(arguments);
        match self.send(Request::One(&call), Effect::Writes).await.and_then(single) {
            Err(missing) if is_unknown_script(&missing) => {
                self.load(script).await?;
                let values = self.send(Request::One(&call), Effect::Writes).await?;
                typed(single(values)?)
            }
            done => typed(done?),
        }
    }

    async fn load(&self, script: &Script) -> Result<()> {
        // The server keeps scripts by the hash of their text, so loading twice is the same as once. All
        // connections lead to the one server.
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(script.text());
        self.read::<Value>(&load).await.map(drop)
    }

    /// A connection of one's own for commands that wait on the server (`BLPOP`, `XREAD BLOCK`): without a
    /// limit for the reply. Not made again when it ends.
    ///
    /// # Errors
    /// `Unavailable` when there is no server.
    pub async fn blocking(&self) -> Result<MultiplexedConnection> {
        self.open()?;
        self.shared.locator.connect(&patient()).await
    }

    /// A connection of one's own for subscriptions. Not made again when it ends, which is the end of its
    /// stream of messages.
    ///
    /// # Errors
    /// `Unavailable` when there is no server.
    pub async fn subscriber(&self) -> Result<PubSub> {
        self.open()?;
        self.shared.locator.subscriber().await
    }

    /// A connection of one's own on which the server may say something without being asked: `heard` gets it, also that
    /// the connection has ended, and must not block. Not made again when it ends.
    ///
    /// # Errors
    /// `Unavailable` when there is no server.
    pub async fn pushed(&self, heard: impl AsyncPushSender) -> Result<MultiplexedConnection> {
        self.open()?;
        self.shared.locator.connect(&patient().set_push_sender(heard)).await
    }

    /// Closes the connections when what was sent is answered; further calls fail.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.slots.iter().for_each(Slot::close);
    }

    fn open(&self) -> Result<()> {
        if self.shared.closed.load(Ordering::Relaxed) {
            return Err(unavailable("the client was closed"));
        }
        Ok(())
    }

    async fn many(&self, pipeline: &Pipeline, effect: Effect) -> Result<Vec<Value>> {
        match pipeline.cmd_iter().count() {
            0 => Ok(Vec::new()),
            count => self.send(Request::Many(pipeline, count), effect).await,
        }
    }

    async fn send(&self, request: Request<'_>, effect: Effect) -> Result<Vec<Value>> {
        match self.attempt(request).await? {
            Ok(values) => Ok(values),
            Err((Failure::Request, failed)) => Err(error(failed)),
            Err((Failure::Lost, failed)) if effect == Effect::Writes => Err(unavailable(
                "the connection was lost before the reply: the outcome of the write is unknown",
            )
            .source(failed)),
            // It was not run, or running it again is no harm.
            Err(_) => self.attempt(request).await?.map_err(|(_, failed)| error(failed)),
        }
    }

    /// Sends a request once. The outer error is that there is no connection, so that it was not sent.
    async fn attempt(
        &self,
        request: Request<'_>,
    ) -> Result<std::result::Result<Vec<Value>, (Failure, redis::RedisError)>> {
        self.open()?;
        let shared = &self.shared;
        let at = shared.next.fetch_add(1, Ordering::Relaxed) % shared.slots.len();
        let Some(slot) = shared.slots.get(at) else { return Err(Error::internal("no connection slot")) };
        let live = slot.get(&shared.locator).await?;
        let sent = exchange(live.connection(), request);
        let reply = match shared.response_timeout {
            None => sent.await,
            Some(limit) => match tokio::time::timeout(limit, sent).await {
                Ok(reply) => reply,
                // The server may be gone without a word: do not trust this connection any more.
                Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
            },
        };
        Ok(reply.map_err(|failed| {
            let failure = failure(&failed);
            if failure != Failure::Request {
                live.give_up();
            }
            (failure, failed)
        }))
    }
}

async fn exchange(mut connection: MultiplexedConnection, request: Request<'_>) -> RedisResult<Vec<Value>> {
    match request {
        Request::One(command) => {
            let reply = connection.req_packed_command(command).await?;
            Ok(vec![reply.extract_error()?])
        }
        Request::Many(pipeline, count) => connection.req_packed_commands(pipeline, 0, count).await,
    }
}

fn single(mut values: Vec<Value>) -> Result<Value> {
    values.pop().ok_or_else(|| Error::internal("redis sent no reply"))
}

fn typed<T: FromRedisValue>(value: Value) -> Result<T> {
    T::from_redis_value(value).map_err(|e| Error::internal("redis sent a reply of another type").source(e))
}

fn is_unknown_script(failed: &Error) -> bool {
    std::error::Error::source(failed)
        .and_then(|e| e.downcast_ref::<redis::RedisError>())
        .is_some_and(|e| e.kind() == Native::Server(ServerErrorKind::NoScript))
}

impl fmt::Debug for RedisClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisClient").field("connections", &self.shared.slots.len()).finish_non_exhaustive()
    }
}
