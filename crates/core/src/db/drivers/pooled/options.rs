//! The settings that every pool of connections has, and the URL they may stand in.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::{Error, ErrorKind, Result};

/// How many connections a pool has, and how long things may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PoolLimits {
    /// The most connections, 1 or more; default 10.
    pub max: usize,
    /// Connections that stay open when idle, `max` or fewer; default 0.
    pub min: usize,
    /// Milliseconds after which an idle connection is closed; default 60000, 0 is never.
    pub idle: u64,
    /// Milliseconds of idleness after which a connection is tested before its next use; default 5000.
    pub test_after: u64,
    /// Milliseconds to wait for a connection, new or from the pool; default 5000.
    pub connect_timeout: u64,
    /// Milliseconds a statement may take; default 30000, 0 is no limit.
    pub statement_timeout: u64,
    /// Prepared statements kept by a connection; default 256.
    pub statement_cache: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            max: 10,
            min: 0,
            idle: 60_000,
            test_after: 5_000,
            connect_timeout: 5_000,
            statement_timeout: 30_000,
            statement_cache: 256,
        }
    }
}

impl PoolLimits {
    /// Sets the limit of a name; false when there is none.
    ///
    /// # Errors
    /// `Config` for what is no whole number.
    fn set(&mut self, name: &str, text: &str) -> Result<bool> {
        match name {
            "max" => self.max = number(name, text)?,
            "min" => self.min = number(name, text)?,
            "idle" => self.idle = number(name, text)?,
            "test_after" => self.test_after = number(name, text)?,
            "connect_timeout" => self.connect_timeout = number(name, text)?,
            "statement_timeout" => self.statement_timeout = number(name, text)?,
            "statement_cache" => self.statement_cache = number(name, text)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Refuses numbers of connections that no pool can have.
    ///
    /// # Errors
    /// `Config` naming the setting.
    fn check(&self) -> Result<()> {
        match (self.max, self.min) {
            (0, _) => Err(config("max must be 1 or more connections")),
            (max, min) if min > max => Err(config(format!("min must not be more than max, which is {max}"))),
            _ => Ok(()),
        }
    }

    /// How long a connection is waited for.
    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout.max(1))
    }

    /// The time after which the server is no longer waited for: some longer than its own limit, so that
    /// it comes into play only when the server or the network is dead.
    pub(super) fn reply_timeout(&self) -> Option<Duration> {
        (self.statement_timeout > 0).then(|| Duration::from_millis(self.statement_timeout + 2_000))
    }
}

/// The URLs of a product.
pub(in crate::db::drivers) struct Urls {
    /// The product, as errors call it.
    pub(in crate::db::drivers) product: &'static str,
    /// Names that stand for the usual database of a server on this machine.
    pub(in crate::db::drivers) names: &'static [&'static str],
    /// The server on this machine, without a database.
    pub(in crate::db::drivers) local: &'static str,
    /// The usual database.
    pub(in crate::db::drivers) database: &'static str,
    /// The setting that names what holds the tables within the database or server.
    pub(in crate::db::drivers) place: &'static str,
    /// The settings of a query that belong to the connection, as other clients of the product spell them. One that
    /// ends in `[` is the start of several.
    pub(in crate::db::drivers) connection: &'static [&'static str],
}

impl Urls {
    /// What `default`, or no URL at all, means.
    pub(in crate::db::drivers) fn usual(&self) -> String {
        format!("{}{}", self.local, self.database)
    }

    /// The URL that a text means, without the settings in its query that are not the connection's. Those are set in
    /// `limits` and `place`.
    ///
    /// # Errors
    /// `Config` for a setting that is unknown, malformed or out of its range; the URL is never part of it.
    pub(in crate::db::drivers) fn take(
        &self,
        text: &str,
        limits: &mut PoolLimits,
        place: &mut Option<String>,
    ) -> Result<String> {
        let url = match text {
            "" | "default" => self.usual(),
            name if self.names.contains(&name) => self.usual(),
            name if !name.contains("://") => format!("{}{name}", self.local),
            url => url.to_owned(),
        };
        let (base, query) = url.split_once('?').unwrap_or((&url, ""));
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if self.is_of_connection(&key) {
                kept.append_pair(&key, &value);
            } else if key == self.place {
                *place = Some(value.into_owned());
            } else if !limits.set(&key, &value)? {
                return Err(config(format!("a url of {} has no setting {key:.40}", self.product)));
            }
        }
        limits.check()?;
        let kept = kept.finish();
        Ok(if kept.is_empty() { base.to_owned() } else { format!("{base}?{kept}") })
    }

    fn is_of_connection(&self, key: &str) -> bool {
        self.connection.iter().any(|known| *known == key || known.ends_with('[') && key.starts_with(known))
    }

    /// The error of a URL that the library cannot read. What the library says may quote it, and with it the password.
    pub(in crate::db::drivers) fn malformed(&self) -> Error {
        let product = self.product;
        config(format!("the url is malformed, expected {product}://user:password@host:port/database"))
    }
}

fn number<T: FromStr>(key: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| config(format!("{key} must be a whole number")))
}

/// A setting that is wrong.
pub(in crate::db::drivers) fn config(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URLS: Urls = Urls {
        product: "any",
        names: &["any", "some"],
        local: "any://root@127.0.0.1:1/",
        database: "test",
        place: "room",
        connection: &["tls", "options["],
    };

    fn take(text: &str) -> Result<(String, PoolLimits, Option<String>)> {
        let (mut limits, mut place) = (PoolLimits::default(), None);
        let url = URLS.take(text, &mut limits, &mut place)?;
        Ok((url, limits, place))
    }

    #[test]
    fn a_name_is_a_database_of_this_machine() {
        let url = |text| take(text).expect("fits").0;
        for text in ["", "default", "any", "some"] {
            assert_eq!(url(text), "any://root@127.0.0.1:1/test");
        }
        assert_eq!(url("shop"), "any://root@127.0.0.1:1/shop");
    }

    #[test]
    fn settings_of_the_query_are_taken_out_of_the_url() {
        let url = "any://u:p@h:1/d?max=3&tls=no&room=s_1&options[a]=b&statement_timeout=7";
        let (url, limits, place) = take(url).expect("fits");
        assert_eq!(url, "any://u:p@h:1/d?tls=no&options%5Ba%5D=b");
        assert_eq!(limits, PoolLimits { max: 3, statement_timeout: 7, ..PoolLimits::default() });
        assert_eq!(place.as_deref(), Some("s_1"));
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        let message = |url| take(url).expect_err("refused").message().to_owned();
        assert_eq!(message("any://h/d?maximum=3"), "a url of any has no setting maximum");
        assert_eq!(message("any://h/d?max=x"), "max must be a whole number");
        assert_eq!(message("any://h/d?max=0"), "max must be 1 or more connections");
        assert_eq!(message("any://h/d?max=2&min=3"), "min must not be more than max, which is 2");
        assert!(take("any://h/d?max=2&min=2").is_ok());
        // Those that stand beside the URL as well.
        let mut limits = PoolLimits { max: 0, ..PoolLimits::default() };
        assert!(URLS.take("any", &mut limits, &mut None).is_err());
    }
}
