//! What only the PostgreSQL driver has to do: a server that comes and goes, tables of others, limits.
//!
//! Needs `BKJS_TEST_POSTGRES_URL`, as `cargo xtask test` sets it; without it only what needs no server runs.
#![allow(clippy::expect_used, clippy::panic)] // tests

mod away;
mod server;
mod tables;
mod writes;
