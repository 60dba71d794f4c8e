//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, missing_docs)]

mod access;
mod operations;
mod tables;

use bkjs_api::Setup;
use bkjs_api::testing::{SECRET, TestServer, book};
use bkjs_core::schema::{Column, Table};
use bkjs_data::DataModule;

/// A server with a table of each kind of column and an administrator `root`.
pub(crate) async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&DataModule);
    setup.table(
        Table::new("city")
            .column(Column::text("id").primary().public())
            .column(Column::text("name").public().max(32).index())
            .column(Column::text("mayor"))
            .column(Column::text("code").secure())
            .column(Column::text("rank").admin())
            .column(Column::counter("visits").public()),
    );
    setup.table(
        Table::new("street")
            .column(Column::text("city").primary().public())
            .column(Column::text("name").primary().public())
            .column(Column::int("houses").public()),
    );
    let server = TestServer::start(setup, params).await;
    server.add_auth("root", SECRET, &[("type", "admin")]).await;
    server.people(["ann"]).await;
    server
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    book::check(&server, include_str!("../../../../docs/data.md")).await;
}
