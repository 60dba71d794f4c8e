//! Subscribe: clients of an account wait for what happens to it.
//!
//! | endpoint | does |
//! |---|---|
//! | `/account/subscribe` | waits for events, and answers them as a list; as a stream with `Accept: text/event-stream` or over a WebSocket |
//!
//! Events are what [`Api::tell_account`](bkjs_api::Api::tell_account) says, in whichever process or host of the same
//! `ipc-pubsub`. Nothing is kept: who does not wait at that moment misses it.
//!
//! A waiting request costs a task and a subscription: it is none of the requests in progress
//! ([`Api::aside`](bkjs_api::Api::aside)), ends when its client goes away, and is answered at once when its process is
//! to end ([`Api::draining`](bkjs_api::Api::draining)).
//!
//! | file | holds |
//! |---|---|
//! | `filter.rs` | which events are asked for |
//! | `seats.rs` | how many wait for an account |
//! | `listener.rs` | one that waits, without HTTP |
//! | `handlers.rs`, `stream.rs` | a list once, a stream |

mod filter;
mod handlers;
mod listener;
mod params;
mod seats;
mod stream;

pub use listener::Subscriptions;
pub use params::SubscribeParams;

use bkjs_api::{Endpoint, Gives, Module, Setup};
use serde_json::Value;

/// The module `bk_subscribe`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubscribeModule;

impl Module for SubscribeModule {
    fn name(&self) -> &'static str {
        "bk_subscribe"
    }

    fn register(&self, setup: &mut Setup) {
        let params = setup.params::<SubscribeParams>();
        setup.share(Subscriptions::new(params));
        setup.endpoint(
            Endpoint::new("/account/subscribe", handlers::subscribe)
                .does("Waits for events of the caller, and answers them as a list.")
                .details("As a stream to who accepts `text/event-stream`.")
                .gives(Gives::value::<Vec<Value>>().or(Gives::file("text/event-stream"))),
        );
    }
}
