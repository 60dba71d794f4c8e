//! From what callers give to what drivers take: records, keys and conditions are checked against the
//! table and given their types here, so that no driver decides anything about meaning.

mod change;
mod condition;
mod context;
mod convert;
mod exact;
mod fold;
mod generate;
mod given;
mod join;
mod key;
mod names;
mod order;
mod plan;
mod query;
mod record;
mod types;
mod validate;

pub(super) use change::{changes, key_of};
pub(super) use context::{Context, Purpose};
pub(super) use exact::{exact, exact_value};
pub(super) use fold::Checked;
pub(super) use generate::now_seconds;
pub(super) use given::collect;
pub(super) use key::{AnyKey, key, list_key};
pub(super) use names::split_operator;
pub(super) use order::{order, selected};
pub(super) use plan::Plan;
pub(super) use query::check as check_query;
pub(super) use record::{Stored, stored};
pub(super) use types::typed;
