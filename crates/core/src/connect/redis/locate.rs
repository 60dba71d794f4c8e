//! Finds the server that takes writes, and connects to it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, select_ok};
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, TlsCertificates, Value,
};

use super::RedisOptions;
use super::address::{self, Place};
use super::error::{error, unavailable};
use crate::Result;

/// Knows where servers may be.
pub(super) struct Locator {
    place: Place,
    certificates: TlsCertificates,
    timeout: Duration,
}

/// A server, and a connection to it that has been tried.
struct Found {
    client: Client,
    connection: MultiplexedConnection,
}

impl Locator {
    /// Reads the settings, and the files that they name.
    ///
    /// # Errors
    /// `Config` for an address or file that cannot be used.
    pub(super) fn new(options: &RedisOptions) -> Result<Self> {
        // One provider for the whole program; somebody else may have said so before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client_tls = match (&options.tls_cert, &options.tls_key) {
            (Some(cert), Some(key)) => {
                Some(ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? })
            }
            (None, None) => None,
            _ => return Err(address::config("tls_cert and tls_key of a redis pool go together".to_owned())),
        };
        let root_cert = options.tls_ca.as_deref().map(read).transpose()?;
        Ok(Self {
            place: address::place(options)?,
            certificates: TlsCertificates { client_tls, root_cert },
            timeout: options.connect_timeout(),
        })
    }

    /// A connection to the master, made anew.
    ///
    /// # Errors
    /// `Unavailable` when there is none within the time to connect.
    pub(super) async fn connect(&self, config: &AsyncConnectionConfig) -> Result<MultiplexedConnection> {
        self.find(config).await.map(|found| found.connection)
    }

    /// A connection for subscriptions.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub(super) async fn subscriber(&self) -> Result<PubSub> {
        // Sentinels and several hosts have to be asked; that connection is not needed any further.
        let client = self.find(&patient()).await?.client;
        self.in_time(async { client.get_async_pubsub().await.map_err(error) }).await
    }

    async fn find(&self, config: &AsyncConnectionConfig) -> Result<Found> {
        let attempts: Vec<BoxFuture<'_, Result<Found>>> = match &self.place {
            Place::Hosts(hosts) if hosts.len() == 1 => {
                hosts.iter().map(|host| self.open(host.clone(), config).boxed()).collect()
            }
            Place::Hosts(hosts) => {
                hosts.iter().map(|host| self.master(host.clone(), config).boxed()).collect()
            }
            Place::Sentinels { nodes, name, server } => {
                nodes.iter().map(|node| self.told(node, name, server, config).boxed()).collect()
            }
        };
        self.in_time(async { select_ok(attempts).await.map(|(found, _)| found) }).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done,
            Err(_) => Err(unavailable(format!("no connection within {} ms", self.timeout.as_millis()))),
        }
    }

    /// The master as this sentinel knows it.
    async fn told(
        &self,
        node: &ConnectionInfo,
        name: &str,
        server: &ConnectionInfo,
        config: &AsyncConnectionConfig,
    ) -> Result<Found> {
        let mut sentinel = self.open(node.clone(), &patient()).await?.connection;
        let ask = redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(name).to_owned();
        let known: Option<(String, u16)> = ask.query_async(&mut sentinel).await.map_err(error)?;
        let Some((host, port)) = known else {
            return Err(unavailable(format!("the sentinel {} knows no master {name}", node.addr())));
        };
        self.master(address::moved(server, host, port), config).await
    }

    /// A server that says of itself that it is the master.
    async fn master(&self, info: ConnectionInfo, config: &AsyncConnectionConfig) -> Result<Found> {
        let address = info.addr().to_string();
        let mut found = self.open(info, config).await?;
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut found.connection).await.map_err(error)?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(found),
            _ => Err(unavailable(format!("{address} is not the master"))),
        }
    }

    async fn open(&self, info: ConnectionInfo, config: &AsyncConnectionConfig) -> Result<Found> {
        let client = match info.addr() {
            ConnectionAddr::TcpTls { .. } => Client::build_with_tls(info, self.certificates.clone()),
            _ => Client::open(info),
        };
        let client = client.map_err(error)?;
        let connection = client.get_multiplexed_async_connection_with_config(config).await.map_err(error)?;
        Ok(Found { client, connection })
    }
}

/// A connection whose replies may take their time; the library's own limit is half a second.
pub(super) fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| address::config(format!("{} cannot be read: {e}", path.display())))
}
