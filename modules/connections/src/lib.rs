//! Connections: typed links between accounts, such as likes, invitations and followers, seen from both sides.
//!
//! | endpoint | does |
//! |---|---|
//! | `/connection/add` | connects the caller with `peer` by `type`; 409 when that is so already |
//! | `/connection/put` | the same, or changes what is there |
//! | `/connection/update` | changes columns of a connection |
//! | `/connection/incr` | adds to counter columns of a connection |
//! | `/connection/get` | one connection of the caller |
//! | `/connection/select` | the caller's connections by condition |
//! | `/connection/del` | removes those of a `type`, a `peer`, both, or all |
//! | `/reference/get`, `/reference/select` | the same from the other side: who is connected with the caller |
//!
//! A connection is two records: in `bk_connection` with the caller's id, and in `bk_reference` with the id of the peer.
//! They are written in one transaction where the tables share a pool. Where they do not, the connection is written
//! first and removed last, so that the reference can be made again, and every repeated request does that.
//!
//! Counters of the table `bk_counter` that are [`autoincr`](bkjs_core::schema::Column::autoincr) follow: with each
//! connection of type `like`, `like0` of the one who made it and `like1` of the other, in the same transaction.

mod counters;
mod handlers;
mod records;
mod routes;
mod service;
mod tables;

pub use service::{Connections, Link};
pub use tables::{CONNECTION_TABLE, REFERENCE_TABLE, bk_connection, bk_reference};

use bkjs_api::{AccountEvent, Module, Setup};

/// The module `bk_connections`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionsModule;

impl Module for ConnectionsModule {
    fn name(&self) -> &'static str {
        "bk_connections"
    }

    fn register(&self, setup: &mut Setup) {
        setup.table(bk_connection());
        setup.table(bk_reference());
        routes::endpoints().into_iter().for_each(|endpoint| setup.endpoint(endpoint));
        // Both sides go with an account, not only the records that have its id.
        setup.account_hook(|api, event, row| {
            Box::pin(async move {
                if event == AccountEvent::Deleted && row.has("id") {
                    Connections::of(api).forget(row.text("id")).await?;
                }
                Ok(())
            })
        });
    }
}
