//! What tables look like: [`Table`], [`Column`] and the [`Schema`] that merges those of all modules.
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
//! Tables of the same name merge, attribute by attribute, the later one winning: that is how an
//! application adds columns to `bk_account`.

mod column;
mod registry;
mod table;

pub use column::{Column, ColumnType, Convert, Defaults, Generate, Index, JoinRule};
pub use registry::{Schema, SchemaBuilder};
pub use table::Table;
