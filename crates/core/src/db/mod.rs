//! The database: one set of operations that mean the same on every driver.
//!
//! [`Db`] is what applications call. It finds the table and the pool, prepares records and conditions
//! (types, generated values, validation, joined columns), runs row hooks and hands a prepared request to
//! a [`driver::Driver`]. Drivers therefore never see an unknown column or an unchecked name, and a rule
//! that must hold on all of them is written once, here.
//!
//! ```no_run
//! # async fn example(db: bkjs_core::db::Db) -> bkjs_core::Result<()> {
//! use bkjs_core::db::{Options, Query};
//! use bkjs_core::value::Row;
//! db.add("todo", Row::new().with("name", "milk"), &Options::new()).await?;
//! let page = db.select::<Row>("todo", Query::new().eq("name", "milk"), &Options::new().count(10)).await?;
//! # Ok(()) }
//! ```

mod builder;
mod bulk;
mod cache;
pub mod driver;
pub mod drivers;
mod entry;
pub mod evaluate;
mod expiry;
mod facade;
mod key;
mod options;
mod pages;
mod params;
pub mod pattern;
mod prepare;
mod query;
mod read;
mod reply;
mod request;
// What SQL drivers share.
#[cfg(feature = "sqlite")]
mod sql;
mod token;
mod write;

pub use builder::{DbBuilder, RowFate};
pub use facade::Db;
pub use key::{IntoKey, Key};
pub use options::{Options, Returning, Sort};
pub use params::{DbParams, is_new, open};
pub use query::{Condition, Group, GroupKind, IntoQuery, Op, Query};
pub use reply::{Action, Operation, Outcome, Page, Written};
