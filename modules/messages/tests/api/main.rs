//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod images;
mod moves;
mod own;
mod read;
mod send;

use bkjs_api::testing::{TestServer, book};
use bkjs_api::{ACCOUNT_TABLE, Options, Setup};
use bkjs_core::schema::{Column, Table};
use bkjs_core::value::Row;
use bkjs_messages::MessagesModule;
use serde_json::Value;

pub(crate) async fn start() -> TestServer {
    let mut setup = Setup::new();
    // In short, as the module of accounts declares it.
    setup.table(Table::new(ACCOUNT_TABLE).column(Column::text("id").primary().public()));
    setup.module(&MessagesModule);
    TestServer::start(setup, &[]).await
}

/// Makes logins with profiles, and gives their ids.
pub(crate) async fn people<const N: usize>(server: &TestServer, logins: [&str; N]) -> [String; N] {
    for login in logins {
        server.add_auth(login, bkjs_api::testing::SECRET, &[("name", login)]).await;
        let profile = Row::new().with("id", TestServer::id_of(login));
        server.api.db().put(ACCOUNT_TABLE, profile, &Options::new()).await.expect("a profile");
    }
    logins.map(TestServer::id_of)
}

/// Sends a text, and gives its time.
pub(crate) async fn send(server: &TestServer, from: &str, to: &str, text: &str) -> i64 {
    let sent =
        server.ask(from, &format!("/message/add?id={}&msg={text}", TestServer::id_of(to))).await.done();
    sent[0]["mtime"].as_i64().unwrap_or_else(|| panic!("not sent: {sent}"))
}

/// The records of a page.
pub(crate) async fn rows(server: &TestServer, login: &str, uri: &str) -> Vec<Value> {
    let page = server.ask(login, uri).await.done();
    page["data"].as_array().unwrap_or_else(|| panic!("no page: {page}")).clone()
}

/// The texts of a page.
pub(crate) async fn texts(server: &TestServer, login: &str, uri: &str) -> Vec<String> {
    let text = |row: &Value| row["msg"].as_str().expect("a text").to_owned();
    rows(server, login, uri).await.iter().map(text).collect()
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start().await;
    people(&server, ["ann", "bob", "cal"]).await;
    book::check(&server, include_str!("../../../../docs/messages.md")).await;
}
