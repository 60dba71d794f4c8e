//! What the SQL drivers share: the building of statements from checked requests.
//!
//! A statement is text and bound values ([`Sql`]); no value and no name that was not quoted ever becomes
//! part of the text. What every product spells the same (comparisons, groups, keyset conditions, the
//! order) is written here once; what differs (quoting, placeholders, patterns, elements of JSON lists,
//! atomic changes) goes through [`Dialect`]. [`statement`] has the reads and the pieces of
//! writes; [`upsert`] puts these together for products with `ON CONFLICT` and `RETURNING`, and a product without
//! them has its own `statement.rs`.
//!
//! Meaning, the same on every product: comparisons never match null, groups are two-valued, null is the
//! least value of an order, text orders by its bytes.

mod builder;
mod cause;
mod change;
mod condition;
mod dialect;
mod explain;
mod operand;
mod order;
mod prefix;
#[cfg(feature = "pooled")]
mod regexp;
mod select;
pub(crate) mod statement;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod upsert;

pub(crate) use super::json::{from_json_text, to_json_text};
pub(crate) use builder::{Bind, Sql};
pub(crate) use cause::Cause;
pub(crate) use change::write_changes;
#[cfg(feature = "sqlite")]
pub(crate) use condition::write_value_list;
pub(crate) use condition::{kind_of, write_key, write_query};
pub(crate) use dialect::{Dialect, ListChange, Matching};
pub(crate) use explain::explain;
#[cfg(feature = "pooled")]
pub(crate) use explain::name_table;
pub(crate) use operand::Operand;
pub(crate) use order::{write_after, write_order};
pub(crate) use prefix::{like_prefix, write_begins_with};
#[cfg(feature = "pooled")]
pub(crate) use regexp::{Letters, write_matching};
pub(crate) use select::{write_columns, write_count, write_live, write_select, write_where};
