use std::collections::BTreeMap;
use std::path::Path;

use super::driver::lacks;
use super::drivers;
use super::{Bell, Queue, QueueOptions};
use crate::config::{Params, Secret};
use crate::db::Db;
use crate::{Error, ErrorKind, Result};

/// Queues.
#[derive(Params, Clone, Debug)]
#[params(prefix = "ipc")]
pub struct QueueParams {
    /// Where a queue is, the default one or one by name, with its options in the URL. By default it is in the default
    /// pool of the database: `db://`.
    #[param(pattern = "queue-?([a-z0-9]+)?", secret)]
    pub queue: BTreeMap<String, Secret>,
    /// An option of a queue, the default one or one by name; it wins over the URL.
    #[param(pattern = "queue(?:-([a-z0-9]+))?-options-([a-zA-Z0-9_-]+)", secret)]
    pub options: BTreeMap<(String, String), Secret>,
}

impl QueueParams {
    /// Where a queue is and how its messages are treated; the empty name is the default one.
    ///
    /// # Errors
    /// `Config`, naming the parameter.
    pub fn options_of(&self, name: &str) -> Result<QueueOptions> {
        let url = self.queue.get(name).map_or("", Secret::expose);
        let more = self.options.iter().filter(|((queue, _), _)| queue == name);
        let more = more.map(|((_, option), value)| (option.as_str(), value.expose()));
        QueueOptions::with(url, more).map_err(|error| named(name, error))
    }

    /// Whether a queue, or the unique keys of one, are in the database of the application.
    pub fn uses_database(&self) -> bool {
        let product = |url: &str| {
            let scheme = url.split_once("://").map_or("db", |(scheme, _)| scheme);
            drivers::products().iter().find(|product| product.schemes.contains(&scheme))
        };
        let default = product(self.queue.get("").map_or("", Secret::expose));
        default.is_none_or(|product| !product.capabilities.unique)
            || self
                .queue
                .values()
                .map(|url| product(url.expose()))
                .chain([default])
                .flatten()
                .any(|p| p.name == "db")
    }
}

/// Where queues find what they share with the rest of the process.
#[derive(Clone)]
pub struct Site<'a> {
    /// The database, for queues that are in one.
    pub db: Option<&'a Db>,
    /// The folder of data that changes.
    pub folder: &'a Path,
    /// Wakes takers.
    pub bell: Bell,
}

/// The queues of the configuration: the default one, named by the empty text, and the others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queues {
    default: Queue,
    named: BTreeMap<String, Queue>,
}

impl Queues {
    /// Opens the queues that the parameters name, and a default one in the default pool when they name none.
    ///
    /// Unique keys of a queue whose product keeps none are kept in the default queue, or in the database when that
    /// keeps none either.
    ///
    /// # Errors
    /// `Config`, naming the parameter.
    pub fn open(params: &QueueParams, site: &Site<'_>) -> Result<Self> {
        let open = |name: &str| {
            Queue::open(name, &params.options_of(name)?, site).map_err(|error| named(name, error))
        };
        let mut default = open("")?;
        let mut keys = default.clone();
        if !default.capabilities().unique {
            if site.db.is_some() {
                keys = Queue::open("", &QueueOptions::at("db://")?, site)?;
            }
            default = default.with_keys_in(&keys);
        }
        let mut names: Vec<&str> = params.queue.keys().map(String::as_str).collect();
        names.retain(|name| !name.is_empty());
        if let Some(((name, option), _)) =
            params.options.iter().find(|((name, _), _)| !name.is_empty() && !names.contains(&name.as_str()))
        {
            let message =
                format!("ipc-queue-{name}-options-{option}: there is no queue {name}, set ipc-queue-{name}");
            return Err(Error::new(ErrorKind::Config, message));
        }
        let named = names.into_iter().map(|name| Ok((name.to_owned(), open(name)?.with_keys_in(&keys))));
        Ok(Self { named: named.collect::<Result<_>>()?, default })
    }

    /// The default queue of a test, and no others.
    #[cfg(test)]
    pub(crate) fn of(default: Queue) -> Self {
        Self { default, named: BTreeMap::new() }
    }

