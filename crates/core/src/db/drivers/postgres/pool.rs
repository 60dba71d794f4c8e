use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;

use super::connection::Session;
use super::error::{Fate, convert, fate, native, unavailable};
use super::options::PostgresOptions;
use crate::{Error, ErrorKind, Result};

/// The first pause between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// The longest pause between attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The connections to a server. None is opened before it is needed.
///
/// A connection goes from caller to caller without a question to the server. It is tested first when it
/// has been idle for some time, and when another one has been lost since it was last used.
pub(super) struct Pool {
    connections: managed::Pool<Manager>,
    state: Arc<State>,
    reaper: Once,
    idle: Option<Duration>,
    min: usize,
}

/// What the connections of a pool have in common.
struct State {
    options: PgConnectOptions,
    connect_timeout: Duration,
    reply_timeout: Option<Duration>,
    test_after: Duration,
    /// How often a connection was lost.
    losses: AtomicU64,
    /// The last attempt to connect failed.
    unreachable: AtomicBool,
}

/// Opens connections and looks at them before they are used again.
pub(super) struct Manager(Arc<State>);

impl Pool {
    /// A pool without connections.
    ///
    /// # Errors
    /// `Config` for a malformed URL.
    pub(super) fn new(options: &PostgresOptions) -> Result<Self> {
        let state = Arc::new(State {
            options: options.connection()?,
            connect_timeout: options.connect_timeout(),
            reply_timeout: options.reply_timeout(),
            test_after: Duration::from_millis(options.test_after),
            losses: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
        });
        let connections = managed::Pool::builder(Manager(state.clone()))
            .max_size(options.max.max(1))
            .runtime(Runtime::Tokio1)
            // Few connections stay warm, the others become idle.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|e| Error::internal("the pool cannot be made").source(e))?;
        let idle = (options.idle > 0).then(|| Duration::from_millis(options.idle));
        Ok(Self { connections, state, reaper: Once::new(), idle, min: options.min })
    }

    /// A connection; it goes back to the pool when it is dropped.
    ///
    /// # Errors
    /// `Unavailable` when there is none within the connect timeout, `OverCapacity` when all are in use.
    pub(super) async fn get(&self) -> Result<Lease<'_>> {
        self.reaper.call_once(|| self.reap());
        // Some longer than what an attempt to connect may take, which then says why there is none.
        let limit = self.state.connect_timeout + LONGEST_PAUSE;
        let session = match tokio::time::timeout(limit, self.connections.get()).await {
            Ok(Ok(session)) => session,
            Ok(Err(PoolError::Backend(error))) => return Err(error),
            Ok(Err(PoolError::Closed)) => return Err(unavailable("the driver was closed")),
            Ok(Err(error)) => return Err(unavailable(error.to_string())),
            Err(_) if self.state.unreachable.load(Ordering::Relaxed) => {
                return Err(unavailable("others wait for connections too, and there are none"));
            }
            Err(_) => {
                let message = "the database has too much to do, please try again later";
                return Err(Error::new(ErrorKind::OverCapacity, message)
                    .detail("all connections of the pool are in use"));
            }
        };
        Ok(Lease { session, state: &self.state })
    }

    /// Closes idle connections; those in use are closed when they are given back.
    pub(super) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        for session in idle {
            session.close().await;
        }
    }

    /// Starts a task that closes connections that are idle for long; it ends with the pool.
    fn reap(&self) {
        let Some(idle) = self.idle else { return };
        let (pool, min) = (self.connections.weak(), self.min);
        crate::task::spawn("postgres-idle", async move {
            loop {
                tokio::time::sleep(idle.div_f32(2.0)).await;
                let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else { return };
                let mut left = pool.status().size;
                let removed = pool
                    .retain(|session, _| {
                        let stays = left <= min || session.used.elapsed() < idle;
                        left -= usize::from(!stays);
                        stays
                    })
                    .removed;
                drop(pool);
                for session in removed {
                    session.close().await;
                }
            }
        });
    }
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = Error;

    /// Tries until the connect timeout: a server that starts again answers after a while.
    async fn create(&self) -> Result<Session> {
        let state = &*self.0;
        let deadline = Instant::now() + state.connect_timeout;
        let mut pause = FIRST_PAUSE;
        loop {
            let epoch = state.losses.load(Ordering::Relaxed);
            let left = deadline.saturating_duration_since(Instant::now());
            let open = Session::open(&state.options, state.reply_timeout, epoch);
            let error = match tokio::time::timeout(left, open).await {
                Ok(Ok(session)) => {
                    state.unreachable.store(false, Ordering::Relaxed);
                    return Ok(session);
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(unavailable("no connection within the connect timeout")),
            };
            state.unreachable.store(true, Ordering::Relaxed);
            if is_final(&error) || Instant::now() + pause >= deadline {
                return Err(convert(error));
            }
            tracing::debug!(%error, "no connection to postgres, trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        let state = &*self.0;
        if !session.is_clean() {
            return Err(RecycleError::message("left in the middle of something"));
        }
        let losses = state.losses.load(Ordering::Relaxed);
        if session.epoch == losses && session.used.elapsed() < state.test_after {
            return Ok(());
        }
        if !session.ping(state.connect_timeout).await {
            return Err(RecycleError::message("does not answer"));
        }
        session.epoch = losses;
        session.used = Instant::now();
        Ok(())
    }
}

/// Whether trying again is in vain: a login that is refused stays refused.
fn is_final(error: &sqlx::Error) -> bool {
    match native(error) {
        Some(error) => error.code().starts_with("28") || error.code().starts_with("3D"),
        None => fate(error) == Fate::Refused,
    }
}

/// A connection in use.
pub(super) struct Lease<'p> {
    session: Object<Manager>,
    state: &'p State,
}

impl Deref for Lease<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.session.fate == Some(Fate::Lost) {
            self.state.losses.fetch_add(1, Ordering::Relaxed);
        }
    }
}
