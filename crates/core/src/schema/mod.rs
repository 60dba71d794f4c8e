//! What tables look like: [`struct@Table`], [`Column`] and the [`Schema`] that merges those of all modules.
//!
//! A table is written once, by builder or with `#[derive(Table)]`, and means the same on every driver:
//!
//! ```
//! use bkjs_core::schema::{Column, Table};
//! let todo = Table::new("todo")
//!     .column(Column::uuid("id").primary())
//!     .column(Column::text("name").public().not_empty())
//!     .column(Column::int("priority").index())
//!     .column(Column::now("mtime"));
//! assert_eq!(todo.keys().count(), 1);
//! ```
//!
//! The same from a type of the application's own:
//!
//! ```
//! use bkjs_core::schema::Table;
//! use bkjs_core::value::Typed as _;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Table, Serialize, Deserialize)]
//! #[table(name = "todo")]
//! struct Todo {
//!     #[column(primary, uuid)]
//!     id: String,
//!     #[column(public, not_empty, max = 64)]
//!     name: String,
//!     #[column(index)]
//!     priority: Option<i64>,
//!     tags: Vec<String>,
//!     #[column(now)]
//!     mtime: Option<i64>,
//! }
//! assert_eq!(Todo::table().columns().len(), 5);
//! ```
//!
//! Tables of the same name merge, attribute by attribute, the later one winning: that is how an
//! application adds columns to `bk_account`.

mod column;
mod registry;
mod table;

/// Describes a struct as a table; see [the macro](bkjs_macros::Table) for the attributes.
pub use bkjs_macros::Table;
pub use column::{Column, ColumnType, Convert, Defaults, Generate, Index, JoinRule};
pub use registry::{Schema, SchemaBuilder};
pub use table::Table;
