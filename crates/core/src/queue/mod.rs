//! Queues: messages that are put once and handled at least once, by whichever process takes them first.
//!
//! [`Queue`] is what applications call; a [`driver::QueueDriver`] is one product. [`Queues`] holds those of the
//! configuration: the default one of `ipc-queue` and those of `ipc-queue-NAME`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! # use std::sync::Arc;
//! # use bkjs_core::db::Db;
//! # use bkjs_core::schema::SchemaBuilder;
//! use bkjs_core::queue::{Bell, Message, Outcome, Queue, QueueOptions, Stored};
//! # #[cfg(feature = "sqlite")] {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let at = bkjs_core::queue::Site { db: None, folder: folder.path(), bell: Bell::default() };
//! let queue = Queue::open("", &QueueOptions::at("local://")?, &at)?;
//! let stored = queue.put(Message::new("hello")).await?;
//! assert!(matches!(stored, Stored::New(_)));
//!
//! // Whoever takes a message says what came of it. Until then, and until its time is over, nobody else has it.
//! for taken in queue.take(10, std::time::Duration::from_secs(1)).await? {
//!     assert_eq!((taken.body.as_str(), taken.attempt), ("hello", 1));
//!     queue.settle(vec![(taken, Outcome::Done(None))]).await;
//! }
//! # queue.close().await;
//! # }
//! # Ok::<(), bkjs_core::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! - **At least once.** A message that was put, and whose put was answered, is handed out until one of its takers
//!   has said what came of it, or its attempts are used up. It may be handed out twice: its handler must bear that.
//! - **A taker that dies, hangs or is cut off** loses the message when its time is over ([`QueueOptions::visibility`],
//!   from the take or the last [`Queue::extend`]), and another one gets it.
//! - **A failure** is tried again after a pause that doubles, with a random part, up to
//!   [`QueueOptions::longest_pause`]; after the last attempt the message is discarded, which keeps it with its error
//!   for operators.
//! - **Order** is that of priority where the product has one, then that of putting; a message that was tried before
//!   may come out of it, and takers that work side by side end in any order.
//!
//! What a product lacks it says in its [`driver::Capabilities`]; a caller that needs it is refused by name.

mod backoff;
mod bell;
mod capability;
pub mod driver;
pub mod drivers;
mod facade;
mod message;
mod options;
mod params;

pub use backoff::Backoff;
pub use bell::{Bell, Ring};
pub use facade::{MAX_BODY, Queue};
pub use message::{
    Cancelled, Counts, Delivery, Hold, Info, Message, Outcome, PRIORITIES, Receipt, State, Stored, Unique,
};
pub use options::QueueOptions;
pub use params::{QueueParams, Queues, Site};
