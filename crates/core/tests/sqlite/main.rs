//! The SQLite driver on its own: what the facade's contract suite cannot see, such as other processes,
//! the death of one, and the shape of the file.
#![cfg(feature = "sqlite")]
// Outside of test functions too, a test that cannot go on panics.
#![allow(clippy::expect_used)]

mod conditions;
#[path = "../shared/killed.rs"]
mod killed;
mod paging;
mod processes;
mod schema;
mod support;
mod writes;
