//! What SQLite can do, and what it refuses beside that.

use crate::ErrorKind;
use crate::db::driver::Capabilities;
use crate::db::drivers::product::{Refusal, refused};

/// What it can do.
pub(in crate::db::drivers) const CAPABILITIES: Capabilities =
    Capabilities { custom_columns: false, ..Capabilities::ALL };

/// What it refuses.
pub(in crate::db::drivers) const REFUSALS: &[Refusal] = &[refused(
    ErrorKind::Invalid,
    "in `query`: transactions, pragmas that change something, attached files, several statements at once",
)];
