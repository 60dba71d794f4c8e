//! What drivers of products without a query language share: the meaning of writes, of orders and of pages,
//! computed in memory, and forms of records and keys for stores of bytes.
//!
//! | file | gives |
//! | --- | --- |
//! | `decide` | what a write does to the stored record, and what it answers |
//! | `apply` | changes made to a record |
//! | `order` | the order of records by columns |
//! | `page` | the rows of one page, out of rows in any order |
//! | `record` | which parts of a record are returned, its key, whether it has expired |
//! | `key_codec` | values as bytes whose order is that of the values |
//!
//! Conditions are [`Matcher`](super::evaluate::Matcher)'s. Everything here is pure: a driver adds reading,
//! writing, and whatever makes the two of them atomic.

// Each product uses a part of it.
#![cfg_attr(not(all(feature = "lmdb", feature = "redis")), allow(dead_code, unused_imports))]

mod apply;
mod decide;
mod key_codec;
mod order;
mod page;
mod record;

pub(crate) use apply::apply;
pub(crate) use decide::{Decider, Step};
pub(crate) use key_codec::{key_bytes, prefix_end, push_text_prefix, push_value};
pub(crate) use page::{Page, PageLimits};
pub(crate) use record::{is_live, key_values, project};

pub(crate) use super::row_codec::{decode_row, encode_row};
