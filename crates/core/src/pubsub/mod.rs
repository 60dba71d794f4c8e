//! Publish and subscribe: what one process says reaches all that listen at that time.
//!
//! ```text
//! Pubsubs (all clients, by name)  ->  Pubsub (checks what is asked, keeps subscribers)  ->  a driver  ->  the product
//! ```
//!
//! | file | is |
//! | --- | --- |
//! | `facade` | what applications call: [`Pubsub`] |
//! | `subscription`, `inbox` | [`Subscription`], and what waits in it to be read |
//! | `keeper` | the one task of a client that listens: connects again, subscribes again, tells what may be missing |
//! | `clients`, `params` | all clients of a process, as the parameters name them: [`Pubsubs`] |
//! | `driver`, `capability` | the contract between the facade and a product |
//! | `drivers` | the products, one folder each, and the table of URL schemes |
//!
//! # Guarantees
//!
//! - **At most once.** Who is subscribed when a message is published gets it once or not at all; who is not never does.
//! - **Order.** Messages that a publisher sends to a channel one after the other, each after the last was answered,
//!   arrive in that order.
//! - **A subscription outlives the connection.** It is made again, and its reader is told with [`Received::Missed`] that
//!   messages may be missing: whoever keeps a copy of something reads it anew then.
//! - **Bounded.** A reader that does not keep up is dropped: [`Subscription::recv`] fails and says so.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> bkjs_core::Result<()> {
//! use bkjs_core::pubsub::{Pubsub, Received};
//! let pubsub = Pubsub::in_memory();
//! let mut news = pubsub.subscribe("news").await?;
//! pubsub.publish("news", "rain").await?;
//! let Received::Message(message) = news.recv().await? else { panic!("nothing is missing") };
//! assert_eq!(&message.body[..], b"rain");
//! # Ok(()) }
//! ```

mod capability;
mod clients;
pub mod driver;
pub mod drivers;
mod facade;
mod inbox;
mod keeper;
mod params;
mod subscription;

pub use capability::{Capabilities, Reach};
pub use clients::Pubsubs;
pub use driver::{Heard, Listener, PubsubDriver};
pub use facade::{Limits, MAX_CHANNEL, MAX_MESSAGE, Pubsub};
pub use params::PubsubParams;
pub use subscription::{Message, Received, Subscription};
