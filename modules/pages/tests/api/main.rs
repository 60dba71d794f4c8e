//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod files;
mod read;
mod show;
mod write;

use bkjs_api::Setup;
use bkjs_api::testing::{SECRET, TestServer, book};
use bkjs_pages::PagesModule;

/// Opens reading, as the book says.
pub(crate) const PUBLIC: [&str; 2] = ["-api-allow-path", "^/pages/(get|select|show)"];

pub(crate) async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&PagesModule);
    let server = TestServer::start(setup, params).await;
    server.add_auth("root", SECRET, &[("type", "admin")]).await;
    server.people(["ann", "bob"]).await;
    server
}

/// Stores a page as an administrator.
pub(crate) async fn write(server: &TestServer, json: serde_json::Value) {
    server.post("/pages/put").sign("root", SECRET).json(&json).send().await.done();
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&PUBLIC).await;
    book::check(&server, include_str!("../../../../docs/pages.md")).await;
}
