//! What leaves: columns, errors, methods.

use bkjs_api::testing::TestServer;
use bkjs_core::db::Options;
use bkjs_core::value::Row;
use http::Method;
use serde_json::json;

use crate::demo::start;

#[tokio::test]
async fn each_caller_sees_the_columns_they_may_see() {
    let server = start(&[]).await;
    let own = TestServer::id_of("plain");
    let options = Options { admin: true, ..Options::default() };
    for id in [own.as_str(), "another"] {
        let row = Row::new()
            .with("id", id)
            .with("name", "N")
            .with("email", "e@x.com")
            .with("rank", "r")
            .with("pin", "1");
        server.api.db().put("person", row, &options).await.expect("a person");
    }
    let plain = server.get("/demo/people?_sort=id").sign("plain", "ps").send().await.json();
    assert_eq!(
        plain,
        json!({"count": 2, "data": [
            {"id": own, "name": "N", "email": "e@x.com", "rank": "r"},
            {"id": "another", "name": "N"},
        ]})
    );
    let root = server.get("/demo/people?_sort=id&_count=1").sign("root", "rs").send().await.json();
    assert_eq!(root["data"], json!([{"id": own, "name": "N", "rank": "r"}]));
    let token = root["next_token"].as_str().expect("a token");
    let next =
        server.get(&format!("/demo/people?_sort=id&_count=1&_start={token}")).sign("root", "rs").send().await;
    assert_eq!(next.json()["data"][0]["id"], "another");
    let total = server.get("/demo/people?_total=1").sign("root", "rs").send().await.json();
    assert_eq!(total, json!({"count": 2}));
}

#[tokio::test]
async fn failures_tell_the_caller_no_details() {
    let server = start(&[]).await;
    for path in ["/demo/open/panic", "/demo/open/internal"] {
        let answer = server.get(path).send().await;
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains("cat"), "{}", answer.text());
        assert_eq!(answer.json()["status"], 500);
    }
    assert_eq!(server.get("/ping").send().await.status, 200, "the server is still there");
}

#[tokio::test]
async fn rejections_of_the_router_are_errors_like_any_other() {
    let server = start(&[]).await;
    let answer = server.post("/demo/open/get-only").send().await;
    assert_eq!(answer.json(), json!({"status": 405, "message": "method not allowed"}));
}

#[tokio::test]
async fn every_route_answers_head_and_options() {
    let server = start(&[]).await;
    let head = server.call(Method::HEAD, "/ping").send().await;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, "2"));
    assert_eq!(server.call(Method::OPTIONS, "/ping").send().await.status, 200);
    let preflight = server
        .call(Method::OPTIONS, "/demo/me")
        .header("origin", "https://a.com")
        .header("access-control-request-method", "POST")
        .send()
        .await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-headers").contains("bk-signature"));
}
