//! Connections to other products, shared by the drivers that use the same product.
//!
//! A product is reached in one way only, whatever it is used for: the same URL forms, options, timeouts,
//! reconnection and errors hold for a database, a cache, a queue or events.

#[cfg(feature = "amqp")]
pub mod amqp;
#[cfg(any(feature = "dynamodb", feature = "sqs"))]
pub mod aws;
#[cfg(feature = "memcached")]
pub mod memcached;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "redis")]
pub mod redis;
pub(crate) mod scheme;
pub mod settings;
#[cfg(any(feature = "amqp", feature = "nats"))]
mod url;
