//! The part of bkjs that knows neither HTTP nor processes: configuration, data and authentication.
//!
//! Read [`value`] and [`schema`] for what a record is, [`db`] for what can be done with it,
//! [`config`] for how every part is told what to do, and [`auth`] for who may ask.

pub mod auth;
pub mod cache;
pub mod config;
pub mod connect;
pub mod control;
pub mod db;
pub mod error;
pub mod jobs;
pub mod log;
pub mod metrics;
pub mod offload;
pub mod pubsub;
pub mod queue;
pub mod schema;
pub mod storage;
pub mod suggest;
pub mod task;
pub mod value;

pub use error::{Error, ErrorKind, Result};

// The derive macros name this crate by its full path, also from inside it.
#[allow(unused_extern_crates)]
extern crate self as bkjs_core;
