use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::connection::Connect;
use crate::Result;
use crate::db::drivers::pooled::{PoolLimits, Urls, config};

const URLS: Urls = Urls {
    product: "postgres",
    names: &["postgres", "postgresql"],
    local: "postgres://postgres@127.0.0.1:5432/",
    database: "postgres",
    place: "schema",
    connection: &[
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
        "options[",
        "host",
        "hostaddr",
        "port",
        "user",
        "password",
        "dbname",
    ],
};

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
    /// How many connections there are, and how long things may take.
    #[serde(flatten)]
    pub limits: PoolLimits,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { url: URLS.usual(), schema: None, limits: PoolLimits::default() }
    }
}

// The URL may hold a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("limits", &self.limits)
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
        self.url = URLS.take(url, &mut self.limits, &mut self.schema)?;
        self.connection().map(|_| self)
    }

    /// How connections are opened.
    ///
    /// # Errors
    /// `Config` for a malformed URL or name.
    pub(super) fn connection(&self) -> Result<Connect> {
        let mut settings = vec![("statement_timeout", self.limits.statement_timeout.to_string())];
        if let Some(schema) = &self.schema {
            settings.push(("search_path", quoted(schema)?));
        }
        let server = PgConnectOptions::from_str(&self.url).map_err(|_| URLS.malformed())?;
        Ok(Connect {
            server: server
                .options(settings)
                .statement_cache_capacity(self.limits.statement_cache)
                .disable_statement_logging(),
            schema: self.schema.clone(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_the_server_and_the_query_its_schema() {
        let options =
            PostgresOptions::url("postgresql://u:p@h:1/d?max=3&sslmode=disable&schema=s_1").expect("fits");
        assert_eq!((options.limits.max, options.schema.as_deref()), (3, Some("s_1")));
        assert_eq!(options.url, "postgresql://u:p@h:1/d?sslmode=disable");
        let error = PostgresOptions::url("postgres://h/d?schema=a%20b").expect_err("refused");
        assert!(error.message().starts_with("schema must be"), "{error:?}");
    }

    #[test]
    fn settings_of_the_pool_are_known_by_name() {
        let parse = |json| serde_json::from_value::<PostgresOptions>(json);
        let options = parse(serde_json::json!({ "max": 3, "statement_timeout": 7 })).expect("fits");
        assert_eq!((options.limits.max, options.limits.statement_timeout), (3, 7));
        let error = parse(serde_json::json!({ "max": 3, "maximum": 4 })).expect_err("refused");
        assert!(error.to_string().contains("maximum"), "{error}");
    }

    #[test]
    fn the_password_is_never_shown() {
        let options = PostgresOptions::url("postgres://u:hidden@h/d").expect("fits");
        assert!(!format!("{options:?}").contains("hidden"));
        let error = PostgresOptions::url("postgres://u:hidden@h:port/d").expect_err("refused");
        assert!(!format!("{error:?} {error}").contains("hidden"));
    }
}
