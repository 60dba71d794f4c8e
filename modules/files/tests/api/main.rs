//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod put;
mod serve;

use bkjs_api::Setup;
use bkjs_api::testing::{Answer, TestServer, book};
use bkjs_files::FilesModule;

pub(crate) async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&FilesModule);
    let server = TestServer::start(setup, params).await;
    server.people(["ann", "bob", "cal"]).await;
    server
}

/// Stores a text as one of ann's files; `more` is more of the query.
pub(crate) async fn put(server: &TestServer, name: &str, text: &str, more: &str) -> Answer {
    let uri = format!("/file/put?prefix=p&name={name}&data={text}&_encoding=utf8{more}");
    server.ask("ann", &uri).await
}

/// How many objects are stored.
pub(crate) fn objects(server: &TestServer) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    count(&server.home.path().join("files"))
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    book::check(&server, include_str!("../../../../docs/files.md")).await;
}
