//! From what callers give to what drivers take: records, keys and conditions are checked against the
//! table and given their types here, so that no driver decides anything about meaning.

mod plan;

pub(super) use plan::Plan;
