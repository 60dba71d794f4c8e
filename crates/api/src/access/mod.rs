//! Who may come in: lists of paths and addresses, types of accounts, rate limits.

mod account_types;
mod client;
mod lists;
mod paths;
pub mod rate;

pub use client::Client;
pub(crate) use lists::{Access, Entrance, ModulePaths};
pub use paths::PathList;
