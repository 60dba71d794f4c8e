use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};

use super::error::{convert, is_final, unavailable};
use super::{Fate, Health, PoolLimits, Session};
use crate::{Error, ErrorKind, Result};

/// The first pause between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// The longest pause between attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The connections to a server. None is opened before it is needed.
///
/// A connection goes from caller to caller without a question to the server. It is tested first when it
/// has been idle for some time, and when another one has been lost since it was last used.
pub(in crate::db::drivers) struct Pool<S: Session> {
    connections: managed::Pool<Manager<S>>,
    state: Arc<State<S::Connect>>,
    reaper: Once,
    idle: Option<Duration>,
    min: usize,
}

/// What the connections of a pool have in common.
struct State<C> {
    connect: C,
    connect_timeout: Duration,
    reply_timeout: Option<Duration>,
    test_after: Duration,
    /// How often a connection was lost.
    losses: AtomicU64,
    /// The last attempt to connect failed.
    unreachable: AtomicBool,
}

/// Opens connections and looks at them before they are used again.
struct Manager<S: Session>(Arc<State<S::Connect>>);

impl<S: Session> Pool<S> {
    /// A pool without connections.
    ///
    /// # Errors
    /// `Internal` when the library refuses its settings.
    pub(in crate::db::drivers) fn new(connect: S::Connect, limits: &PoolLimits) -> Result<Self> {
        let state = Arc::new(State {
            connect,
            connect_timeout: limits.connect_timeout(),
            reply_timeout: limits.reply_timeout(),
            test_after: Duration::from_millis(limits.test_after),
            losses: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
        });
        let connections = managed::Pool::builder(Manager::<S>(state.clone()))
            .max_size(limits.max.max(1))
            .runtime(Runtime::Tokio1)
            // Few connections stay warm, the others become idle.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|e| Error::internal("the pool cannot be made").source(e))?;
        let idle = (limits.idle > 0).then(|| Duration::from_millis(limits.idle));
        Ok(Self { connections, state, reaper: Once::new(), idle, min: limits.min })
    }

    /// A connection; it goes back to the pool when it is dropped.
    ///
    /// # Errors
    /// `Unavailable` when there is none within the connect timeout, `OverCapacity` when all are in use.
    pub(in crate::db::drivers) async fn get(&self) -> Result<Lease<'_, S>> {
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
    pub(in crate::db::drivers) async fn close(&self) {
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
        crate::task::spawn("db-idle", async move {
            loop {
                tokio::time::sleep(idle.div_f32(2.0)).await;
                let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else { return };
                let mut left = pool.status().size;
                let removed = pool
                    .retain(|session, _| {
                        let stays = left <= min || session.health().used.elapsed() < idle;
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

impl<S: Session> managed::Manager for Manager<S> {
    type Type = S;
    type Error = Error;

    /// Tries until the connect timeout: a server that starts again answers after a while.
    async fn create(&self) -> Result<S> {
        let state = &*self.0;
        let deadline = Instant::now() + state.connect_timeout;
        let mut pause = FIRST_PAUSE;
        loop {
            let health = Health::new(state.reply_timeout, state.losses.load(Ordering::Relaxed));
            let left = deadline.saturating_duration_since(Instant::now());
            // Boxed: it is large, and part of the future that takes an open connection.
            let opened = Box::pin(S::open(&state.connect, health));
            let error = match tokio::time::timeout(left, opened).await {
                Ok(Ok(session)) => {
                    state.unreachable.store(false, Ordering::Relaxed);
                    return Ok(session);
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(unavailable("no connection within the connect timeout")),
            };
            state.unreachable.store(true, Ordering::Relaxed);
            if is_final::<S>(&error) || Instant::now() + pause >= deadline {
                return Err(convert::<S>(error));
            }
            tracing::debug!(%error, product = S::NAME, "no connection to the database, trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn recycle(&self, session: &mut S, _: &Metrics) -> RecycleResult<Error> {
        let state = &*self.0;
        let health = session.health();
        if !health.is_clean() {
            return Err(RecycleError::message("left in the middle of something"));
        }
        let losses = state.losses.load(Ordering::Relaxed);
        if health.epoch == losses && health.used.elapsed() < state.test_after {
            return Ok(());
        }
        if !session.ping(state.connect_timeout).await {
            return Err(RecycleError::message("does not answer"));
        }
        let health = &mut session.line_mut().health;
        health.epoch = losses;
        health.used = Instant::now();
        Ok(())
    }
}

/// A connection in use.
pub(in crate::db::drivers) struct Lease<'p, S: Session> {
    session: Object<Manager<S>>,
    state: &'p State<S::Connect>,
}

impl<S: Session> Deref for Lease<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.session
    }
}

impl<S: Session> DerefMut for Lease<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.session
    }
}

impl<S: Session> Drop for Lease<'_, S> {
    fn drop(&mut self) {
        if self.session.health().fate == Some(Fate::Lost) {
            self.state.losses.fetch_add(1, Ordering::Relaxed);
        }
    }
}
