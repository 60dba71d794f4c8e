//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs)]

mod add;
mod auth;
mod bench;
mod commands;
mod del;
mod docs;
mod faulty;
mod fits;
mod get;
mod hooks;
mod login;
mod secret;
mod select;
mod sessions;
mod update;
