use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::connect::aws::AwsOptions;
use crate::{Error, ErrorKind, Result};

/// Where the tables are and how they are used.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DynamoDbOptions {
    /// The address of an emulator or private endpoint; none is the region's own.
    #[serde(skip)]
    pub endpoint: Option<String>,
    /// What the names of all tables start with; nothing by default.
    pub prefix: String,
    /// The id of the access key; without it the environment, the profile and the instance's role are asked.
    pub aws_key: Option<String>,
    /// The secret of the access key.
    pub aws_secret: Option<String>,
    /// The region; without it the environment and the profile are asked.
    pub aws_region: Option<String>,
    /// Milliseconds to make a connection; default 3000.
    pub connect_timeout: u64,
    /// Milliseconds a call may take, further attempts of a write under contention included; default 30000.
    pub statement_timeout: u64,
    /// Calls in flight at once of one batch or one write of many records; default 16.
    pub parallel: usize,
    /// Records that one select or count may read before it is refused; default 1000000, 0 is no limit.
    pub scan_limit: u64,
    /// Rows in memory at once while a page is put in order; default 10000.
    pub sort_limit: usize,
}

impl Default for DynamoDbOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            prefix: String::new(),
            aws_key: None,
            aws_secret: None,
            aws_region: None,
            connect_timeout: 3000,
            statement_timeout: 30_000,
            parallel: 16,
            scan_limit: 1_000_000,
            sort_limit: 10_000,
        }
    }
}

impl DynamoDbOptions {
    /// Sets the endpoint, and the options that the query part of the URL names: `prefix` and `region`.
    /// Nothing, `default`, `dynamodb` and `dynamodb://` are the service itself; `dynamodb://HOST:PORT` is
    /// `http://HOST:PORT`.
    ///
    /// # Errors
    /// `Config` for an address of no known form, or a prefix that cannot be in a table's name.
    pub fn at(mut self, url: &str) -> Result<Self> {
        let config = |message: String| Err(Error::new(ErrorKind::Config, message));
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "prefix" => self.prefix = value.into_owned(),
                "region" => self.aws_region = Some(value.into_owned()),
                _ => return config(format!("a dynamodb url has no part {name:.40}: only prefix and region")),
            }
        }
        if address.contains('@') {
            return config("a dynamodb url has no user: give aws-key and aws-secret as options".into());
        }
        let address = address.trim_end_matches('/');
        self.endpoint = match address.split_once("://").or_else(|| address.split_once(':')) {
            None if matches!(address, "" | "default" | "dynamodb") => None,
            Some(("dynamodb", "" | "default")) => None,
            Some(("dynamodb", host)) => Some(format!("http://{host}")),
            Some(("http" | "https", _)) => Some(address.to_owned()),
            _ => {
                return config(format!(
                    "{address:.100} is no dynamodb url: dynamodb://, default, or the http address of an endpoint"
                ));
            }
        };
        if !self.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
            return config("the prefix of a dynamodb pool may have letters, digits, _ . and - only".into());
        }
        Ok(self)
    }

    pub(super) fn aws(&self) -> AwsOptions {
        AwsOptions {
            endpoint: self.endpoint.clone(),
            key: self.aws_key.clone(),
            secret: self.aws_secret.clone(),
            region: self.aws_region.clone(),
            connect_timeout: Duration::from_millis(self.connect_timeout.max(1)),
            timeout: self.statement_timeout(),
        }
    }

    pub(super) fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout.max(1))
    }
}

impl fmt::Debug for DynamoDbOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbOptions")
            .field("endpoint", &self.endpoint)
            .field("prefix", &self.prefix)
            .field("aws_region", &self.aws_region)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_endpoint_and_prefix() {
        let at = |url: &str| {
            DynamoDbOptions::default().at(url).map(|o| (o.endpoint.unwrap_or_default(), o.prefix))
        };
        let expected = |endpoint: &str, prefix: &str| (endpoint.to_owned(), prefix.to_owned());
        for url in ["", "default", "dynamodb", "dynamodb://", "dynamodb://default"] {
            assert_eq!(at(url).expect("fits"), expected("", ""));
        }
        assert_eq!(
            at("http://127.0.0.1:8000/?prefix=a_").expect("fits"),
            expected("http://127.0.0.1:8000", "a_")
        );
        assert_eq!(at("dynamodb://host:1?prefix=b").expect("fits"), expected("http://host:1", "b"));
        for url in ["nonsense", "http://x?nonsense=1", "http://user:geheim@x", "http://x?prefix=a%20b"] {
            let error = at(url).expect_err("refused");
            assert!(error.kind() == ErrorKind::Config && !error.message().contains("geheim"), "{error:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let options = DynamoDbOptions { aws_secret: Some("geheim".into()), ..DynamoDbOptions::default() };
        assert!(!format!("{options:?}").contains("geheim"));
    }
}
