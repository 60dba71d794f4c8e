//! The products, one folder each.

pub mod local;
