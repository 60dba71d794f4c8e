use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Backoff;
use crate::connect::settings::{self, Settings};
use crate::{Error, ErrorKind, Result};

/// The options of all queues, whose names a product's own must not have.
const NAMES: [&str; 9] = [
    "queue",
    "queueName",
    "visibilityTimeout",
    "interval",
    "retryCount",
    "retryInterval",
    "maxTimeout",
    "keep",
    "keepFailed",
];

/// Where a queue is and how its messages are treated.
///
/// A URL carries options in its query part: `db://?bk-interval=100&bk-visibilityTimeout=3000`. Times are in
/// milliseconds. What is none of these, or has no `bk-` before it, is for the product.
#[derive(Clone)]
pub struct QueueOptions {
    /// The URL without its query part.
    pub url: String,
    /// `queue`: the name of the queue within the product; the client's own name by default.
    pub queue: Option<String>,
    /// `visibilityTimeout`, default 60000: for how long a message is its taker's, unless he extends it.
    pub visibility: Duration,
    /// `interval`, default 1000: how often takers of a product that does not wake them look for messages.
    pub interval: Duration,
    /// `retryCount`, default 10: how often a message is tried.
    pub attempts: u32,
    /// `retryInterval`, default 1000: the longest pause after the first failure; it doubles with each.
    pub first_pause: Duration,
    /// `maxTimeout`, default 3600000: the longest pause of all.
    pub longest_pause: Duration,
    /// `keep`, default 60000: how long completed messages can be looked at; 0 is not at all.
    pub keep: Duration,
    /// `keepFailed`, default 604800000: how long discarded and cancelled ones can.
    pub keep_failed: Duration,
    /// What is for the product, by the names of its options.
    pub own: Settings,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            queue: None,
            visibility: Duration::from_secs(60),
            interval: Duration::from_secs(1),
            attempts: 10,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(3600),
            keep: Duration::from_secs(60),
            keep_failed: Duration::from_secs(7 * 86_400),
            own: Settings::new(),
        }
    }
}

impl QueueOptions {
    /// The options of a URL, with defaults for those it does not name.
    ///
    /// # Errors
    /// `Config` for an option that cannot be read.
    pub fn at(url: &str) -> Result<Self> {
        Self::with(url, std::iter::empty())
    }

    /// The options of a URL, and further ones that win over it.
    ///
    /// # Errors
    /// `Config` for an option that cannot be read.
    pub fn with<'a>(url: &str, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut options = Self::default();
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        base.clone_into(&mut options.url);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.strip_prefix("bk-") {
                Some(own) => options.set(own, &value)?,
                None => options.set_own(&name, &value),
            }
        }
        for (name, value) in more {
            options.set(name, value)?;
        }
        Ok(options)
    }

    /// The pauses after failures.
    pub fn backoff(&self) -> Backoff {
        Backoff { first: self.first_pause, longest: self.longest_pause.max(self.first_pause) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        match plain.to_lowercase().as_str() {
            "queue" | "queuename" => self.queue = Some(checked_name(value)?),
            "visibilitytimeout" => self.visibility = millis(name, value, 1000, 43_200_000)?,
            "interval" => self.interval = millis(name, value, 10, 3_600_000)?,
            "retrycount" => self.attempts = number(name, value, 1, 1000)? as u32,
            "retryinterval" => self.first_pause = millis(name, value, 0, 86_400_000)?,
            "maxtimeout" => self.longest_pause = millis(name, value, 0, 7 * 86_400_000)?,
            "keep" => self.keep = millis(name, value, 0, 365 * 86_400_000)?,
            "keepfailed" => self.keep_failed = millis(name, value, 0, 365 * 86_400_000)?,
            _ => self.set_own(name, value),
        }
        Ok(())
    }

    fn set_own(&mut self, name: &str, value: &str) {
        self.own.insert(name.replace('-', "_"), value.to_owned());
    }

    /// What is for the product, as that takes it.
    ///
    /// # Errors
    /// `Config`, naming the option that it does not have, and the one that was probably meant.
    pub(crate) fn of_product<T: DeserializeOwned>(&self, product: &str) -> Result<T> {
        settings::options_beside(&format!("{product} queue"), self.own.clone(), &NAMES)
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for QueueOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueOptions")
            .field("queue", &self.queue)
            .field("visibility", &self.visibility)
            .field("interval", &self.interval)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A name that is one in every product.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        true => Ok(name.to_owned()),
        false => Err(config(format!(
            "{name:?} is no name of a queue: up to 64 letters, digits, dashes and underscores"
        ))),
    }
}

pub(crate) fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn millis(name: &str, value: &str, min: u64, max: u64) -> Result<Duration> {
    number(name, value, min, max).map(Duration::from_millis)
}

fn number(name: &str, value: &str, min: u64, max: u64) -> Result<u64> {
    let number = value.trim().parse().ok().filter(|n| (min..=max).contains(n));
    number.ok_or_else(|| {
        config(format!("the option {name:.40} of a queue must be a whole number from {min} to {max}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_out_of_the_url_whatever_their_spelling() {
        let options = QueueOptions::with(
            "redis://:p%40w@h/1?bk-visibilityTimeout=3000&connect-timeout=7&bk-retry-count=3",
            [("interval", "100"), ("queueName", "mail"), ("tls-ca", "/ca")],
        );
        let options = options.expect("fits");
        assert_eq!(options.url, "redis://:p%40w@h/1");
        assert_eq!((options.visibility.as_millis(), options.interval.as_millis()), (3000, 100));
        assert_eq!((options.attempts, options.queue.as_deref()), (3, Some("mail")));
        let own = [("connect_timeout", "7"), ("tls_ca", "/ca")];
        assert_eq!(options.own, own.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert!(!format!("{options:?}").contains("p%40w"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for url in ["db://?bk-interval=x", "db://?bk-visibilityTimeout=1", "db://?bk-queue=a%20b"] {
            assert_eq!(QueueOptions::at(url).expect_err("refused").kind(), ErrorKind::Config, "{url}");
        }
        for (name, meant) in [("bk-visibilityTimout", "visibilityTimeout"), ("max-Timeout", "maxTimeout")] {
            let options = QueueOptions::at(&format!("db://?{name}=1")).expect("is for the product");
            let Err(error) = options.of_product::<settings::NoOptions>("db") else { continue };
            let name = name.trim_start_matches("bk-").replace('-', "_");
            assert!(error.message().contains(&format!("`{name}`")), "{error}");
            assert!(error.message().ends_with(&format!("did you mean {meant}")), "{error}");
        }
    }
}
