//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod add;
mod counts;
mod del;
mod read;
mod update;

use bkjs_api::Setup;
use bkjs_api::testing::{TestServer, book};
use bkjs_connections::ConnectionsModule;
use bkjs_core::schema::{Column, Table};

/// A server with a table of accounts and one of counters, as other modules keep them.
pub(crate) async fn start() -> TestServer {
    let mut setup = Setup::new();
    setup.module(&ConnectionsModule);
    setup.table(Table::new("bk_account").column(Column::text("id").primary()).column(Column::text("name")));
    let counters = ["like0", "like1", "odd0"].map(|name| Column::counter(name).autoincr());
    let table = Table::new("bk_counter").column(Column::text("id").primary());
    setup.table(counters.into_iter().fold(table, Table::column).column(Column::counter("plain0")));
    setup.table(Table::new("bk_connection").column(Column::counter("steps")));
    setup.table(Table::new("bk_reference").column(Column::counter("steps")));
    TestServer::start(setup, &[]).await
}

/// Accounts with a record in the table of accounts, too.
pub(crate) async fn people<const N: usize>(server: &TestServer, logins: [&str; N]) -> [String; N] {
    let ids = server.people(logins).await;
    for (login, id) in logins.iter().zip(&ids) {
        let row = bkjs_core::value::Row::new().with("id", id.as_str()).with("name", format!("The {login}"));
        server.api.db().add("bk_account", row, &bkjs_api::Options::new()).await.expect("an account");
    }
    ids
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start().await;
    people(&server, ["ann", "bob"]).await;
    book::check(&server, include_str!("../../../../docs/connections.md")).await;
}
