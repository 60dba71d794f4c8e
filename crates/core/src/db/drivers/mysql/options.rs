use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;

use super::connection::Connect;
use crate::db::drivers::pooled::PoolOptions;
use crate::{Error, ErrorKind, Result};

/// What `default`, or no URL at all, means.
const DEFAULT_URL: &str = "mysql://root@127.0.0.1:3306/test";

/// Keys of a URL's query that belong to the connection, as other MySQL clients spell them.
const URL_KEYS: &[&str] =
    &["sslmode", "ssl-mode", "sslca", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key", "socket"];

/// Where the server is and how it is used. Every setting may also stand in the query of the URL, as in
/// `mysql://app@db.example.com/app?max=20&ssl-mode=verify-identity`.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MysqlOptions {
    /// `mysql://USER:PASSWORD@HOST:PORT/DATABASE` or `mariadb://`; TLS by `ssl-mode` (disabled,
    /// preferred, required, verify_ca, verify_identity; default preferred), `ssl-ca`, `ssl-cert`, `ssl-key`.
    #[serde(skip)]
    pub url: String,
    /// The database that holds the tables, created with them; default that of the URL.
    pub database: Option<String>,
    /// The most connections; default 10.
    pub max: usize,
    /// Connections that stay open when idle; default 0.
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

impl Default for MysqlOptions {
    fn default() -> Self {
        Self {
            url: DEFAULT_URL.to_owned(),
            database: None,
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

// The URL may hold a password.
impl fmt::Debug for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlOptions")
            .field("database", &self.database)
            .field("max", &self.max)
            .field("min", &self.min)
            .field("idle", &self.idle)
            .field("test_after", &self.test_after)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("statement_cache", &self.statement_cache)
            .finish_non_exhaustive()
    }
}

impl MysqlOptions {
    /// The server of a URL, with default settings.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn url(url: &str) -> Result<Self> {
        Self::default().at(url)
    }

    /// Sets the server, and what the query of its URL says. Nothing, `default` and a plain name are databases of a
    /// server on this machine.
    ///
    /// # Errors
    /// `Config` for a setting that is unknown or malformed; the password is never part of it.
    pub fn at(mut self, url: &str) -> Result<Self> {
        let url = match url {
            "" | "default" | "mysql" | "mariadb" => DEFAULT_URL.to_owned(),
            name if !name.contains("://") => format!("mysql://root@127.0.0.1:3306/{name}"),
            url => url.to_owned(),
        };
        let (base, query) = url.split_once('?').unwrap_or((&url, ""));
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                key if URL_KEYS.contains(&key) => {
                    kept.append_pair(key, &value);
                }
                "database" => self.database = Some(value.into_owned()),
                "max" => self.max = number(&key, &value)?,
                "min" => self.min = number(&key, &value)?,
                "idle" => self.idle = number(&key, &value)?,
                "test_after" => self.test_after = number(&key, &value)?,
                "connect_timeout" => self.connect_timeout = number(&key, &value)?,
                "statement_timeout" => self.statement_timeout = number(&key, &value)?,
                "statement_cache" => self.statement_cache = number(&key, &value)?,
                key => return Err(config(format!("a mysql url has no setting {key:.40}"))),
            }
        }
        let kept = kept.finish();
        self.url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{kept}") };
        self.connection().map(|_| self)
    }

    /// How connections are opened.
    ///
    /// # Errors
    /// `Config` for a malformed URL or name.
    pub(super) fn connection(&self) -> Result<Connect> {
        // The error of the library may quote the URL, and with it the password.
        let malformed = |_| config("the url is malformed, expected mysql://user:password@host:port/database");
        let url = match self.url.strip_prefix("mariadb://") {
            Some(rest) => format!("mysql://{rest}"),
            None => self.url.clone(),
        };
        let options = MySqlConnectOptions::from_str(&url).map_err(malformed)?;
        let database = self.database.clone().or_else(|| options.get_database().map(str::to_owned));
        if database.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > 64) {
            return Err(config("database must have 1 to 64 characters"));
        }
        // The database is chosen after the login, as it may have to be created.
        let server = MySqlConnectOptions::from_str(&without_path(&url)).map_err(malformed)?;
        Ok(Connect {
            server: server
                .statement_cache_capacity(self.statement_cache)
                .pipes_as_concat(false)
                .no_engine_substitution(false)
                .disable_statement_logging(),
            database,
            statement_timeout: self.statement_timeout,
        })
    }

    /// How the pool keeps them.
    pub(super) fn pool(&self) -> PoolOptions {
        PoolOptions {
            product: "mysql",
            max: self.max,
            min: self.min,
            idle: self.idle,
            test_after: self.test_after,
            connect_timeout: Duration::from_millis(self.connect_timeout.max(1)),
            reply_timeout: self.reply_timeout(),
        }
    }

    /// The time after which the server is no longer waited for: some longer than its own limit, so that
    /// it comes into play only when the server or the network is dead.
    fn reply_timeout(&self) -> Option<Duration> {
        (self.statement_timeout > 0).then(|| Duration::from_millis(self.statement_timeout + 2_000))
    }
}

/// The URL without the name of the database.
fn without_path(url: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let end = base[after_scheme..].find('/').map_or(base.len(), |at| after_scheme + at);
    format!("{}?{query}", &base[..end])
}

fn number<T: FromStr>(key: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| config(format!("{key} must be a whole number")))
}

fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_query_are_taken_out_of_the_url() {
        let options =
            MysqlOptions::url("mariadb://u:p@h:1/d?max=3&sslmode=disabled&database=s_1").expect("fits");
        assert_eq!((options.max, options.database.as_deref()), (3, Some("s_1")));
        assert_eq!(options.url, "mariadb://u:p@h:1/d?sslmode=disabled");
        assert_eq!(MysqlOptions::url("shop").expect("fits").url, "mysql://root@127.0.0.1:3306/shop");
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        let message = |url| MysqlOptions::url(url).expect_err("refused").message().to_owned();
        assert_eq!(message("mysql://h/d?maximum=3"), "a mysql url has no setting maximum");
        assert_eq!(message("mysql://h/d?max=x"), "max must be a whole number");
    }

    #[test]
    fn the_password_is_never_shown() {
        let options = MysqlOptions::url("mysql://u:hidden@h/d").expect("fits");
        assert!(!format!("{options:?}").contains("hidden"));
        let error = MysqlOptions::url("mysql://u:hidden@h:port/d").expect_err("refused");
        assert!(!format!("{error:?} {error}").contains("hidden"));
    }
}
