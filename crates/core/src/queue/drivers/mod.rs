//! The products, one folder each, and the table that maps URL schemes to them.

use std::sync::Arc;

use super::driver::{Capabilities, QueueDriver};
use super::options::config;
use super::{QueueOptions, Site};
use crate::Result;
use crate::connect::scheme::{self, product_of};
#[cfg(feature = "sqlite")]
use crate::connect::settings::NoOptions;
use db::DbQueue;

#[cfg(feature = "amqp")]
pub mod amqp;
pub mod db;
#[cfg(any(feature = "amqp", feature = "sqs"))]
mod envelope;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqs")]
pub mod sqs;

type Open = fn(&str, &QueueOptions, &Site<'_>) -> Result<Opened>;

/// A product that this build has a driver for.
pub type Product = scheme::Product<Capabilities, Open>;

/// An opened queue.
#[derive(Debug)]
pub struct Opened {
    pub(super) driver: Arc<dyn QueueDriver>,
    /// The same, where it is in a database.
    pub(super) db: Option<Arc<DbQueue>>,
}

const PRODUCTS: &[Product] = &[
    Product { name: "db", schemes: &["db"], capabilities: db::CAPABILITIES, open: open_db },
    #[cfg(feature = "sqlite")]
    Product { name: "local", schemes: &["local"], capabilities: db::CAPABILITIES, open: open_local },
    #[cfg(feature = "redis")]
    Product {
        name: "redis",
        schemes: &["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+unix", "redisq"],
        capabilities: redis::CAPABILITIES,
        open: |name, options, _| {
            let redis: crate::connect::redis::RedisOptions = options.of_product("redis")?;
            let url = options.url.strip_prefix("redisq").map(|rest| format!("redis{rest}"));
            let redis = redis.at(url.as_deref().unwrap_or(&options.url))?;
            Ok(of(redis::RedisQueue::new(name, options, &redis)?))
        },
    },
    #[cfg(feature = "nats")]
    Product {
        name: "nats",
        schemes: &["nats", "tls"],
        capabilities: nats::CAPABILITIES,
        open: |name, options, _| {
            let nats: crate::connect::nats::NatsOptions = options.of_product("nats")?;
            Ok(of(nats::NatsQueue::new(name, options, &nats.at(&options.url)?)?))
        },
    },
    #[cfg(feature = "amqp")]
    Product {
        name: "amqp",
        schemes: &["amqp", "amqps"],
        capabilities: amqp::CAPABILITIES,
        open: |name, options, _| {
            let amqp: crate::connect::amqp::AmqpOptions = options.of_product("amqp")?;
            Ok(of(amqp::AmqpQueue::new(name, options, &amqp.at(&options.url)?)?))
        },
    },
    #[cfg(feature = "sqs")]
    Product {
        name: "sqs",
        schemes: &["sqs", "https", "http"],
        capabilities: sqs::CAPABILITIES,
        open: |name, options, _| Ok(of(sqs::SqsQueue::new(sqs::SqsOptions::of(name, options)?))),
    },
];

/// The products that this build has drivers for.
pub const fn products() -> &'static [Product] {
    PRODUCTS
}

/// Opens a queue with the driver of its URL; without one it is in the database.
pub(super) fn open(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Opened> {
    let url = if options.url.is_empty() { "db" } else { options.url.as_str() };
    let product = product_of("queue", url, PRODUCTS)?;
    (product.open)(name, options, site)
}

/// A queue that is in no database.
#[allow(dead_code)] // not every product is in every build
fn of(queue: impl QueueDriver) -> Opened {
    Opened { driver: Arc::new(queue), db: None }
}

fn of_db(queue: DbQueue) -> Opened {
    let queue = Arc::new(queue);
    Opened { driver: queue.clone(), db: Some(queue) }
}

/// What a queue in a database has for options of its own.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DbOptions {
    /// The pool, if the URL does not name it.
    #[serde(default)]
    pool: Option<String>,
}

