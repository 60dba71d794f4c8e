//! A queue in RabbitMQ 3.10 or later, by AMQP 0-9-1.
//!
//! URLs are those of [`connect::amqp`](crate::connect::amqp); options of
//! [`AmqpOptions`](crate::connect::amqp::AmqpOptions) stand in the query part, as `?prefix=shop`.
//!
//! | queue at the broker | holds |
//! | --- | --- |
//! | `PREFIX.queue.NAME` | what waits to be taken, and what is taken |
//! | `PREFIX.queue.NAME.wait.MS` | what rests; each message for so many milliseconds |
//! | `PREFIX.queue.NAME.dead` | what was given up, with the reason in the header `bk-error`, for `keepFailed`, at most 49 days |
//!
//! All are quorum queues, which are on several nodes of a cluster and written to the disk before a put is answered, and
//! which count how often a message was handed out. They have no priorities. They are declared when they are first used,
//! and again when somebody has deleted them.
//!
//! # How it works
//!
//! A taker consumes with the number of messages that he asks for as his prefetch, and no longer than until the first
//! one comes: what the broker has sent by then is his. Messages are acknowledged one by one. The broker knows no time
//! of takers: whoever is cut off loses his messages at once, and those of a process that lives are given back by itself
//! when their time is over. **The broker bounds that time** with its setting `consumer_timeout`, 30 minutes if it is
//! not set: jobs that run longer lose their message, and with it all that were taken in the same call.
//!
//! A delayed message rests in the queue with the longest time that is not too long, comes out, and is put to rest by
//! whichever taker meets it, until its time has come: so no message waits behind one that rests longer. Failed ones
//! that are to be tried again do the same, as a copy that knows how often it was tried. Copies are confirmed before
//! the original is acknowledged: who dies between the two leaves both.
//!
//! # Guarantees
//!
//! A put is answered when the broker has confirmed it, and a message that no queue took is not. Times are those of the
//! clocks of the hosts, and exact to a tenth of a second.

mod driver;
mod held;
mod session;
mod wait;

use crate::queue::driver::Capabilities;

pub use driver::AmqpQueue;

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    priorities: false,
    unique: false,
    inspect: false,
    transactional: false,
    ..Capabilities::ALL
};
