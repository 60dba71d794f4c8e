//! The HTTP layer of bkjs.
//!
//! A module hands its routes to [`Setup`]; [`Setup::build`] gives the [`HttpService`]; [`serve`] runs it on
//! sockets. Every request takes one path, the same for every route, so that no handler decides access,
//! removes columns or formats an error by itself:
//!
//! limits, request id, preflight, address, rates, denial ([`access`]) → body and [`params`] → access
//! [`hooks`], authentication, authorization ([`auth`]) → pre-process hooks → handler ([`extract`]) →
//! post-process hooks → removal of columns, reply ([`reply`]) → headers, log, observers.
//!
//! The path is one function, [`HttpService::handle`], and no stack of tower layers: each layer would cost
//! a boxed future and hide the order, which is what matters most here.

pub mod access;
mod agent;
pub mod auth;
mod body;
mod command;
mod condition;
mod conditional;
mod config;
mod context;
mod cors;
mod events;
pub mod extract;
mod gather;
mod head;
mod headers;
pub mod hooks;
mod job;
mod locale;
mod meters;
mod module;
mod objects;
mod observe;
pub mod openapi;
mod owned;
pub mod params;
mod ping;
pub mod reply;
mod request_id;
mod routing;
mod server;
mod service;
mod settings;
mod setup;
mod shown;
mod socket;
mod state;
pub mod statics;
mod stored;
#[cfg(feature = "testing")]
pub mod testing;
mod upload;

pub use access::{Client, PathList};
pub use agent::Agent;
pub use auth::{AUTH_TABLE, Account, Cookie, Proof, auth_table};
pub use bkjs_core::db::Options;
pub use command::{Args, Command, CommandContext};
pub use config::ApiParams;
pub use context::{Context, now_ms};
pub use events::account_channel;
pub use extract::{Ids, Params, Shared};
pub use hooks::{AccountEvent, HookCall, ReplyCall, Verdict};
pub use job::JobContext;
pub use locale::Locales;
pub use module::Module;
pub use objects::Objects;
pub use observe::{Answered, Observer, clean_uri};
pub use openapi::{Control, Endpoint, Gives};
pub use owned::ACCOUNT_TABLE;
pub use params::RequestParams;
pub use reply::{ApiError, Reply, Result};
pub use server::{Listener, Offers, ServeOptions, Tls, TlsParams, serve};
pub use service::{HttpService, Peer};
pub use setup::{Draft, Setup};
pub use shown::{Shown, owner_of};
pub use socket::{Push, Pushed, SocketParams};
pub use state::{Api, ApiOptions};
pub use stored::{Copies, ServeAs, serve_object};
