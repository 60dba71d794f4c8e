use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::Result;
use crate::connect::url::{Place, without_credentials};

const SCHEMES: [&str; 2] = ["amqp", "amqps"];
const FORM: &str = "amqp://host:port/vhost";

/// Where the broker is and how it is reached.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmqpOptions {
    /// The address, one of the forms of the [module](super).
    #[serde(skip)]
    pub url: String,
    /// Milliseconds to find a broker and connect to it; default 5000.
    pub connect_timeout: u64,
    /// Milliseconds to wait for a reply of the broker; default 5000.
    pub response_timeout: u64,
    /// Seconds between signs of life, 1 to 600; default 10.
    pub heartbeat: u16,
    /// A file with the certificates of the authorities to trust (PEM), beside those of the system.
    pub tls_ca: Option<PathBuf>,
    /// A file with the client's certificate (PEM), for brokers that ask for one.
    pub tls_cert: Option<PathBuf>,
    /// A file with the key of the client's certificate (PEM).
    pub tls_key: Option<PathBuf>,
    /// What the names of all queues and exchanges start with, before a dot; default `bk`.
    pub prefix: String,
}

impl Default for AmqpOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            connect_timeout: 5000,
            response_timeout: 5000,
            heartbeat: 10,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            prefix: "bk".to_owned(),
        }
    }
}

impl AmqpOptions {
    /// Sets the address, which has no query part.
    ///
    /// # Errors
    /// `Config` for an address of no known form; the text does not show the password.
    pub fn at(mut self, url: &str) -> Result<Self> {
        Place::parse(url, &SCHEMES, FORM)?;
        url.clone_into(&mut self.url);
        Ok(self)
    }

    /// The address of each node.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(super) fn nodes(&self) -> Result<Vec<String>> {
        Ok(Place::parse(&self.url, &SCHEMES, FORM)?.each().collect())
    }

    /// The time to make a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout.max(1))
    }

    /// The time to wait for a reply.
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout.max(1))
    }
}

/// Without names of users and passwords.
impl fmt::Debug for AmqpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpOptions")
            .field("url", &without_credentials(&self.url))
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
