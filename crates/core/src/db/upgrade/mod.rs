//! In what a store and the descriptions of its tables differ.
//!
//! Every driver tells what it holds of a table, and [`differences`] compares that with the description: the same list
//! is shown by who only looks and carried out by who upgrades, so that the two cannot part. A change adds something
//! and takes nothing away. What would take away or rewrite what is stored is a problem, told and left to people.

mod difference;
// Without a driver nobody compares.
#[cfg_attr(not(any(feature = "sqlite", feature = "pooled", feature = "plain")), allow(dead_code))]
mod plan;
#[cfg(feature = "plain")]
mod types;

pub use difference::{Difference, Differs, Gravity, StoredColumn};
#[cfg(any(feature = "sqlite", feature = "pooled"))]
pub(crate) use plan::DROP_INDEX;
#[cfg(feature = "plain")]
pub(crate) use plan::MAKE_ANEW;
#[cfg(any(feature = "sqlite", feature = "pooled", feature = "plain"))]
pub(crate) use plan::{Fit, HeldColumn, Rules, Stored, StoredIndex, differences};
#[cfg(feature = "plain")]
pub(crate) use types::{is_alike, kind_name};
