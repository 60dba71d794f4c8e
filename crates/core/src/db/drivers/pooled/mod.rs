//! What the drivers of servers that sqlx speaks to share: everything but how a product opens a connection, spells a
//! statement, sends and reads a value, and numbers its errors.
//!
//! | file | gives |
//! | --- | --- |
//! | `options` | limits of a pool, and the URL they may stand in |
//! | `pool` | connections, lent to one caller after the other |
//! | `session` | a connection, and what a product has to say of it: [`Session`] |
//! | `health` | what is known of a connection |
//! | `wire` | the bounds of sqlx, said once |
//! | `read`, `transaction`, `raw` | requests, on a session |
//! | `error` | the errors of sqlx and of the server |
//! | `driver` | the [`Driver`](crate::db::driver::Driver) that all of this makes |
//!
//! sqlx's own pool asks the server once before and once after each statement; the one here asks it nothing.

mod driver;
mod error;
mod health;
mod options;
mod pool;
mod raw;
mod read;
mod session;
mod transaction;
mod wire;

pub use options::PoolLimits;

pub(super) use driver::ServerDriver;
#[cfg(feature = "mysql")]
pub(super) use error::native;
pub(super) use error::{Failure, damaged, encoded};
pub(super) use health::{Fate, Health};
pub(super) use options::{Urls, config};
pub(super) use pool::Pool;
pub(super) use read::one;
pub(super) use session::{Answer, Line, Session};
pub(super) use wire::Counts;
