use std::sync::Arc;

use super::Location;
use crate::db::driver::{Capabilities, Driver};
use crate::{ErrorKind, Result};

pub(super) type Open = fn(Location<'_>) -> Result<Arc<dyn Driver>>;

/// A product that this build has a driver for, and what is known of it before a pool is opened.
#[derive(Debug)]
pub struct Product {
    /// Its name, as in `db-sqlite-pool`.
    pub name: &'static str,
    /// The schemes of its URLs.
    pub schemes: &'static [&'static str],
    /// What every driver of it can do.
    pub capabilities: Capabilities,
    /// What it refuses beside what its capabilities say.
    pub refusals: &'static [Refusal],
    pub(super) open: Open,
}

/// Something that one product cannot hold or do, and others can.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// What is refused.
    pub what: &'static str,
    /// The kind of the error.
    pub kind: ErrorKind,
}

/// A refusal.
pub(super) const fn refused(kind: ErrorKind, what: &'static str) -> Refusal {
    Refusal { what, kind }
}
