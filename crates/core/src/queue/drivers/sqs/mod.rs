//! A queue in Amazon SQS: standard queues, not FIFO ones.
//!
//! | URL | queue |
//! | --- | --- |
//! | `sqs://` | `bk_NAME`, from the name of the client, in the region of the options or the environment |
//! | `sqs://NAME` | the one of this name |
//! | `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME` | the one at this address, which is not made |
//! | `http://HOST:PORT`, `https://HOST` | as `sqs://`, of an emulator or private endpoint; `/ACCOUNT/NAME` may follow |
//!
//! | option | default | |
//! | --- | --- | --- |
//! | `region` | of the environment | in the query part of the URL too |
//! | `aws-key`, `aws-secret` | of the environment, as in [`connect::aws`](crate::connect::aws) | credentials |
//! | `create` | true | whether a queue that is not there is made |
//! | `timeout` | 20000 | milliseconds that one question for messages waits at the service, at most 20000 |
//! | `count` | 10 | messages of one question, at most 10 |
//! | `connect-timeout` | 3000 | milliseconds |
//!
//! # How it works
//!
//! The service hides a message that it hands out and counts how often it did. A failed message is hidden for its pause;
//! one that is given up is sent to the queue `NAME_dead`, with the reason in the attribute `bk-error`, and kept for
//! `keepFailed`, from a minute to 14 days. Calls for many messages are made for ten at a time, each of which is answered
//! by itself. Whoever stops waiting gives back what comes after that, as long as his process lives; else it is hidden
//! until its time is over. Either counts as an attempt.
//!
//! The service delays by a quarter of an hour at most: a message that is delayed by more is met by takers before its
//! time and put to rest again.
//!
//! # Guarantees
//!
//! A put is answered when the service has it. Order is roughly that of putting. A message may be handed out twice even
//! if nothing fails. Who settles a message after his time may do so all the same. A message can be held for 12 hours
//! at most, however often that is extended, and stays in the queue for 14 days at most, its pauses included. Times are
//! whole seconds.

mod batch;
mod client;
mod driver;
mod message;
mod options;

use crate::queue::driver::Capabilities;

pub use driver::SqsQueue;
pub use options::SqsOptions;

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    priorities: false,
    unique: false,
    inspect: false,
    fenced: false,
    transactional: false,
    ..Capabilities::ALL
};
