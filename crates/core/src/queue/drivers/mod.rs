//! The products, one folder each, and the table that maps URL schemes to them.

use std::sync::Arc;

use super::driver::{Capabilities, QueueDriver};
use super::options::config;
use super::{QueueOptions, Site};
use crate::Result;
use crate::connect::scheme::product_of;
#[cfg(any(feature = "amqp", feature = "nats"))]
use crate::connect::settings;
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

/// A product that this build has a driver for.
#[derive(Debug)]
pub struct Product {
    /// Its name.
    pub name: &'static str,
    /// The schemes of its URLs.
    pub schemes: &'static [&'static str],
    /// What it can do.
    pub capabilities: Capabilities,
    open: fn(&str, &QueueOptions, &Site<'_>) -> Result<Opened>,
}

/// An opened queue.
pub(super) struct Opened {
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
            options.only("redis", &[])?;
            Ok(of(redis::RedisQueue::new(name, options)?))
        },
    },
    #[cfg(feature = "nats")]
    Product {
        name: "nats",
        schemes: &["nats", "tls"],
        capabilities: nats::CAPABILITIES,
        open: |name, options, _| {
            options.only("nats", &[])?;
            let (url, settings) = in_query(&options.url);
            let nats: crate::connect::nats::NatsOptions = settings::options("queue in nats", settings)?;
            Ok(of(nats::NatsQueue::new(name, options, &nats.at(url)?)?))
        },
    },
    #[cfg(feature = "amqp")]
    Product {
        name: "amqp",
        schemes: &["amqp", "amqps"],
        capabilities: amqp::CAPABILITIES,
        open: |name, options, _| {
            options.only("amqp", &[])?;
            let (url, settings) = in_query(&options.url);
            let amqp: crate::connect::amqp::AmqpOptions = settings::options("queue in amqp", settings)?;
            Ok(of(amqp::AmqpQueue::new(name, options, &amqp.at(url)?)?))
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
    let product = product_of("queue", url, PRODUCTS, |product| product.schemes)?;
    (product.open)(name, options, site)
}

/// A URL without its query part, and the settings in that.
#[cfg(any(feature = "amqp", feature = "nats"))]
fn in_query(url: &str) -> (&str, settings::Settings) {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let settings = form_urlencoded::parse(query.as_bytes());
    (url, settings.map(|(name, value)| (name.replace('-', "_"), value.into_owned())).collect())
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

fn open_db(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Opened> {
    let Some(db) = site.db else { return Err(config("there is no database for a queue in db".to_owned())) };
    let pool = options.url.strip_prefix("db://").unwrap_or_default().trim_end_matches('/');
    options.only("db", &["pool"])?;
    let pool = options.own.get("pool").map_or(pool, String::as_str);
    if !pool.is_empty() && !db.has_pool(pool) {
        return Err(config(format!("there is no pool {pool:.40} for a queue in db")));
    }
    let pool = (!pool.is_empty()).then(|| pool.to_owned());
    Ok(of_db(DbQueue::new("db", name, db.clone(), pool, options, site.bell.clone())))
}

#[cfg(feature = "sqlite")]
fn open_local(name: &str, options: &QueueOptions, site: &Site<'_>) -> Result<Opened> {
    options.only("local", &[])?;
    let path = options.url.strip_prefix("local://").unwrap_or_default();
    let db = db::open_file(path, site.folder)?;
    Ok(of_db(DbQueue::new("local", name, db, None, options, site.bell.clone()).creating()))
}

#[cfg(all(test, feature = "amqp", feature = "nats"))]
mod tests {
    use super::*;
    use crate::queue::{Bell, Queue};

    fn opened(url: &str) -> Result<Queue> {
        let site = Site { db: None, folder: std::path::Path::new("/nowhere"), bell: Bell::default() };
        Queue::open("mail", &QueueOptions::at(url)?, &site)
    }

    #[test]
    fn options_of_the_connection_stand_in_the_url() {
        for url in [
            "amqp://u:p@a,b/v?prefix=shop&connect-timeout=5&bk-retryCount=3",
            "amqps://h",
            "nats://a:1,b?token=x",
            "tls://h",
        ] {
            opened(url).expect(url);
        }
        for (url, why) in [
            ("amqp://h?hartbeat=1", "did you mean heartbeat"),
            ("amqp://h?prefix=", "prefix"),
            ("amqp://h?bk-heartbeat=1", "no option heartbeat"),
            ("nats://u:geheim@h/x", "nats://host:port"),
            ("moon://u:geheim@h", "no queue driver for moon"),
        ] {
            let error = opened(url).expect_err(url);
            assert!(error.message().contains(why), "{error:?}");
            assert!(!error.log_text().contains("geheim"), "{error:?}");
        }
    }
}
