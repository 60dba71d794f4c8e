//! What processes keep for one another: bytes under a name, for a time.
//!
//! A cache forgets: what was put may be gone at the next read, and nobody relies on it being there. What must
//! not be read once it is out of date carries the proof that it is not, as the rows of
//! [`db`](crate::db::SharedRows) do.

mod driver;
mod local;

pub use driver::CacheDriver;
pub use local::LocalCache;
