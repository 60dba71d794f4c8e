use std::time::Duration;

use serde::Deserialize;

use crate::{Error, ErrorKind, Result};

const PORT: u16 = 11211;

/// Where the servers are and how they are reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemcachedOptions {
    /// The servers, as `host:port`, each once.
    #[serde(skip)]
    pub servers: Vec<String>,
    /// The most connections to each server; default 4.
    pub max: usize,
    /// Milliseconds to connect; default 1000.
    pub connect_timeout: u64,
    /// Milliseconds to wait for a free connection and for a reply; default 2000.
    pub response_timeout: u64,
    /// What all keys start with, before a colon: up to 32 letters, digits and other visible ASCII characters; default
    /// `bk`.
    pub prefix: String,
}

impl Default for MemcachedOptions {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            max: 4,
            connect_timeout: 1000,
            response_timeout: 2000,
            prefix: "bk".to_owned(),
        }
    }
}

impl MemcachedOptions {
    /// Sets the servers.
    ///
    /// # Errors
    /// `Config` for an address of no known form, or a prefix that cannot be one.
    pub fn at(mut self, url: &str) -> Result<Self> {
        let wrong = |text: String| Error::new(ErrorKind::Config, text);
        if self.prefix.len() > 32 || !self.prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                "prefix of a memcached cache: up to 32 visible ASCII characters are possible".into(),
            ));
        }
        let hosts = url.split_once("://").map_or(url, |(_, hosts)| hosts);
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
        let server = |host: &str| {
            let (name, port) = match host.split_once(':') {
                Some((name, port)) => (name, port.parse().ok()?),
                None => (host, PORT),
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            (!name.is_empty() && name.chars().all(plain) && port > 0).then(|| format!("{name}:{port}"))
        };
        let servers: Option<Vec<String>> = hosts.split(',').map(|host| server(host.trim())).collect();
        // What is no address is not shown: it may hold a password, which memcached has no use for.
        self.servers = servers.ok_or_else(|| {
            wrong("that is no memcached url: memcache://host:port, or several hosts by comma, without user and path".into())
        })?;
        self.servers.sort();
        self.servers.dedup();
        Ok(self)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout.max(1))
    }

    pub(super) fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.response_timeout.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_addresses_are_understood() {
        let servers =
            |url: &str| MemcachedOptions::default().at(url).map(|options| options.servers.join(" "));
        assert_eq!(servers("memcache://h").expect("fits"), "h:11211");
        assert_eq!(servers("memcached://b:1, a,b:1/").expect("fits"), "a:11211 b:1");
        for wrong in
            ["memcache://", "memcache://u:secret@h", "memcache://h:0", "memcache://h/path", "memcache://h,"]
        {
            let error = servers(wrong).expect_err("is refused");
            assert!(error.kind() == ErrorKind::Config && !error.log_text().contains("secret"), "{error:?}");
        }
        let long = MemcachedOptions { prefix: "x".repeat(33), ..MemcachedOptions::default() };
        assert!(long.at("memcache://h").is_err());
    }
}
