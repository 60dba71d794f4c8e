//! RabbitMQ, by AMQP 0-9-1: how a broker is found and reached.
//!
//! ```no_run
//! # async fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::connect::amqp::{AmqpClient, AmqpOptions};
//! let client = AmqpClient::new(&AmqpOptions::default().at("amqp://me:secret@a.example,b.example/shop")?)?;
//! let channel = client.connect().await?.create_channel().await;
//! # Ok(()) }
//! ```
//!
//! # Addresses
//!
//! | form | meaning |
//! | --- | --- |
//! | `amqp://[user:password@]host[:port][/vhost]` | one broker; without a user it is `guest`, without a virtual host `/` |
//! | `amqps://...` | the same with TLS |
//! | `amqp://host[:port],host[:port]` | nodes of a cluster: the first one that answers is used |
//!
//! A connection is not made again when it ends: what was declared on it has to be declared anew, which only its user
//! can do. Making one takes at most `connect_timeout`; a broker that says nothing for two `heartbeat`s is given up.

mod client;
mod options;

pub use client::{AmqpClient, error};
pub use lapin;
pub use options::AmqpOptions;
