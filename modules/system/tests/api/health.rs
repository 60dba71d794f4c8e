//! Whether a process should be sent requests.

use serde_json::json;

use crate::start;

#[tokio::test]
async fn whoever_asks_learns_whether_it_lives_and_is_ready() {
    let server = start(&[]).await;
    assert_eq!(server.get("/health/live").send().await.done()["message"], "live");
    assert_eq!(server.get("/health/ready").send().await.done(), json!({"status": 200, "message": "ready"}));
    server.get("/health/detail").send().await.refused(417, "login");
    server.ask("ann", "/health/detail").await.refused(401, "restricted");
    let detail = server.ask("root", "/health/detail").await.done();
    assert_eq!(detail["ready"], true, "{detail}");
    let checks = detail["checks"].as_array().expect("checks");
    for kind in ["database", "cache"] {
        let check =
            checks.iter().find(|check| check["name"].as_str().is_some_and(|name| name.starts_with(kind)));
        assert!(check.is_some_and(|check| check["ok"] == true && check["ms"].is_number()), "{detail}");
    }
}

#[tokio::test]
async fn an_end_that_has_begun_is_told_at_once() {
    let server = start(&[]).await;
    server.get("/health/ready").send().await.done();
    server.api.draining().cancel();
    server.get("/health/ready").send().await.refused(503, "draining");
    assert_eq!(server.get("/health/live").send().await.status, 200);
    assert_eq!(server.ask("root", "/health/detail").await.done()["ready"], false);
}

#[tokio::test]
async fn a_database_that_is_down_is_named_and_no_more_is_said() {
    let server = start(&[]).await;
    server.api.db().close().await;
    let answer = server.get("/health/ready").send().await;
    answer.refused(503, "down: database");
    assert!(!answer.text().contains("cache"), "{}", answer.text());
    assert!(!answer.text().contains("closed"), "{}", answer.text());
}
