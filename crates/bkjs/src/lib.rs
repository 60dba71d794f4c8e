//! A batteries-included, multi-process backend framework.
//!
//! An application is a binary that builds an [`App`] and runs it. It gets the command line of `bkjs`
//! (`run`, `shell`, `help` and every parameter), its processes, accounts, signed requests and a database:
//!
//! ```no_run
//! use bkjs::prelude::*;
//!
//! fn main() -> ExitCode {
//!     App::new("hello").routes(Router::new().route("/hello", any(async || "hello"))).run()
//! }
//! ```
//!
//! The parts, for what the [`prelude`] does not name: [`core`] (configuration, data, authentication),
//! [`api`] (HTTP), [`runtime`] (processes).

mod answer;
mod app;
mod assets;
mod bell;
mod book;
mod boot;
mod cache;
mod command;
mod control;
mod databases;
mod db;
mod help;
mod init;
mod jobs;
mod locale;
mod metrics;
mod modules;
mod pubsub;
mod replay;
mod service;
mod shell;
mod sources;

pub use app::App;
pub use bkjs_api as api;
pub use bkjs_core as core;
pub use bkjs_runtime as runtime;

/// The modules of this build.
pub mod module {
    #[cfg(feature = "accounts")]
    pub use bkjs_accounts as accounts;
    #[cfg(feature = "connections")]
    pub use bkjs_connections as connections;
    #[cfg(feature = "counters")]
    pub use bkjs_counters as counters;
    #[cfg(feature = "data")]
    pub use bkjs_data as data;
    #[cfg(feature = "files")]
    pub use bkjs_files as files;
    #[cfg(feature = "icons")]
    pub use bkjs_icons as icons;
    #[cfg(feature = "locations")]
    pub use bkjs_locations as locations;
    #[cfg(feature = "messages")]
    pub use bkjs_messages as messages;
    #[cfg(feature = "pages")]
    pub use bkjs_pages as pages;
    #[cfg(feature = "subscribe")]
    pub use bkjs_subscribe as subscribe;
    #[cfg(feature = "system")]
    pub use bkjs_system as system;
}

/// What most applications use.
pub mod prelude {
    pub use std::process::ExitCode;
    pub use std::sync::Arc;

    pub use axum::Router;
    pub use axum::extract::State;
    pub use axum::routing::any;
    pub use bkjs_api::{
        Account, Api, Context, Control, Endpoint, Gives, Ids, JobContext, Module, Options, Params, Reply,
        Result, Setup,
    };
    pub use bkjs_core::cache::Cache;
    pub use bkjs_core::db::{Db, Op, Query};
    pub use bkjs_core::jobs::Job;
    pub use bkjs_core::schema::{Column, Table};
    pub use bkjs_core::value::{Row, Typed, Value};
    pub use bkjs_core::{Error, ErrorKind};
    pub use serde::{Deserialize, Serialize};

    pub use crate::App;
}
