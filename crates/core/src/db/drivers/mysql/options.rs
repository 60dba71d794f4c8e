use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;

use super::connection::Connect;
use crate::Result;
use crate::db::drivers::pooled::{PoolLimits, Urls, config};

const URLS: Urls = Urls {
    product: "mysql",
    names: &["mysql", "mariadb"],
    local: "mysql://root@127.0.0.1:3306/",
    database: "test",
    place: "database",
    connection: &[
        "sslmode", "ssl-mode", "sslca", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key", "socket",
    ],
};

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
    /// How many connections there are, and how long things may take.
    #[serde(flatten)]
    pub limits: PoolLimits,
}

impl Default for MysqlOptions {
    fn default() -> Self {
        Self { url: URLS.usual(), database: None, limits: PoolLimits::default() }
    }
}

// The URL may hold a password.
impl fmt::Debug for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlOptions")
            .field("database", &self.database)
            .field("limits", &self.limits)
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
        self.url = URLS.take(url, &mut self.limits, &mut self.database)?;
        self.connection().map(|_| self)
    }

    /// How connections are opened.
    ///
    /// # Errors
    /// `Config` for a malformed URL or name.
    pub(super) fn connection(&self) -> Result<Connect> {
        let url = match self.url.strip_prefix("mariadb://") {
            Some(rest) => format!("mysql://{rest}"),
            None => self.url.clone(),
        };
        let options = MySqlConnectOptions::from_str(&url).map_err(|_| URLS.malformed())?;
        let database = self.database.clone().or_else(|| options.get_database().map(str::to_owned));
        if database.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > 64) {
            return Err(config("database must have 1 to 64 characters"));
        }
        // The database is chosen after the login, as it may have to be created.
        let server = MySqlConnectOptions::from_str(&without_path(&url)).map_err(|_| URLS.malformed())?;
        Ok(Connect {
            server: server
                .statement_cache_capacity(self.limits.statement_cache)
                .pipes_as_concat(false)
                .no_engine_substitution(false)
                .disable_statement_logging(),
            database,
            statement_timeout: self.limits.statement_timeout,
        })
    }
}

/// The URL without the name of the database.
fn without_path(url: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let after_scheme = base.find("://").map_or(0, |at| at + 3);
    let end = base[after_scheme..].find('/').map_or(base.len(), |at| after_scheme + at);
    format!("{}?{query}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_the_server_and_the_query_its_database() {
        let options =
            MysqlOptions::url("mariadb://u:p@h:1/d?max=3&sslmode=disabled&database=s_1").expect("fits");
        assert_eq!((options.limits.max, options.database.as_deref()), (3, Some("s_1")));
        assert_eq!(options.url, "mariadb://u:p@h:1/d?sslmode=disabled");
        let database = |url| MysqlOptions::url(url).expect("fits").connection().expect("fits").database;
        assert_eq!(database("mysql://h/shop").as_deref(), Some("shop"));
        assert_eq!(database("mysql://h/shop?database=other").as_deref(), Some("other"));
    }

    #[test]
    fn settings_of_the_pool_are_known_by_name() {
        let parse = |json| serde_json::from_value::<MysqlOptions>(json);
        let options = parse(serde_json::json!({ "max": 3, "statement_timeout": 7 })).expect("fits");
        assert_eq!((options.limits.max, options.limits.statement_timeout), (3, 7));
        let error = parse(serde_json::json!({ "max": 3, "maximum": 4 })).expect_err("refused");
        assert!(error.to_string().contains("maximum"), "{error}");
    }

    #[test]
    fn the_password_is_never_shown() {
        let options = MysqlOptions::url("mysql://u:hidden@h/d").expect("fits");
        assert!(!format!("{options:?}").contains("hidden"));
        let error = MysqlOptions::url("mysql://u:hidden@h:port/d").expect_err("refused");
        assert!(!format!("{error:?} {error}").contains("hidden"));
    }
}
