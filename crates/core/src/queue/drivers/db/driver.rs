use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::CAPABILITIES;
use super::rows::info;
use super::table::{KEYS, TABLE};
use crate::Result;
use crate::db::{Db, Options, Query};
use crate::queue::driver::{Capabilities, QueueDriver, Settled, Take};
use crate::queue::{
    Bell, Cancelled, Counts, Delivery, Hold, Info, Message, QueueOptions, Receipt, State, Stored,
};
use crate::value::Row;

/// A queue in a pool; see the [module](super).
pub struct DbQueue {
    product: &'static str,
    /// The name in the column `queue`.
    pub(super) queue: String,
    /// The name of the bell.
    place: String,
    pub(super) db: Db,
    pub(super) pool: Option<String>,
    bell: Bell,
    pub(super) interval: Duration,
    pub(super) keep: Duration,
    pub(super) keep_failed: Duration,
    /// When to look for messages that are due.
    pub(super) next_look: AtomicI64,
    pub(super) next_prune: AtomicI64,
    /// Whether the tables are made here, and have been.
    creates: bool,
    created: OnceCell<()>,
}

impl DbQueue {
    pub(in crate::queue) fn new(
        product: &'static str,
        name: &str,
        db: Db,
        pool: Option<String>,
        options: &QueueOptions,
        bell: Bell,
    ) -> Self {
        let usual = if name.is_empty() { "default" } else { name };
        let queue = options.queue.clone().unwrap_or_else(|| usual.to_owned());
        Self {
            place: format!("{product}/{}/{queue}", pool.as_deref().unwrap_or_default()),
            product,
            queue,
            db,
            bell,
            interval: options.interval,
            keep: options.keep,
            keep_failed: options.keep_failed,
            next_look: AtomicI64::new(0),
            next_prune: AtomicI64::new(0),
            // Those of another pool are made by nobody else.
            creates: pool.is_some(),
            pool,
            created: OnceCell::new(),
        }
    }

    /// The same queue, which makes its tables when it is first used.
    #[cfg(feature = "sqlite")]
    pub(in crate::queue) fn creating(self) -> Self {
        Self { creates: true, ..self }
    }

    /// Makes the tables, if nobody else does.
    pub(super) async fn ready(&self) -> Result<()> {
        if !self.creates {
            return Ok(());
        }
        let create = async || {
            let tables = [TABLE, KEYS].iter().filter_map(|name| self.db.schema().find(name).cloned());
            let driver = match &self.pool {
                Some(pool) => self.db.pool(pool),
                None => self.db.pool_of(TABLE)?,
            };
            driver.create(tables.collect()).await.map(drop)
        };
        self.created.get_or_try_init(create).await.map(drop)
    }

    pub(super) fn options(&self) -> Options {
        Options { pool: self.pool.clone(), ..Options::new() }
    }

    /// Whether one statement changes many records, each under its condition.
    pub(super) fn has_statements(&self) -> bool {
        let driver = match &self.pool {
            Some(pool) => self.db.pool(pool),
            None => match self.db.pool_of(TABLE) {
                Ok(driver) => driver,
                Err(_) => return false,
            },
        };
        driver.capabilities().raw_query
    }

    /// Tells takers, wherever on this host, that there is something.
    pub(super) fn ring(&self) {
        self.next_look.store(0, Ordering::Relaxed);
        self.bell.ring(&self.place);
    }

    /// Tells one more taker that there may be something left.
    pub(super) fn ring_here(&self) {
        self.bell.ring_here(&self.place);
    }

    pub(super) async fn rung(&self) {
        self.bell.rung(&self.place).await;
    }

    fn all(&self) -> Query {
        Query::new().eq("queue", self.queue.as_str())
    }
}

impl QueueDriver for DbQueue {
    fn name(&self) -> &'static str {
        self.product
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn put(&self, messages: Vec<Message>) -> BoxFuture<'_, Vec<Result<Stored>>> {
        Box::pin(self.store(messages))
    }

    fn take(&self, take: Take) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            if let Err(error) = self.prune().await {
                tracing::warn!(queue = self.queue, error = error.log_text(), "old messages stay for now");
            }
            self.obtain(take).await
        })
    }

    fn settle(&self, settled: Vec<Settled>) -> BoxFuture<'_, Vec<Result<bool>>> {
        Box::pin(self.end(settled))
    }

    fn extend(&self, receipts: Vec<Receipt>, visibility: Duration) -> BoxFuture<'_, Result<Vec<Hold>>> {
        Box::pin(async move { self.hold(&receipts, visibility).await })
    }

    fn cancel(&self, id: String) -> BoxFuture<'_, Result<Cancelled>> {
        Box::pin(async move { self.stop(&id).await })
    }

    fn find(&self, id: String) -> BoxFuture<'_, Result<Option<Info>>> {
        Box::pin(async move {
            self.ready().await?;
            let row = self.db.get::<Row>(TABLE, id, &self.options()).await?;
            Ok(row.filter(|row| row.text("queue") == self.queue).and_then(info))
        })
    }

    fn list(&self, state: State, count: usize) -> BoxFuture<'_, Result<Vec<Info>>> {
        Box::pin(async move {
            self.ready().await?;
            let options = self.options().sort("!place").count(count);
            let page = self.db.select::<Row>(TABLE, self.all().eq("state", state.name()), &options).await?;
            Ok(page.rows.into_iter().filter_map(info).collect())
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        Box::pin(async move {
            self.ready().await?;
            let mut counts = Counts::default();
            let options = Options { total: true, ..self.options() };
            for state in State::ALL {
                let page =
                    self.db.select::<Row>(TABLE, self.all().eq("state", state.name()), &options).await?;
                counts.set(state, page.total.unwrap_or_default());
            }
            Ok(counts)
        })
    }

    fn take_key(&self, key: String, owner: String, ttl: Duration) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move { self.take_key_for(&key, &owner, ttl).await })
    }

    fn free_key(&self, key: String, owner: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.ready().await?;
            self.end_key(&key, &owner, true).await
        })
    }

    fn purge(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.ready().await?;
            self.db.del_all(TABLE, self.all(), &self.options()).await.map(drop)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The pools of the application are not this queue's to close.
            if self.product == "local" {
                self.db.close().await;
            }
        })
    }
}

impl fmt::Debug for DbQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbQueue")
            .field("queue", &self.queue)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}
