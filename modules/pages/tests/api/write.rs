//! Who writes what.

use bkjs_api::testing::{SECRET, TestServer};
use serde_json::json;

use crate::{start, write};

#[tokio::test]
async fn nobody_writes_without_a_login_and_nobody_where_the_operator_says_so() {
    let paths = [
        "put?id=a&title=x",
        "put/a?title=x",
        "add?id=b",
        "add/b",
        "update?id=a&title=x",
        "del?id=a",
        "del/a",
    ];
    let server = start(&["-api-allow-admin", "^/pages/(put|add|update|del)"]).await;
    write(&server, json!({"id": "a", "title": "A"})).await;
    for path in paths {
        server.ask("ann", &format!("/pages/{path}")).await.refused(401, "restricted");
        server.get(&format!("/pages/{path}")).send().await.refused(417, "login");
    }
    assert_eq!(server.ask("ann", "/pages/get/a").await.done()["title"], "A");
}

#[tokio::test]
async fn pages_are_added_replaced_changed_and_removed() {
    let server = start(&[]).await;
    let ask = async |path: &str| server.ask("root", &format!("/pages/{path}")).await;
    ask("add?id=a&title=One&content=text").await.done();
    ask("add?id=a&title=Two").await.refused(409, "");
    ask("put/a?title=Two").await.done();
    let page = ask("get/a").await.done();
    assert_eq!((&page["title"], &page["content"]), (&json!("Two"), &json!("text")));
    assert_eq!(page["userid"], TestServer::id_of("root"));
    ask("update/a?content=other").await.done();
    assert_eq!(ask("get/a").await.done()["content"], "other");
    ask("update?id=nosuch&title=x").await.refused(404, "no such page");
    ask("del/a").await.done();
    ask("del/a").await.done();
    ask("get/a").await.refused(404, "no such page");
}

#[tokio::test]
async fn who_wrote_a_page_and_when_is_not_for_the_writer_to_say() {
    let server = start(&[]).await;
    let bob = TestServer::id_of("bob");
    write(&server, json!({"id": "a", "title": "A", "userid": bob, "mtime": 5})).await;
    let page = server.ask("root", "/pages/get/a").await.done();
    assert_eq!(page["userid"], TestServer::id_of("root"));
    assert!(page["mtime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{page}");
}

#[tokio::test]
async fn an_account_changes_its_own_pages_only() {
    let server = start(&[]).await;
    server.ask("ann", "/pages/add?id=hers&title=A").await.done();
    server.ask("ann", "/pages/put?id=hers&title=B").await.done();
    for path in ["put?id=hers&title=x", "update?id=hers&title=x", "del?id=hers", "del/hers"] {
        server.ask("bob", &format!("/pages/{path}")).await.refused(403, "another account");
    }
    server.ask("bob", "/pages/put?id=his&title=C").await.done();
    let page = server.ask("bob", "/pages/get/hers").await.done();
    assert_eq!((&page["title"], &page["userid"]), (&json!("B"), &json!(TestServer::id_of("ann"))));
    // An administrator changes it, and it stays hers.
    server.ask("root", "/pages/put?id=hers&title=D").await.done();
    server.ask("ann", "/pages/update?id=hers&title=E").await.done();
    assert_eq!(server.ask("bob", "/pages/get/hers").await.done()["title"], "E");
    server.ask("ann", "/pages/del?id=hers").await.done();
}

#[tokio::test]
async fn bad_input_is_named() {
    let server = start(&[]).await;
    for path in ["put", "put?id=", "add?title=x", "update?title=x", "del"] {
        server.ask("root", &format!("/pages/{path}")).await.refused(400, "id is required");
    }
    let long = "x".repeat(300);
    for (json, words) in [
        (json!({"id": "a", "title": long}), "title"),
        (json!({"id": long}), "id"),
        (json!({"id": "a", "content": "x".repeat(300_000)}), "content"),
    ] {
        server.post("/pages/put").sign("root", SECRET).json(&json).send().await.refused(400, words);
    }
    server.ask("root", "/pages/get/a").await.refused(404, "no such page");
}
