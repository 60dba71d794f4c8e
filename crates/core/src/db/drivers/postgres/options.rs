use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::db::drivers::pooled::PoolOptions;
use crate::{Error, ErrorKind, Result};

/// What `default`, or no URL at all, means.
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Keys of a URL's query that belong to the connection, as other PostgreSQL clients spell them.
const URL_KEYS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
];

/// Where the server is and how it is used. Every setting may also stand in the query of the URL, as in
/// `postgres://app@db.example.com/app?max=20&sslmode=verify-full`.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresOptions {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` or `postgresql://`; TLS by `sslmode` (disable, prefer,
    /// require, verify-ca, verify-full; default prefer), `sslrootcert`, `sslcert`, `sslkey`.
    #[serde(skip)]
    pub url: String,
    /// The schema that holds the tables, created with them; default none, which is the server's choice.
    pub schema: Option<String>,
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

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            url: DEFAULT_URL.to_owned(),
            schema: None,
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
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
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

impl PostgresOptions {
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
            "" | "default" | "postgres" | "postgresql" => DEFAULT_URL.to_owned(),
            name if !name.contains("://") => format!("postgres://postgres@127.0.0.1:5432/{name}"),
            url => url.to_owned(),
        };
        let (base, query) = url.split_once('?').unwrap_or((&url, ""));
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                key if URL_KEYS.contains(&key) || key.starts_with("options[") => {
                    kept.append_pair(key, &value);
                }
                "schema" => self.schema = Some(value.into_owned()),
                "max" => self.max = number(&key, &value)?,
                "min" => self.min = number(&key, &value)?,
                "idle" => self.idle = number(&key, &value)?,
                "test_after" => self.test_after = number(&key, &value)?,
                "connect_timeout" => self.connect_timeout = number(&key, &value)?,
                "statement_timeout" => self.statement_timeout = number(&key, &value)?,
                "statement_cache" => self.statement_cache = number(&key, &value)?,
                key => return Err(config(format!("a postgres url has no setting {key:.40}"))),
            }
        }
        let kept = kept.finish();
        self.url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{kept}") };
        self.connection().map(|_| self)
    }

    /// How connections are opened.
    ///
    /// # Errors
    /// `Config` for a malformed URL.
    pub(super) fn connection(&self) -> Result<PgConnectOptions> {
        // The error of the library may quote the URL, and with it the password.
        let malformed =
            |_| config("the url is malformed, expected postgres://user:password@host:port/database");
        let mut settings = vec![("statement_timeout", self.statement_timeout.to_string())];
        if let Some(schema) = &self.schema {
            settings.push(("search_path", quoted(schema)?));
        }
        let options = PgConnectOptions::from_str(&self.url).map_err(malformed)?;
        Ok(options
            .options(settings)
            .statement_cache_capacity(self.statement_cache)
            .disable_statement_logging())
    }

    /// How the pool keeps them.
    pub(super) fn pool(&self) -> PoolOptions {
        PoolOptions {
            product: "postgres",
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

/// A schema as it stands in the search path of the start-up packet, where a blank would end it.
fn quoted(schema: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match !schema.is_empty() && schema.len() <= 63 && schema.chars().all(plain) {
        true => Ok(format!("\"{schema}\"")),
        false => Err(config("schema must be of lower case letters, digits and underscores")),
    }
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
            PostgresOptions::url("postgresql://u:p@h:1/d?max=3&sslmode=disable&schema=s_1").expect("fits");
        assert_eq!((options.max, options.schema.as_deref()), (3, Some("s_1")));
        assert_eq!(options.url, "postgresql://u:p@h:1/d?sslmode=disable");
        assert_eq!(
            PostgresOptions::url("shop").expect("fits").url,
            "postgres://postgres@127.0.0.1:5432/shop"
        );
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        let message = |url| PostgresOptions::url(url).expect_err("refused").message().to_owned();
        assert_eq!(message("postgres://h/d?maximum=3"), "a postgres url has no setting maximum");
        assert_eq!(message("postgres://h/d?max=x"), "max must be a whole number");
    }

    #[test]
    fn the_password_is_never_shown() {
        let options = PostgresOptions::url("postgres://u:hidden@h/d").expect("fits");
        assert!(!format!("{options:?}").contains("hidden"));
        let error = PostgresOptions::url("postgres://u:hidden@h:port/d").expect_err("refused");
        assert!(!format!("{error:?} {error}").contains("hidden"));
    }
}