fn open_db(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Opened> {
    let Some(db) = site.db else { return Err(config("there is no database for a queue in db".to_owned())) };
    let pool = options.url.strip_prefix("db://").unwrap_or_default().trim_end_matches('/');
    let DbOptions { pool: given } = options.of_product("db")?;
    let pool = given.as_deref().unwrap_or(pool);
    if !pool.is_empty() && !db.has_pool(pool) {
        return Err(config(format!("there is no pool {pool:.40} for a queue in db")));
    }
    let pool = (!pool.is_empty()).then(|| pool.to_owned());
    Ok(of_db(DbQueue::new("db", name, db.clone(), pool, options, site.bell.clone())))
}

#[cfg(feature = "sqlite")]
fn open_local(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Opened> {
    let NoOptions {} = options.of_product("local")?;
    let path = options.url.strip_prefix("local://").unwrap_or_default();
    let db = db::open_file(path, site.folder)?;
    Ok(of_db(DbQueue::new("local", name, db, None, options, site.bell.clone()).creating()))
}

#[cfg(all(test, feature = "redis", feature = "amqp", feature = "nats", feature = "sqs"))]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::queue::{Bell, QueueParams, Queues};

    fn opened(url: &str, given: &[(&str, &str)]) -> Result<Queues> {
        let site = Site { db: None, folder: std::path::Path::new("/nowhere"), bell: Bell::default() };
        let mut params = QueueParams::default();
        params.queue.insert(String::new(), Secret::new("local://"));
        params.queue.insert("mail".into(), Secret::new(url));
        for (option, value) in given {
            params.options.insert(("mail".into(), (*option).into()), Secret::new(*value));
        }
        Queues::open(&params, &site)
    }

    fn refused(url: &str, given: &[(&str, &str)]) -> String {
        let Err(error) = opened(url, given) else { return format!("{url} is taken") };
        assert_eq!(error.kind(), crate::ErrorKind::Config, "{url}");
        assert!(!error.log_text().contains("geheim"), "{error:?}");
        error.message().to_owned()
    }

    #[tokio::test]
    async fn options_of_the_connection_stand_in_the_url_or_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "").expect("writes");
        for (url, given) in [
            ("amqp://u:p@a,b/v?prefix=shop&connect-timeout=5&bk-retryCount=3", &[("heartbeat", "5")][..]),
            ("amqps://h?bk-heartbeat=7", &[("response-timeout", "1")]),
            ("nats://a:1,b?token=x", &[("connect-timeout", "7"), ("keep", "0")]),
            ("tls://h", &[("token", "geheim")]),
            ("redis://h?connect-timeout=5&max=3&bk-keep=0", &[("prefix", "shop"), ("password", "geheim")]),
            ("redis+sentinel://h/main?sentinel-password=x", &[("sentinel-username", "me")]),
            ("redisq://h?prefix=shop", &[]),
            ("sqs://?region=eu-west-1", &[("aws-key", "AKIAX"), ("awsSecret", "geheim"), ("create", "0")]),
        ] {
            opened(url, given).expect(url);
        }
    }

    #[test]
    fn what_is_no_option_is_told_as_it_was_written_with_what_was_meant() {
        for (url, why) in [
            ("amqp://h?hartbeat=1", "did you mean heartbeat"),
            ("amqp://h?prefix=", "prefix"),
            ("nats://u:geheim@h/x", "nats://host:port"),
            ("nats://h?tokn=geheim", "did you mean token"),
            ("moon://u:geheim@h", "no queue driver for moon"),
            ("redis://h?prefx=a", "did you mean prefix"),
            ("redis://h?sentinel-pasword=geheim", "did you mean sentinel_password"),
            ("redis://h?max=many", "max is not"),
            ("local://?bk-visibilityTimout=5000", "`visibilityTimout`"),
            ("local://../q.db", "no .. in its path"),
            ("local://a/../../q.db", "no .. in its path"),
            ("local:///a/../q.db", "no .. in its path"),
            ("local://?bk-visibilityTimout=5000", "did you mean visibilityTimeout"),
            ("sqs://?aws-kye=geheim", "did you mean aws_key"),
        ] {
            let text = refused(url, &[]);
            assert!(text.starts_with("ipc-queue-mail: ") && text.contains(why), "{url}: {text}");
        }
        assert!(refused("redis://h", &[("conect-timeout", "1")]).contains("did you mean connect_timeout"));
    }
}
