//! The module from outside: real requests to a server on a temporary database.

// A scenario that cannot get its server or its answer has failed.
#![allow(clippy::expect_used, clippy::panic, missing_docs)]

mod health;
mod metrics;
mod stats;

use bkjs_api::Setup;
use bkjs_api::testing::{SECRET, TestServer, book};
use bkjs_core::pubsub::Received;
use bkjs_system::SystemModule;
use serde_json::json;

async fn start(params: &[&str]) -> TestServer {
    let mut setup = Setup::new();
    setup.module(&SystemModule);
    let server = TestServer::start(setup, params).await;
    server.add_auth("root", SECRET, &[("type", "admin")]).await;
    server.people(["ann"]).await;
    server
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    book::check(&server, include_str!("../../../../docs/system.md")).await;
    book::check(&server, include_str!("../../../../docs/metrics.md")).await;
}

#[tokio::test]
async fn only_administrators_reach_it() {
    let server = start(&[]).await;
    for path in [
        "restart",
        "config/init",
        "params/get",
        "params/info",
        "cache/get?name=a",
        "cache/keys",
        "cache/clear",
        "jobs/send?job=x",
        "jobs/submit?job=x",
        "queue/publish?name=a&value=b",
    ] {
        server.get(&format!("/system/{path}")).send().await.refused(417, "login");
        server.ask("ann", &format!("/system/{path}")).await.refused(401, "restricted");
    }
}

#[tokio::test]
async fn parameters_are_shown_and_secrets_masked() {
    let secrets = ["-api-session-secret", "S1hidden", "-api-access-token-secret", "S2hidden"];
    let server = start(&[&secrets[..], &["-api-cors-origin", "https://a.com"]].concat()).await;
    for path in ["/system/params/get", "/system/params/info"] {
        let answer = server.ask("root", path).await;
        answer.done();
        assert!(!answer.text().contains("hidden"), "{path}: {}", answer.text());
    }
    let set = server.ask("root", "/system/params/get").await.done();
    assert_eq!(set["api-cors-origin"], "https://a.com");
    assert!(set["api-session-secret"].is_string(), "{set}");
    let info = server.ask("root", "/system/params/info").await.done();
    let limit = info.as_array().into_iter().flatten().find(|param| param["name"] == "api-upload-limit");
    assert_eq!(limit.map(|param| &param["default"]), Some(&json!("10m")));
}

#[tokio::test]
async fn the_cache_keeps_what_is_put() {
    let server = start(&[]).await;
    let ask = async |path: &str| server.ask("root", &format!("/system/cache/{path}")).await.done();
    assert_eq!(ask("get?name=a").await, json!({}));
    ask("put?name=a&value=1").await;
    ask("set?name=b&value=two&ttl=60000").await;
    assert_eq!(ask("get?name=a").await, json!({"data": "1"}));
    assert_eq!(ask("incr?name=a&value=5").await, json!({"data": 6}));
    assert_eq!(ask("incr?name=c").await, json!({"data": 1}));
    assert_eq!(ask("keys").await, json!({"data": ["a", "b", "c"]}));
    ask("del?name=a").await;
    assert_eq!(ask("keys?name=b").await, json!({"data": ["b"]}));
    let stats = ask("stats").await;
    assert_eq!(stats["name"].as_str().map(str::is_empty), Some(false), "{stats}");
    assert_eq!(ask("clear").await, json!({"data": 2}));
    assert_eq!(ask("keys").await, json!({"data": []}));
}

#[tokio::test]
async fn what_is_published_arrives() {
    let server = start(&[]).await;
    let mut news = server.api.pubsub().subscribe("news").await.expect("subscribed");
    server.ask("root", "/system/queue/publish?name=news&value=rain").await.done();
    let Received::Message(message) = news.recv().await.expect("a message") else { panic!("no message") };
    assert_eq!(&message.body[..], b"rain");
}

#[tokio::test]
async fn bad_input_is_named() {
    let server = start(&[]).await;
    for (path, status, words) in [
        ("cache/get", 400, "name is required"),
        ("cache/put?name=a", 400, "value is required"),
        ("cache/put?name=a%20b&value=1", 400, "white space"),
        ("cache/put?name=a&value=1&ttl=0", 400, "ttl"),
        ("cache/put?name=a&value=1&ttl=soon", 400, "ttl"),
        ("cache/incr?name=a&value=x", 400, "value"),
        ("cache/explode?name=a", 400, "invalid command explode"),
        ("cache/get?name=a&cacheName=nosuch", 400, "nosuch"),
        ("queue/publish?value=x", 400, "name is required"),
        ("queue/publish?name=x", 400, "value is required"),
        // This server is of no tree and has no queues.
        ("restart", 400, "no server"),
        ("config/init", 400, "no server"),
        ("msg/send", 400, "name"),
        ("msg/send?name=api:restrat", 400, "did you mean api:restart"),
        ("msg/send?name=cache:clear", 400, "no server"),
        ("queue/init", 400, "no server"),
        ("jobs/send", 400, "job is required"),
        ("jobs/send?job={", 400, "job is not JSON"),
        ("jobs/send?job=x&nosuch=1", 400, "nosuch"),
    ] {
        server.ask("root", &format!("/system/{path}")).await.refused(status, words);
    }
}
