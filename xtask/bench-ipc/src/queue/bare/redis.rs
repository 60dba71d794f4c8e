//! redis: a list, and another one of what is being done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bkjs_core::task::spawn;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, cmd};

use super::BODY;
use crate::place::Place;
use crate::queue::{CONCURRENCY, End, Side};

/// One connection that all callers share.
pub(crate) struct Redis {
    connection: MultiplexedConnection,
    list: String,
    doing: String,
    next: AtomicU64,
}

impl Redis {
    /// Connects.
    ///
    /// # Errors
    /// When there is no server.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        let client = redis::Client::open(place.url.as_str())?;
        let connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
        let (list, doing) = (format!("{}_list", place.room), format!("{}_doing", place.room));
        Ok(Self { connection, list, doing, next: AtomicU64::new(0) })
    }

    /// Removes the lists.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) async fn clean(&self) -> Result<()> {
        let mut connection = self.connection.clone();
        Ok(cmd("DEL").arg(&self.list).arg(&self.doing).query_async(&mut connection).await?)
    }
}

impl Side for Redis {
    async fn submit(&self) -> Result<()> {
        let mut connection = self.connection.clone();
        // With a number, as LREM removes what is equal.
        let body = format!("{}{BODY}", self.next.fetch_add(1, Ordering::Relaxed));
        Ok(cmd("LPUSH").arg(&self.list).arg(body).query_async(&mut connection).await?)
    }

    async fn work(&self, count: u64) -> Result<End> {
        let left = Arc::new(AtomicU64::new(count));
        let lane = |_| {
            let (mut connection, left) = (self.connection.clone(), left.clone());
            let (list, doing) = (self.list.clone(), self.doing.clone());
            spawn("lane", async move {
                while left.load(Ordering::Relaxed) > 0 {
                    let mut take = cmd("RPOPLPUSH");
                    let body: Option<String> =
                        take.arg(&list).arg(&doing).query_async(&mut connection).await?;
                    let Some(body) = body else {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        continue;
                    };
                    cmd("LREM").arg(&doing).arg(1).arg(body).query_async::<()>(&mut connection).await?;
                    left.fetch_sub(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        };
        for lane in (0..CONCURRENCY).map(lane).collect::<Vec<_>>() {
            lane.await?.context("a lane panicked")??;
        }
        Ok(Box::pin(std::future::ready(Ok(()))))
    }
}
