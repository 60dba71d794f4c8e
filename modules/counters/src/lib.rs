//! Counters: numbers of an account that change in real time, such as likes and unread messages.
//!
//! | endpoint | does |
//! |---|---|
//! | `/counter/get` | the caller's counters, or with `id` the public ones of others |
//! | `/counter/incr` | adds to counters of the caller, or with `id` to public ones of another |
//! | `/counter/put` | replaces the caller's counters; those that are not given become 0 |
//! | `/counter/update` | sets those counters of the caller that are given |
//!
//! Increments are atomic: the database adds, whoever else adds at the same time. The account that was changed is told
//! of every increment by an event, which is what `ping` is for.
//!
//! The columns `like0`, `like1` and so on count connections: the connections module adds to those of the type of a
//! connection that are [`autoincr`](bkjs_core::schema::Column::autoincr). An application adds counters by describing
//! a table of the same name with more counter columns.

mod handlers;
mod service;
mod tables;

pub use service::Counters;
pub use tables::{COUNTER_TABLE, bk_counter};

use bkjs_api::{Endpoint, Gives, Module, Setup};

/// The module `bk_counters`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountersModule;

impl Module for CountersModule {
    fn name(&self) -> &'static str {
        "bk_counters"
    }

    fn register(&self, setup: &mut Setup) {
        setup.owned_table(bk_counter());
        setup.endpoint(
            Endpoint::new("/counter/get", handlers::get)
                .does("The caller's counters, or with `id` the public ones of others.")
                .details(
                    "An object for one account, a list for several, an empty list when nothing was counted.",
                )
                .gives(Gives::record(COUNTER_TABLE).or(Gives::list(COUNTER_TABLE))),
        );
        setup.endpoint(
            Endpoint::new("/counter/incr", handlers::incr)
                .does("Adds to counters of the caller, or with `id` to public ones of another.")
                .takes_record(COUNTER_TABLE, &["id"])
                .gives(Gives::empty_list()),
        );
        setup.endpoint(
            Endpoint::new("/counter/put", handlers::put)
                .does("Replaces the caller's counters; those that are not given become 0.")
                .takes_record(COUNTER_TABLE, &["id"])
                .gives(Gives::empty_list()),
        );
        setup.endpoint(
            Endpoint::new("/counter/update", handlers::update)
                .does("Sets those counters of the caller that are given.")
                .takes_record(COUNTER_TABLE, &["id"])
                .gives(Gives::empty_list()),
        );
    }
}
