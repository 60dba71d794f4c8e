//! The contract of publish and subscribe.

mod messages;
mod outages;
mod slowness;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bkjs_core::connect::settings::Settings;
use bkjs_core::pubsub::drivers::local::{self, LocalPubsub, Others};
use bkjs_core::pubsub::{Capabilities, Message, Pubsub, PubsubDriver, Received, Subscription, drivers};
use serde_json::Value;

use crate::check::{Checked, Problem};
use crate::gate::Gate;
use crate::suite::{Backend, Family, Room};
use crate::trial::Trial;

/// The family of pub/sub drivers.
pub(crate) struct Pubsubs;

/// What a trial receives.
pub(crate) struct Bench {
    backend: &'static Backend<Pubsubs>,
    room: Arc<Room>,
    /// What is a process of a tree where nothing else is.
    tree: Arc<Tree>,
}

/// Processes that tell each other.
#[derive(Debug, Default)]
struct Tree(Mutex<Vec<LocalPubsub>>);

/// The way of the process with this number to the others.
#[derive(Debug)]
struct Neighbours(Arc<Tree>, usize);

impl Others for Neighbours {
    fn tell(&self, said: Value) -> bkjs_core::Result<()> {
        let all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter()
            .enumerate()
            .filter(|(at, _)| *at != self.1)
            .try_for_each(|(_, other)| other.told(said.clone()))
    }
}

impl Bench {
    /// A client, as another process would have it, with further options, `&name=value`.
    fn open_with(&self, options: &str) -> Checked<Pubsub> {
        self.open_at(&(self.backend.url)(&self.room), options)
    }

    fn open(&self) -> Checked<Pubsub> {
        self.open_with("")
    }

    fn open_at(&self, url: &str, options: &str) -> Checked<Pubsub> {
        let mut processes = self.tree.0.lock().unwrap_or_else(PoisonError::into_inner);
        let local = LocalPubsub::among(Arc::new(Neighbours(self.tree.clone(), processes.len())));
        processes.push(local.clone());
        let local: Arc<dyn PubsubDriver> = Arc::new(local);
        let joint = if url.contains('?') { '&' } else { '?' };
        let (driver, limits) = drivers::open(&format!("{url}{joint}{options}"), Settings::new(), &local)?;
        Ok(Pubsub::new(self.backend.name, driver, limits))
    }

    /// A client whose way to the server can be closed; none where there is no server.
    async fn open_gated(&self) -> Checked<Option<(Gate, Pubsub)>> {
        if self.backend.server.is_none() {
            return Ok(None);
        }
        let (gate, url) = Gate::before(&(self.backend.url)(&self.room)).await?;
        Ok(Some((gate, self.open_at(&url, "&connect_timeout=1000")?)))
    }

    /// Something on the way between processes of a tree was lost.
    fn lose(&self) {
        self.tree.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(LocalPubsub::missed);
    }
}

/// What arrives next, within half a minute.
async fn next(subscription: &mut Subscription) -> Checked<Received> {
    match tokio::time::timeout(Duration::from_secs(30), subscription.recv()).await {
        Ok(received) => Ok(received?),
        Err(_) => Err(Problem::new(format!("nothing arrives on {}", subscription.channel()))),
    }
}

/// The body of the message that arrives next.
async fn body(subscription: &mut Subscription) -> Checked<String> {
    match next(subscription).await? {
        Received::Message(Message { body, .. }) => Ok(String::from_utf8_lossy(&body).into_owned()),
        Received::Missed => Err(Problem::new("something may be missing")),
    }
}

impl Family for Pubsubs {
    const NAME: &'static str = "pubsub";
    type Can = Capabilities;
    type Bench = Bench;

    const BACKENDS: &'static [Backend<Self>] = &[
        Backend { name: "local", server: None, can: local::CAPABILITIES, url: |_| "local://".into() },
        #[cfg(feature = "redis")]
        Backend {
            name: "redis",
            server: Some("BKJS_TEST_REDIS_URL"),
            can: drivers::redis::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_REDIS_URL", "prefix"),
        },
        #[cfg(feature = "amqp")]
        Backend {
            name: "amqp",
            server: Some("BKJS_TEST_AMQP_URL"),
            can: drivers::amqp::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_AMQP_URL", "prefix"),
        },
        #[cfg(feature = "nats")]
        Backend {
            name: "nats",
            server: Some("BKJS_TEST_NATS_URL"),
            can: drivers::nats::CAPABILITIES,
            url: |room| room.on_server("BKJS_TEST_NATS_URL", "prefix"),
        },
    ];

    const SECTIONS: &'static [&'static [Trial<Self>]] =
        &[messages::TRIALS, slowness::TRIALS, outages::TRIALS];

    fn bench(backend: &'static Backend<Self>, room: Arc<Room>) -> Checked<Bench> {
        Ok(Bench { backend, room, tree: Arc::default() })
    }

    async fn remove(_: &'static Backend<Self>, _: &Room) -> Checked {
        Ok(())
    }
}
