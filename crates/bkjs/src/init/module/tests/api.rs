//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

use bkjs_api::Setup;
use bkjs_api::testing::TestServer;
use sample::SampleModule;
use serde_json::json;

async fn start() -> TestServer {
    let mut setup = Setup::new();
    setup.module(&SampleModule);
    let server = TestServer::start(setup, &[]).await;
    server.people(["ann", "bob"]).await;
    server
}

#[tokio::test]
async fn records_are_stored_found_and_removed() {
    let server = start().await;
    let noted = server.ask("ann", "/sample/add?name=milk&text=two+litres").await.done();
    assert_eq!((&noted["name"], &noted["text"]), (&json!("milk"), &json!("two litres")));
    assert_eq!(server.ask("ann", "/sample/get?name=milk").await.done()["text"], "two litres");
    assert_eq!(server.ask("ann", "/sample/select").await.done()["count"], 1);
    server.ask("ann", "/sample/del?name=milk").await.done();
    server.ask("ann", "/sample/get?name=milk").await.refused(404, "milk");
}

#[tokio::test]
async fn records_are_their_owners_alone() {
    let server = start().await;
    server.ask("ann", "/sample/add?name=diary&text=secret").await.done();
    server.ask("bob", "/sample/get?name=diary").await.refused(404, "diary");
    assert_eq!(server.ask("bob", "/sample/select?text=secret").await.done()["count"], 0);
    server.ask("bob", "/sample/del?name=diary").await.done();
    assert_eq!(server.ask("ann", "/sample/get?name=diary").await.done()["text"], "secret");
    for path in ["add?name=a", "get?name=a", "select", "del?name=a"] {
        server.get(&format!("/sample/{path}")).send().await.refused(417, "login");
    }
}

#[tokio::test]
async fn bad_input_is_named() {
    let server = start().await;
    server.ask("ann", "/sample/add?text=x").await.refused(400, "name");
    server.ask("ann", "/sample/get").await.refused(400, "name");
}
