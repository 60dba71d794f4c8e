//! The contract of queues.

mod failing;
mod inspecting;
mod keys;
mod limits;
mod ordering;
mod outages;
mod taking;
mod transactions;

use std::sync::Arc;
use std::time::Duration;

use bkjs_core::db::drivers::{self, Location};
use bkjs_core::db::{Db, Options};
use bkjs_core::queue::driver::Capabilities;
use bkjs_core::queue::drivers::db;
use bkjs_core::queue::{Bell, Delivery, Outcome, Queue, QueueOptions, Site};
use bkjs_core::schema::{Column, SchemaBuilder, Table};
use serde_json::Map;

use crate::check::{Checked, Problem, holds_that};
use crate::gate::Gate;
use crate::suite::{Backend, Family, Room};
use crate::trial::Trial;

/// The family of queue drivers.
pub(crate) struct Queues;

/// What a trial receives.
pub(crate) struct Bench {
    backend: &'static Backend<Queues>,
    room: Arc<Room>,
}

/// A table of the application, to share transactions with.
const TODO: &str = "todo";

impl Bench {
    /// The queue as another process would open it, with these options, `&bk-NAME=value`.
    async fn queue(&self, options: &str) -> Checked<Queue> {
        Ok(self.open("", options, Bell::default()).await?.0)
    }

    /// Another queue of the same product.
    async fn other_queue(&self) -> Checked<Queue> {
        Ok(self.open("other", "", Bell::default()).await?.0)
    }

    /// The queue behind a way to the server that can be closed; none where the outages are those of a database.
    async fn gated_queue(&self, options: &str) -> Checked<Option<(Gate, Queue)>> {
        if self.backend.server.is_none() || self.backend.name.starts_with("db-") {
            return Ok(None);
        }
        let (gate, url) = Gate::before(&(self.backend.url)(&self.room)).await?;
        let (queue, _) = self.open_at(url, "", options, Bell::default()).await?;
        Ok(Some((gate, queue)))
    }

    /// The queue with a bell that others hear, and its database if it is in one.
    async fn open(&self, name: &str, options: &str, bell: Bell) -> Checked<(Queue, Option<Db>)> {
        self.open_at((self.backend.url)(&self.room), name, options, bell).await
    }

    async fn open_at(
        &self,
        url: String,
        name: &str,
        options: &str,
        bell: Bell,
    ) -> Checked<(Queue, Option<Db>)> {
        let pool = match self.backend.name.strip_prefix("db-") {
            Some(product) => Some(pool(product, &url, &self.room).await?),
            None => None,
        };
        let url = if pool.is_some() { "db://".to_owned() } else { url };
        let joint = if url.contains('?') { '&' } else { '?' };
        // A database, or a file, is the trial's own.
        let queue = match pool.is_some() {
            true => String::new(),
            false => format!("&bk-queue={}{name}", self.room.name()),
        };
        let url = format!("{url}{joint}bk-retryInterval=0{queue}{options}");
        let site = Site { db: pool.as_ref(), folder: self.room.folder(), bell };
        let opened = Queue::open(name, &QueueOptions::at(&url)?, &site)?;
        let keys = match opened.capabilities().unique {
            true => return Ok((opened, pool)),
            false => Queue::open("keys", &QueueOptions::at("local://")?, &site)?,
        };
        Ok((opened.with_keys_in(&keys), pool))
    }
}

/// A pool of this product with the tables of queues and of the application.
async fn pool(product: &str, url: &str, room: &Room) -> Checked<Db> {
    let default_file = room.folder().join("trial.db");
    let location = Location { url, default_file: &default_file, options: Map::new() };
    let driver = drivers::open(product, location)?;
    let mut schema = SchemaBuilder::new();
    db::tables().into_iter().for_each(|table| schema.add(table));
    schema.add(Table::new(TODO).column(Column::text("id").primary()).column(Column::text("name")));
    let db = Db::builder(Arc::new(schema.build())).pool(product, driver).default_pool(product).build()?;
    db.create_tables().await?;
    Ok(db)
}

impl Family for Queues {
    const NAME: &'static str = "queue";
    type Can = Capabilities;
    type Bench = Bench;

