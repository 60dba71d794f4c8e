//! The products, one folder each, and the table that maps URL schemes to them.

use std::sync::Arc;

use super::{Capabilities, Limits, PubsubDriver};
use crate::connect::scheme::{self, product_of, without_query};
use crate::connect::settings::{NoOptions, Settings, options};
use crate::{Error, ErrorKind, Result};

#[cfg(feature = "amqp")]
pub mod amqp;
pub mod local;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "redis")]
pub mod redis;
mod spool;

/// Where a client's product is: what every driver gets to open it.
#[derive(Debug)]
pub struct Location<'a> {
    /// The URL, without its query part.
    pub url: &'a str,
    /// Settings, by the names of the driver's options.
    pub options: Settings,
    /// What `local://` is in this process.
    pub local: &'a Arc<dyn PubsubDriver>,
}

type Open = fn(Location<'_>) -> Result<Arc<dyn PubsubDriver>>;

/// A product that this build has a driver for.
pub type Product = scheme::Product<Capabilities, Open>;

const PRODUCTS: &[Product] = &[
    Product { name: "local", schemes: &["local"], capabilities: local::CAPABILITIES, open: open_local },
    #[cfg(feature = "redis")]
    Product {
        name: "redis",
        schemes: &["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+unix"],
        capabilities: redis::CAPABILITIES,
        open: open_redis,
    },
    #[cfg(feature = "amqp")]
    Product { name: "amqp", schemes: &["amqp", "amqps"], capabilities: amqp::CAPABILITIES, open: open_amqp },
    #[cfg(feature = "nats")]
    Product { name: "nats", schemes: &["nats", "tls"], capabilities: nats::CAPABILITIES, open: open_nats },
];

/// The products that this build has drivers for.
pub const fn products() -> &'static [Product] {
    PRODUCTS
}

/// Opens the product with this URL, and says how much may wait for a subscriber; the query part of the URL sets options
/// that `options` does not have. No connection is made.
///
/// # Errors
/// `Config` for an unknown scheme or option, naming the nearest one that there is, or a value that does not fit.
pub fn open(
    url: &str,
    mut options: Settings,
    local: &Arc<dyn PubsubDriver>,
) -> Result<(Arc<dyn PubsubDriver>, Limits)> {
    let url = without_query(url, &mut options);
    let limits = limits(&mut options)?;
    let product = product_of("pub/sub", url, PRODUCTS)?;
    Ok(((product.open)(Location { url, options, local })?, limits))
}

/// Takes out of the options what is the same for every product.
fn limits(options: &mut Settings) -> Result<Limits> {
    let mut limits = Limits::default();
    for (name, limit) in [("max_waiting", &mut limits.messages), ("max_waiting_bytes", &mut limits.bytes)] {
        if let Some(text) = options.remove(name) {
            let given = text.parse().ok().filter(|given| *given > 0);
            *limit = given.ok_or_else(|| config(format!("{name} is not a whole number from 1")))?;
        }
    }
    Ok(limits)
}

fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

fn open_local(location: Location<'_>) -> Result<Arc<dyn PubsubDriver>> {
    let NoOptions {} = options("local pub/sub", location.options)?;
    if !location.url.trim_start_matches("local").trim_start_matches("://").is_empty() {
        return Err(config("local pub/sub has no address: local:// is all of it".into()));
    }
    Ok(location.local.clone())
}

#[cfg(feature = "redis")]
fn open_redis(location: Location<'_>) -> Result<Arc<dyn PubsubDriver>> {
    let options: crate::connect::redis::RedisOptions = options("redis pub/sub", location.options)?;
    Ok(Arc::new(redis::RedisPubsub::new(&options.at(location.url)?)?))
}

#[cfg(feature = "amqp")]
fn open_amqp(location: Location<'_>) -> Result<Arc<dyn PubsubDriver>> {
    let options: crate::connect::amqp::AmqpOptions = options("amqp pub/sub", location.options)?;
    Ok(Arc::new(amqp::AmqpPubsub::new(&options.at(location.url)?)?))
}

#[cfg(feature = "nats")]
fn open_nats(location: Location<'_>) -> Result<Arc<dyn PubsubDriver>> {
    let options: crate::connect::nats::NatsOptions = options("nats pub/sub", location.options)?;
    Ok(Arc::new(nats::NatsPubsub::new(&options.at(location.url)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pubsub::drivers::local::LocalPubsub;

    fn opened(url: &str, given: Settings) -> Result<Limits> {
        let local: Arc<dyn PubsubDriver> = Arc::new(LocalPubsub::alone());
        open(url, given, &local).map(|(_, limits)| limits)
    }

    fn refused(url: &str) -> String {
        let error = opened(url, Settings::new()).expect_err("is refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        error.message().to_owned()
    }

    #[test]
    fn what_cannot_be_used_is_named_and_no_password_shown() {
        assert!(refused("locla://").contains("did you mean local://"), "{}", refused("locla://"));
        assert!(refused("local://host").contains("no address"));
        assert!(refused("local://?size=1").contains("`size`"));
        assert!(refused("local://?max-waiting=0").contains("max_waiting"));
        assert!(!refused("moon://u:secret@h").contains("secret"));
        assert!(!refused("u:secret@h").contains("secret"));
    }

    #[test]
    fn how_much_may_wait_is_set_in_the_url_or_beside_it() {
        let given = Settings::from([("max_waiting".to_owned(), "7".to_owned())]);
        let limits = opened("local://?max-waiting=5&bk-max_waiting_bytes=9", given).expect("opens");
        assert_eq!(limits, Limits { messages: 7, bytes: 9 });
    }

    #[cfg(all(feature = "redis", feature = "amqp", feature = "nats"))]
    #[test]
    fn every_product_is_known_by_its_schemes() {
        for url in [
            "redis://h?prefix=a&bk-max=3",
            "redis+sentinel://h/main",
            "amqp://u:p@a,b/v?heartbeat=5",
            "amqps://h",
            "nats://a:1,b?connect-timeout=5",
            "tls://h?token=x",
        ] {
            opened(url, Settings::new()).expect(url);
        }
        assert!(refused("amqp://h?hartbeat=1").contains("did you mean heartbeat"));
        assert!(refused("nats://h/x").contains("nats://host:port"));
    }
}