    /// The same queues, where the queue of this name keeps the unique keys of those whose product keeps none.
    ///
    /// # Errors
    /// `NotFound` for a queue that there is not, `Unsupported` for one whose product keeps no keys.
    pub fn with_keys_in(self, name: &str) -> Result<Self> {
        let keys = self.get(name)?.clone();
        if !keys.capabilities().unique {
            return Err(lacks(keys.product(), "keep unique keys"));
        }
        let named = self.named.into_iter().map(|(name, queue)| (name, queue.with_keys_in(&keys)));
        Ok(Self { named: named.collect(), default: self.default.with_keys_in(&keys) })
    }

    /// The queue of a name; the empty name and `default` are the default one.
    ///
    /// # Errors
    /// `NotFound`, naming the queues that there are.
    pub fn get(&self, name: &str) -> Result<&Queue> {
        if matches!(name, "" | "default") {
            return Ok(&self.default);
        }
        self.named.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.named.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "none but the default one".to_owned() } else { known.join(", ") };
            Error::not_found(format!("no queue {name:.40}, there are: {known}; ipc-queue-NAME makes one"))
        })
    }

    /// The names of all queues; that of the default one is empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once("").chain(self.named.keys().map(String::as_str))
    }

    /// Closes all queues.
    pub async fn close(&self) {
        for queue in std::iter::once(&self.default).chain(self.named.values()) {
            queue.close().await;
        }
    }
}

fn named(name: &str, error: Error) -> Error {
    let parameter = if name.is_empty() { "ipc-queue".to_owned() } else { format!("ipc-queue-{name}") };
    Error::new(error.kind(), format!("{parameter}: {}", error.message())).source(error)
}

#[cfg(all(test, feature = "sqlite", feature = "amqp"))]
mod tests {
    use super::*;

    fn params(queues: &[(&str, &str)]) -> QueueParams {
        let mut params = QueueParams::default();
        for (name, url) in queues {
            params.queue.insert((*name).to_owned(), Secret::new(*url));
        }
        params
    }

    #[test]
    fn the_database_is_used_where_a_queue_or_its_keys_are_in_it() {
        for (queues, uses) in [
            (&[][..], true),
            (&[("", "db://other")], true),
            (&[("", "local://")], false),
            (&[("", "local://q.db?bk-keep=0"), ("mail", "amqp://h")], false),
            (&[("", "local://"), ("mail", "db://")], true),
            (&[("", "amqp://h")], true),
        ] {
            assert_eq!(params(queues).uses_database(), uses, "{queues:?}");
        }
    }

    #[test]
    fn an_option_is_a_secret() {
        let mut params = params(&[("", "sqs://")]);
        params.options.insert((String::new(), "aws-key".into()), Secret::new("hidden"));
        assert!(!format!("{params:?}").contains("hidden"));
        assert_eq!(
            params.options_of("").expect("fits").own.get("aws_key").map(String::as_str),
            Some("hidden")
        );
    }

    #[tokio::test]
    async fn a_queue_is_named_that_keeps_the_keys_of_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let site = Site { db: None, folder: folder.path(), bell: Bell::default() };
        let params = params(&[("", "amqp://h"), ("mail", "amqp://h"), ("keys", "local://")]);
        let open = || Queues::open(&params, &site).expect("opens");
        let ttl = std::time::Duration::from_secs(60);
        let refused = open().get("mail").expect("is there").take_key("k", "a", ttl).await;
        assert_eq!(refused.expect_err("nobody keeps keys").kind(), ErrorKind::Unsupported);
        let queues = open().with_keys_in("keys").expect("keeps keys");
        for name in ["", "mail", "keys"] {
            let owner = queues.get(name).expect("is there").take_key("k", "a", ttl).await;
            assert_eq!(owner.expect("answers"), "a");
        }
        for (name, why) in [("mail", "amqp, which cannot keep unique keys"), ("key", "no queue key")] {
            let error = open().with_keys_in(name).expect_err("is refused");
            assert!(error.message().contains(why), "{error}");
        }
        queues.close().await;
    }
}
