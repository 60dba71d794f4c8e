//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod change;
mod events;
mod read;

use bkjs_api::Setup;
use bkjs_api::testing::{TestServer, book};
use bkjs_core::schema::{Column, Table};
use bkjs_counters::CountersModule;

pub(crate) async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&CountersModule);
    // As an application adds counters of its own.
    setup.table(
        Table::new("bk_counter")
            .column(Column::counter("score").public())
            .column(Column::text("motto").public()),
    );
    TestServer::start(setup, params).await
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    server.people(["ann", "bob"]).await;
    book::check(&server, include_str!("../../../../docs/counters.md")).await;
}
