//! WebSockets: each message is a request, and takes the same path as any other.
//!
//! The upgrade is a request of its own through [`HttpService::handle`](crate::HttpService::handle): limits, denial and
//! hooks count for its path, and credentials that it carries have to be right. What it says about the client (cookie,
//! token, host, forwarding, language) is kept as headers, and every message becomes a request with those headers that
//! goes through `handle` again. So there is no second way to an endpoint: access, limits, hooks and the removal of
//! columns are those of HTTP, and a login that has ended counts no longer for the next message.
//!
//! | file | holds |
//! |---|---|
//! | `upgrade.rs` | from a request to an open connection |
//! | `message.rs` | from a message to a request, from a reply to a message |
//! | `push.rs` | what a handler sends after its reply |
//! | `line.rs` | which requests of a connection run, and which wait |
//! | `connection.rs` | the life of a connection |

mod connection;
mod line;
mod message;
mod params;
mod push;
mod upgrade;

pub(crate) use message::OverSocket;
pub use params::SocketParams;
pub use push::{Push, Pushed};
pub(crate) use upgrade::{Handshake, Opened};
