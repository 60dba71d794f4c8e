//! The LMDB driver on its own: what the facade's contract suite cannot see, such as the death of other
//! processes, a file that outgrows its address space, and orders that come out of indexes.
#![cfg(feature = "lmdb")]
// Outside of test functions too, a test that cannot go on panics.
#![allow(clippy::expect_used)]

#[path = "../shared/killed.rs"]
mod killed;
mod limits;
mod orders;
mod processes;
mod support;
