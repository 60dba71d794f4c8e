use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, ErrorKind as Native};

use super::AmqpOptions;
use crate::{Error, ErrorKind, Result};

/// What the broker says to a user or password that it does not know, and to what a user may not do.
const ACCESS_REFUSED: u16 = 403;

/// What it says to a virtual host that is not there, or not for the user.
const NOT_ALLOWED: u16 = 530;

/// A broker, or a cluster of them. Cheap to clone; makes no connection by itself.
#[derive(Clone)]
pub struct AmqpClient(Arc<Inner>);

struct Inner {
    nodes: Vec<AMQPUri>,
    tls: OwnedTLSConfig,
    connect_timeout: Duration,
}

impl AmqpClient {
    /// The client of a broker; reads the files that the options name.
    ///
    /// # Errors
    /// `Config` for an address or file that cannot be used.
    pub fn new(options: &AmqpOptions) -> Result<Self> {
        // One provider for the whole program; somebody else may have said so before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let node = |url: String| {
            let mut uri: AMQPUri = url.parse().map_err(|_| config("an amqp url has a bad host or port"))?;
            uri.query.heartbeat = Some(options.heartbeat.clamp(1, 600));
            Ok(uri)
        };
        let identity = match (&options.tls_cert, &options.tls_key) {
            (Some(cert), Some(key)) => Some(OwnedIdentity::PKCS8 { pem: read(cert)?, key: read(key)? }),
            (None, None) => None,
            _ => return Err(config("tls_cert and tls_key go together")),
        };
        let cert_chain = options.tls_ca.as_deref().map(read).transpose()?.map(String::from_utf8);
        let cert_chain = cert_chain.transpose().map_err(|_| config("tls_ca is not a PEM file"))?;
        Ok(Self(Arc::new(Inner {
            nodes: options.nodes()?.into_iter().map(node).collect::<Result<_>>()?,
            tls: OwnedTLSConfig { identity, cert_chain },
            connect_timeout: options.connect_timeout(),
        })))
    }

    /// A connection of one's own, to the first node that answers.
    ///
    /// # Errors
    /// `Unavailable` when none does in time, or refuses the user.
    pub async fn connect(&self) -> Result<Connection> {
        let all = async {
            let mut last = None;
            for node in &self.0.nodes {
                let properties = ConnectionProperties::default().with_connection_name("bkjs".into());
                let runtime = lapin::runtime::default_runtime().map_err(error)?;
                let tls = self.0.tls.clone();
                match Connection::connect_uri_with_config(node.clone(), properties, tls, runtime).await {
                    Ok(connection) => return Ok(connection),
                    Err(failed) => last = Some(error(failed)),
                }
            }
            Err(last.unwrap_or_else(|| config("an amqp url without a host")))
        };
        match tokio::time::timeout(self.0.connect_timeout, all).await {
            Ok(done) => done,
            Err(_) => {
                let limit = self.0.connect_timeout.as_millis();
                Err(Error::new(
                    ErrorKind::Unavailable,
                    format!("no connection to rabbitmq within {limit} ms"),
                ))
            }
        }
    }
}

/// What an error of the client library is to a caller.
pub fn error(failed: lapin::Error) -> Error {
    let (kind, message) = match failed.kind() {
        Native::ProtocolError(refused) if refused.get_id() == ACCESS_REFUSED => {
            (ErrorKind::Unavailable, "rabbitmq does not accept the user, or does not let it do what is asked")
        }
        Native::ProtocolError(refused) if refused.get_id() == NOT_ALLOWED => {
            (ErrorKind::Unavailable, "rabbitmq has no such virtual host, or does not let this user into it")
        }
        Native::ProtocolError(refused) if failed.is_amqp_soft_error() => {
            return Error::internal(format!("rabbitmq refused: {:.200}", refused.get_message().as_str()))
                .source(failed);
        }
        Native::ParsingError(_) | Native::SerialisationError(_) => {
            (ErrorKind::Internal, "rabbitmq was not understood")
        }
        _ => (ErrorKind::Unavailable, "rabbitmq is not there"),
    };
    Error::new(kind, message).source(failed)
}

fn config(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path)
        .map_err(|e| Error::new(ErrorKind::Config, format!("{} cannot be read: {e}", path.display())))
}

impl fmt::Debug for AmqpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.0.nodes.iter().map(|node| (&node.authority.host, node.authority.port));
        f.debug_list().entries(hosts).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_and_passwords_not_shown() {
        let options = AmqpOptions::default().at("amqp://joe:se%40cret@a,b:7000/shop").expect("fits");
        let client = AmqpClient::new(&options).expect("fits");
        let shown = format!("{options:?} {client:?}");
        assert!(shown.contains("(\"a\", 5672), (\"b\", 7000)"), "{shown}");
        assert!(!shown.contains("cret") && !shown.contains("joe"), "{shown}");
        assert!(client.0.nodes.iter().all(|node| node.vhost == "shop"));
        let plain = AmqpClient::new(&AmqpOptions::default().at("amqps://h").expect("fits")).expect("fits");
        assert_eq!((plain.0.nodes[0].vhost.as_str(), plain.0.nodes[0].authority.port), ("/", 5671));
        assert!(AmqpOptions::default().at("http://joe:secret@h").is_err());
    }
}
