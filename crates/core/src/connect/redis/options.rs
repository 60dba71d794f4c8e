use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::address;
use crate::Result;

/// The most connections.
pub(super) const MAX_CONNECTIONS: usize = 64;

/// Where the server is and how it is reached.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisOptions {
    /// The address, one of the forms of the [module](super).
    #[serde(skip)]
    pub url: String,
    /// Connections that callers share, 1 to 64; default 2.
    pub max: usize,
    /// Milliseconds to find the master and connect to it; default 2000.
    pub connect_timeout: u64,
    /// Milliseconds to wait for a reply; default 5000, 0 is no limit. Also `statement_timeout`.
    #[serde(alias = "statement_timeout")]
    pub response_timeout: u64,
    /// The name of the user, if the URL does not have it.
    pub username: Option<String>,
    /// The password, if the URL does not have it.
    pub password: Option<String>,
    /// The name of the user for the sentinels.
    pub sentinel_username: Option<String>,
    /// The password for the sentinels.
    pub sentinel_password: Option<String>,
    /// A file with the certificates of the authorities to trust (PEM), instead of those of the system.
    pub tls_ca: Option<PathBuf>,
    /// A file with the client's certificate (PEM), for servers that ask for one.
    pub tls_cert: Option<PathBuf>,
    /// A file with the key of the client's certificate (PEM).
    pub tls_key: Option<PathBuf>,
    /// What all keys start with, before a colon; default `bk`.
    pub prefix: String,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            max: 2,
            connect_timeout: 2000,
            response_timeout: 5000,
            username: None,
            password: None,
            sentinel_username: None,
            sentinel_password: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            prefix: "bk".to_owned(),
        }
    }
}

impl RedisOptions {
    /// Sets the address, and the options that its query part names.
    ///
    /// # Errors
    /// `Config` for an address of no known form, and a number of connections that is out of its range; the text does not show the password.
    pub fn at(mut self, url: &str) -> Result<Self> {
        let (url, query) = address::split_query(url);
        for (name, value) in query {
            match &*name {
                "prefix" => self.prefix = value.into_owned(),
                _ => return Err(address::config(format!("a redis url has no part {name:.40}: only prefix"))),
            }
        }
        if !(1..=MAX_CONNECTIONS).contains(&self.max) {
            return Err(address::config(format!("max must be 1 to {MAX_CONNECTIONS} connections")));
        }
        url.clone_into(&mut self.url);
        address::place(&self)?;
        Ok(self)
    }

    /// The time to make a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout.max(1))
    }

    /// The time to wait for a reply, if it is limited.
    pub fn response_timeout(&self) -> Option<Duration> {
        (self.response_timeout > 0).then(|| Duration::from_millis(self.response_timeout))
    }
}

/// Without names of users and passwords.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("url", &address::without_credentials(&self.url))
            .field("max", &self.max)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let options = RedisOptions { password: Some("hidden".into()), ..RedisOptions::default() };
        let options = options.at("redis://joe:se%40cret@db.example:7000/2?prefix=app").expect("fits");
        let shown = format!("{options:?}");
        assert!(shown.contains("db.example:7000") && shown.contains("app"), "{shown}");
        assert!(!shown.contains("cret") && !shown.contains("joe") && !shown.contains("hidden"), "{shown}");
        for broken in ["redis://x:secret@", "redis://x:secret@h:port", "redis+sentinel://:secret@h:1"] {
            let error = RedisOptions::default().at(broken).expect_err("refused");
            assert!(!error.log_text().contains("secret"), "{}", error.log_text());
        }
    }

    #[test]
    fn a_number_of_connections_out_of_its_range_is_refused() {
        let at = |max| RedisOptions { max, ..RedisOptions::default() }.at("redis://h");
        assert!(at(1).is_ok() && at(64).is_ok());
        for max in [0, 65] {
            assert_eq!(at(max).expect_err("refused").message(), "max must be 1 to 64 connections");
        }
    }
}
