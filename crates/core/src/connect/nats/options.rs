use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::connect::url::{Place, without_credentials};
use crate::{Error, ErrorKind, Result};

const SCHEMES: [&str; 2] = ["nats", "tls"];
const FORM: &str = "nats://host:port";

/// Where the server is and how it is reached.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsOptions {
    /// The address, one of the forms of the [module](super).
    #[serde(skip)]
    pub url: String,
    /// Milliseconds to find a server and connect to it; default 5000.
    pub connect_timeout: u64,
    /// Milliseconds to wait for a reply of the server; default 5000.
    pub response_timeout: u64,
    /// A token, for servers that ask for one.
    pub token: Option<String>,
    /// A file with the user's credentials, as NATS makes them.
    pub credentials: Option<PathBuf>,
    /// A file with the certificates of the authorities to trust (PEM), beside those of the system.
    pub tls_ca: Option<PathBuf>,
    /// A file with the client's certificate (PEM), for servers that ask for one.
    pub tls_cert: Option<PathBuf>,
    /// A file with the key of the client's certificate (PEM).
    pub tls_key: Option<PathBuf>,
    /// What all subjects start with, before a dot; default `bk`.
    pub prefix: String,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            connect_timeout: 5000,
            response_timeout: 5000,
            token: None,
            credentials: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            prefix: "bk".to_owned(),
        }
    }
}

impl NatsOptions {
    /// Sets the address, which has no query part.
    ///
    /// # Errors
    /// `Config` for an address of no known form; the text does not show the password.
    pub fn at(mut self, url: &str) -> Result<Self> {
        let place = Place::parse(url, &SCHEMES, FORM)?;
        if !place.path().is_empty() {
            return Err(Error::new(ErrorKind::Config, format!("a nats url ends with its hosts: {FORM}")));
        }
        url.clone_into(&mut self.url);
        Ok(self)
    }

    /// The address of each server.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(super) fn servers(&self) -> Result<Vec<String>> {
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

/// Without names of users, passwords and tokens.
impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("url", &without_credentials(&self.url))
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