    const BACKENDS: &'static [Backend<Self>] = &[
        #[cfg(feature = "sqlite")]
        Backend { name: "local", server: None, can: db::CAPABILITIES, url: |_| "local://".into() },
        #[cfg(feature = "sqlite")]
        Backend { name: "db-sqlite", server: None, can: db::CAPABILITIES, url: |_| String::new() },
        #[cfg(feature = "lmdb")]
        Backend { name: "db-lmdb", server: None, can: db::CAPABILITIES, url: |_| String::new() },
        #[cfg(feature = "postgres")]
        Backend {
            name: "db-postgres",
            server: Some("BKJS_TEST_POSTGRES_URL"),
            can: db::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_POSTGRES_URL", "schema"),
        },
        #[cfg(feature = "mysql")]
        Backend {
            name: "db-mysql",
            server: Some("BKJS_TEST_MYSQL_URL"),
            can: db::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_MYSQL_URL", "database"),
        },
        #[cfg(feature = "redis")]
        Backend {
            name: "redis",
            server: Some("BKJS_TEST_REDIS_URL"),
            can: bkjs_core::queue::drivers::redis::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_REDIS_URL", "prefix"),
        },
        #[cfg(feature = "nats")]
        Backend {
            name: "nats",
            server: Some("BKJS_TEST_NATS_URL"),
            can: bkjs_core::queue::drivers::nats::CAPABILITIES,
            url: |_| std::env::var("BKJS_TEST_NATS_URL").unwrap_or_default(),
        },
        #[cfg(feature = "amqp")]
        Backend {
            name: "amqp",
            server: Some("BKJS_TEST_AMQP_URL"),
            can: bkjs_core::queue::drivers::amqp::CAPABILITIES,
            url: |_| std::env::var("BKJS_TEST_AMQP_URL").unwrap_or_default(),
        },
        #[cfg(feature = "sqs")]
        Backend {
            name: "sqs",
            // The emulator is one of all of Amazon's services.
            server: Some("BKJS_TEST_DYNAMODB_URL"),
            can: bkjs_core::queue::drivers::sqs::CAPABILITIES,
            url: |_| std::env::var("BKJS_TEST_DYNAMODB_URL").unwrap_or_default(),
        },
    ];

    const SECTIONS: &'static [&'static [Trial<Self>]] = &[
        taking::TRIALS,
        failing::TRIALS,
        ordering::TRIALS,
        keys::TRIALS,
        inspecting::TRIALS,
        limits::TRIALS,
        transactions::TRIALS,
        outages::TRIALS,
    ];

    fn bench(backend: &'static Backend<Self>, room: Arc<Room>) -> Checked<Bench> {
        Ok(Bench { backend, room })
    }

    async fn remove(backend: &'static Backend<Self>, room: &Room) -> Checked {
        let drop = match backend.name {
            "db-postgres" => format!("DROP SCHEMA IF EXISTS {} CASCADE", room.name()),
            "db-mysql" => format!("DROP DATABASE IF EXISTS {}", room.name()),
            name if name == "local" || name.starts_with("db-") => return Ok(()),
            _ => {
                let joint = if (backend.url)(room).contains('?') { '&' } else { '?' };
                let url = format!("{}{joint}bk-queue={}", (backend.url)(room), room.name());
                let site = Site { db: None, folder: room.folder(), bell: Bell::default() };
                let queue = Queue::open("", &QueueOptions::at(&url)?, &site)?;
                queue.purge().await?;
                queue.close().await;
                return Ok(());
            }
        };
        let product = backend.name.strip_prefix("db-").unwrap_or_default();
        let db = pool(product, &(backend.url)(room), room).await?;
        db.query(&drop, Vec::new(), &Options::new()).await?;
        db.close().await;
        Ok(())
    }
}

/// How long a taker waits for what must come: far longer than it may take.
const LONG: Duration = Duration::from_secs(20);

/// What a capability is that nobody can be refused for want of.
async fn has_no_effect(_: Bench) -> Checked {
    Ok(())
}

/// The one message that comes.
async fn take_one(queue: &Queue) -> Checked<Delivery> {
    let mut taken = queue.take(1, LONG).await?;
    holds_that(taken.len() == 1, || format!("{} messages came, not one", taken.len()))?;
    taken.pop().ok_or_else(|| Problem::new("no message"))
}

/// That none comes for the moment.
async fn none_comes(queue: &Queue) -> Checked {
    let taken = queue.take(10, Duration::ZERO).await?;
    holds_that(taken.is_empty(), || format!("there should be no message: {taken:?}"))
}

/// Settles one that must still be the taker's.
async fn settle(queue: &Queue, delivery: Delivery, outcome: Outcome) -> Checked {
    for mine in queue.settle(vec![(delivery, outcome)]).await {
        holds_that(mine?, || "the message is no longer its taker's")?;
    }
    Ok(())
}
