//! A queue in NATS JetStream, with files as storage; needs server 2.9 or later.
//!
//! URLs are those of [`connect::nats`](crate::connect::nats). A queue NAME is the stream `PREFIX_NAME`, from which what is
//! done is removed; what was given up goes to the stream `PREFIX_NAME_dead` with the header `Bk-Error`, and stays for
//! `keepFailed`, of 100,000 the youngest; with 0 it is not kept. The process that was started last sets it.
//!
//! # How it works
//!
//! All takers share one durable consumer that has to be told what came of each message: what it is not told of within
//! the visibility timeout, it hands out again. That timeout is one of the consumer: the process that was started last
//! sets it. A failed message rests in the server. A delayed one is handed out once before its time, and put to rest by
//! whoever gets it; so its first attempt may be counted twice less. Servers before 2.10 may count an attempt that nobody
//! got, when a message is due again in the moment in which a taker's question ends.
//!
//! # Guarantees
//!
//! A put is answered when the stream has it. Without a connection calls are refused at once, and nothing of them is sent
//! later; a put whose connection ends before the answer may be stored all the same, but not twice when the same message is
//! put again within two minutes. Who settles a message after his time does so all the same, though somebody
//! else may have it: at least once holds, and nothing more.

mod dead;
mod driver;
mod message;

use crate::queue::driver::Capabilities;

pub use driver::NatsQueue;

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    priorities: false,
    unique: false,
    inspect: false,
    fenced: false,
    transactional: false,
    ..Capabilities::ALL
};
