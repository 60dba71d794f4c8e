//! NATS: how a server is found and reached.
//!
//! ```no_run
//! # async fn example() -> bkjs_core::Result<()> {
//! use bkjs_core::connect::nats::{NatsClient, NatsOptions};
//! let client = NatsClient::new(&NatsOptions::default().at("nats://me:secret@a.example,b.example")?)?;
//! let connection = client.connect().await?;
//! # Ok(()) }
//! ```
//!
//! # Addresses
//!
//! | form | meaning |
//! | --- | --- |
//! | `nats://[user:password@]host[:port]` | one server; its port is 4222 |
//! | `tls://...` | the same with TLS |
//! | `nats://host[:port],host[:port]` | servers of a cluster: one of them is used |
//!
//! A connection finds its way back, or to another server of the cluster, by itself, unless whoever makes it says
//! otherwise; [`NatsClient::settings`] is where to say so.

mod client;
mod options;

pub use async_nats;
pub use client::{NatsClient, unavailable};
pub use options::NatsOptions;
