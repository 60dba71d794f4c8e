//! What processes and hosts keep for one another: values for a time, counters, maps, locks and rate limits.
//!
//! ```text
//! Caches (all clients, by name)  ->  Cache (checks what is asked)  ->  a driver  ->  the product
//! ```
//!
//! | file | is |
//! | --- | --- |
//! | `facade`, `maps` | what applications call: [`Cache`] |
//! | `lock` | [`Lock`], which ends with its holder or its time |
//! | `limit` | token buckets: [`Rate`], and [`Limiter`], which counts by itself while the cache is away |
//! | `clients`, `params` | all clients of a process, as the parameters name them: [`Caches`] |
//! | `driver`, `capability` | the contract between the facade and a product |
//! | `drivers` | the products, one folder each, and the table of URL schemes |
//! | `patience` | how long anybody waits for a cache that only saves time |
//!
//! A cache forgets: what was put may be gone at the next read, because its time is over, because there was no room or
//! because the server was started again. Nobody relies on it being there. What must not be read once it is out of date
//! carries the proof that it is not, as the rows of [`db`](crate::db::SharedRows) do.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> bkjs_core::Result<()> {
//! use std::time::Duration;
//! use bkjs_core::cache::Cache;
//! let cache = Cache::in_memory();
//! cache.put("greeting", "hello", Duration::from_secs(60)).await?;
//! assert_eq!(cache.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//! assert_eq!(cache.incr("visits", 1, None).await?, 1);
//! # Ok(()) }
//! ```

mod capability;
mod clients;
pub mod driver;
pub mod drivers;
mod facade;
mod key;
mod limit;
mod lock;
mod maps;
mod number;
mod params;
mod patience;

pub use capability::{Capabilities, Held};
pub use clients::{Caches, DEFAULT, LOCAL};
pub use driver::{CacheDriver, Life, Stats};
pub use facade::Cache;
pub use key::{MAX_KEY, MAX_VALUE};
pub(crate) use key::{check as check_name, digest};
pub use limit::{Buckets, Limiter, Rate};
pub use lock::Lock;
pub use params::CacheParams;
pub(crate) use patience::Patience;
