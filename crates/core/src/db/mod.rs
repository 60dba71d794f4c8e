//! The database: one set of operations that mean the same on every driver.
//!
//! [`Db`] is what applications call. It finds the table and the pool, prepares records and conditions
//! (types, generated values, validation, joined columns), runs row hooks and hands a prepared request to
//! a [`driver::Driver`]. Drivers therefore never see an unknown column or an unchecked name, and a rule
//! that must hold on all of them is written once, here.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! use std::sync::Arc;
//! use bkjs_core::db::{Db, Op, Options, Query, drivers::none::NoneDriver};
//! use bkjs_core::schema::{Column, SchemaBuilder, Table};
//! use bkjs_core::value::Row;
//!
//! let mut schema = SchemaBuilder::new();
//! schema.add(
//!     Table::new("todo")
//!         .column(Column::uuid("id").primary())
//!         .column(Column::text("name").not_empty())
//!         .column(Column::int("priority").index()),
//! );
//! let db = Db::builder(Arc::new(schema.build())).pool("none", Arc::new(NoneDriver::new())).build()?;
//! db.create_tables().await?;
//!
//! // The record as it was stored, with the id that was generated.
//! let prepared = Options { prepared: true, ..Options::new() };
//! let milk = db.add("todo", Row::new().with("name", "milk"), &prepared).await?;
//! assert_eq!(milk.prepared.as_ref().map(|row| row.text("id").len()), Some(32));
//!
//! // A page by condition; a map may carry operators in its names, as in `priority_$gt`.
//! let urgent = Query::new().op("priority", Op::Gt, 1);
//! let page = db.select::<Row>("todo", urgent, &Options::new().sort("!priority").count(10)).await?;
//! assert_eq!(page.next_token, None);
//!
//! // A change that happens only if the stored record is as expected.
//! let done = Options::new().only_if(Query::new().eq("priority", 2));
//! db.update("todo", Row::new().with("id", milk.prepared.map(|r| r.text("id").to_owned())).with("priority", 0), &done).await?;
//! # Ok::<(), bkjs_core::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is atomic
//!
//! | Operation | Atomic |
//! |---|---|
//! | [`get`](Db::get), [`get_cached`](Db::get_cached) | one record, as it was at one moment |
//! | [`list`](Db::list) | each record; the list is read in chunks of 500 keys |
//! | [`select`](Db::select) | a page on SQL products and LMDB, else each record; pages are read at different moments |
//! | [`scan`](Db::scan), [`batches`](Db::batches) | a batch, as a page |
//! | [`add`](Db::add), [`put`](Db::put), [`update`](Db::update), [`incr`](Db::incr), [`replace`](Db::replace), [`del`](Db::del) | the whole: the look at the stored record, its condition and the change |
//! | [`update_all`](Db::update_all), [`del_all`](Db::del_all) | the whole on SQL products and LMDB; on others many records at a time |
//! | [`batch`](Db::batch) | each operation on its own |
//! | [`transact`](Db::transact) | all operations together |
//! | [`apply`](Db::apply) | all operations together where their tables are in one pool, else one after the other |
//! | [`query`](Db::query) | what the product says of the statement |
//! | [`plan_tables`](Db::plan_tables) | nothing: it reads step by step |
//! | [`create_tables`](Db::create_tables) | each step; all are safe to repeat |
//!
//! What is atomic and what it costs on each product is in the page `docs/databases.md` of the book.
//!
//! A write that was answered is stored: the death of this process does not undo it. A call whose future is
//! dropped before it answers may have written or not, but nothing in between of what is atomic.
//!
//! In a table whose records expire, on a driver that does not see to that itself, an expired record is
//! removed right before the write that would find it in its place: that removal is a step of its own, and
//! nobody can tell, since expired records are as if absent.

mod builder;
mod bulk;
mod cache;
mod capability;
pub mod driver;
pub mod drivers;
mod entry;
pub mod evaluate;
mod expiry;
mod facade;
// Also the stored text of what products have no type for.
#[cfg_attr(not(any(feature = "sqlite", feature = "pooled", feature = "dynamodb")), allow(dead_code))]
mod json;
mod kept;
mod key;
// Without a driver nobody asks.
#[cfg_attr(not(any(feature = "sqlite", feature = "pooled", feature = "plain")), allow(dead_code))]
mod layout;
mod lines;
mod options;
mod pages;
mod params;
pub mod pattern;
// What drivers of products without a query language share.
#[cfg(feature = "plain")]
mod plain;
mod prepare;
mod query;
mod read;
// Without a driver nobody is refused.
#[cfg_attr(not(any(feature = "sqlite", feature = "pooled", feature = "plain")), allow(dead_code))]
mod refusal;
mod reply;
mod request;
mod row_codec;
mod scan;
// What SQL drivers share.
#[cfg(any(feature = "sqlite", feature = "pooled"))]
mod sql;
mod token;
mod upgrade;
mod write;

pub use builder::{DbBuilder, RowFate};
pub use cache::{CacheBounds, CacheStats, Found, Lease, Scope, SharedRows, Stamps};
pub use facade::Db;
pub use key::{IntoKey, Key};
pub use lines::{BadLine, LineReader, line_of};
pub use options::{Options, Returning, Sort};
pub use params::{DbParams, is_new, keeps_tables, open, open_to_look};
pub(crate) use params::{is_missing, open_pool};
pub use query::{Condition, Group, GroupKind, IntoQuery, Op, Query};
pub use reply::{Action, Operation, Outcome, Page, Written};
pub use scan::Batches;
pub use upgrade::{Difference, Differs, Gravity, StoredColumn};
