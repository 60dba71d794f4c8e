//! The client libraries alone.

use anyhow::{Context as _, Result, ensure};
use async_memcached::{AsciiProtocol as _, Client};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, cmd};
use tokio::sync::{Mutex, MutexGuard};

use super::{Side, TTL, VALUE, key};
use crate::place::Place;

/// Connections to memcached, on which one request follows the answer to the other.
const CONNECTIONS: usize = 8;

/// The library that the local cache keeps its values in.
pub(crate) struct Memory(moka::sync::Cache<String, Vec<u8>>);

impl Memory {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(100_000).time_to_live(TTL).build())
    }
}

impl Side for Memory {
    async fn get(&self, number: u64) -> Result<()> {
        ensure!(self.0.get(&key("bare", number)).context("no value")?.len() == VALUE.len(), "another value");
        Ok(())
    }

    async fn put(&self, number: u64) -> Result<()> {
        self.0.insert(key("bare", number), VALUE.to_vec());
        Ok(())
    }
}

/// One connection that all callers share.
pub(crate) struct Redis {
    connection: MultiplexedConnection,
    room: String,
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
        Ok(Self { connection, room: format!("{}_bare", place.room) })
    }
}

impl Side for Redis {
    async fn get(&self, number: u64) -> Result<()> {
        let mut connection = self.connection.clone();
        let found: Vec<u8> = cmd("GET").arg(key(&self.room, number)).query_async(&mut connection).await?;
        ensure!(found.len() == VALUE.len(), "another value");
        Ok(())
    }

    async fn put(&self, number: u64) -> Result<()> {
        let mut connection = self.connection.clone();
        let mut set = cmd("SET");
        set.arg(key(&self.room, number)).arg(&VALUE[..]).arg("PX").arg(TTL.as_millis() as u64);
        Ok(set.query_async(&mut connection).await?)
    }
}

/// Connections that callers use in turn.
pub(crate) struct Memcached {
    clients: Vec<Mutex<Client>>,
    room: String,
}

impl Memcached {
    /// Connects.
    ///
    /// # Errors
    /// When there is no server.
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let address = place.url.split_once("://").map_or(place.url.as_str(), |(_, address)| address);
        let mut clients = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            clients.push(Mutex::new(Client::new(format!("tcp://{address}")).await?));
        }
        Ok(Self { clients, room: format!("{}_bare", place.room) })
    }

    async fn client(&self, number: u64) -> Result<MutexGuard<'_, Client>> {
        let at = usize::try_from(number)? % self.clients.len();
        Ok(self.clients.get(at).context("no client")?.lock().await)
    }
}

impl Side for Memcached {
    async fn get(&self, number: u64) -> Result<()> {
        let found = self.client(number).await?.get(key(&self.room, number)).await?;
        let data = found.and_then(|value| value.data).context("no value")?;
        ensure!(data.len() == VALUE.len(), "another value");
        Ok(())
    }

    async fn put(&self, number: u64) -> Result<()> {
        let key = key(&self.room, number);
        let seconds = Some(i64::try_from(TTL.as_secs())?);
        Ok(self.client(number).await?.set(key, &VALUE[..], seconds, None).await?)
    }
}
