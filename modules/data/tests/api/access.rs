//! Who may do what.

use bkjs_api::Options;
use bkjs_core::value::Row;
use serde_json::json;

use crate::start;

const PATHS: [&str; 14] = [
    "columns",
    "columns/city",
    "keys/city",
    "get/city?id=a",
    "list/city?id=a",
    "select/city?id=a",
    "search/city?id=a",
    "scan/city?id=a",
    "add/city?id=b",
    "put/city?id=b",
    "update/city?id=b",
    "incr/city?id=b&visits=1",
    "replace/city?id=b",
    "del/city?id=a",
];

#[tokio::test]
async fn only_administrators_reach_it() {
    let server = start(&[]).await;
    server.ask("root", "/data/add/city?id=a&name=Rome").await.done();
    for path in PATHS {
        server.get(&format!("/data/{path}")).send().await.refused(417, "login");
        server.ask("ann", &format!("/data/{path}")).await.refused(401, "restricted");
    }
    let all = server.ask("root", "/data/get/city?id=a").await.done();
    assert_eq!(all["name"], "Rome");
    assert_eq!(server.ask("root", "/data/get/city?id=b").await.done(), json!([]));
}

#[tokio::test]
async fn administrators_see_all_but_what_is_secure() {
    let server = start(&[]).await;
    let row = Row::new().with("id", "a").with("mayor", "M").with("code", "S3CRET").with("rank", "1");
    let admin = Options { admin: true, ..Options::new() };
    server.api.db().add("city", row, &admin).await.expect("added");
    for path in [
        "get/city?id=a",
        "list/city?id=a",
        "select/city?id=a",
        "scan/city?id=a",
        "select/city?id=a&_select=code",
    ] {
        let answer = server.ask("root", &format!("/data/{path}")).await;
        answer.done();
        answer.lacks(&["code"]);
        assert!(!answer.text().contains("S3CRET"), "{path}: {}", answer.text());
    }
    let seen = server.ask("root", "/data/get/city?id=a").await.done();
    assert_eq!((&seen["mayor"], &seen["rank"]), (&json!("M"), &json!("1")));
    // Neither by asking nor by writing.
    server.ask("root", "/data/select/city?code=S3CRET").await.refused(403, "code");
    server.ask("root", "/data/put/city?id=a&code=x").await.refused(403, "code is secure");
    let login = server.ask("root", "/data/get/bk_auth?login=ann").await;
    login.lacks(&["secret", "password", "salt", "token_secret", "session_secret", "auth_secret"]);
    server.ask("root", "/data/update/bk_auth?login=ann&secret=mine").await.refused(403, "secret is secure");
}

#[tokio::test]
async fn whoever_is_let_in_sees_what_is_public_and_makes_nobody_an_administrator() {
    let server = start(&["-api-allow-authenticated", "^/data"]).await;
    server.ask("root", "/data/add/city?id=a&name=Rome&mayor=M&rank=1").await.done();
    let answer = server.ask("ann", "/data/get/city?id=a").await;
    assert_eq!(answer.done()["name"], "Rome");
    answer.lacks(&["mayor", "rank", "code"]);
    server.ask("ann", "/data/update/bk_auth?login=ann&type=admin").await.done();
    assert_eq!(server.ask("ann", "/auth").await.status, 404, "no such route here");
    let row: Option<Row> = server.api.db().get("bk_auth", "ann", &Options::new()).await.expect("a read");
    assert_eq!(row.expect("a login").text("type"), "");
    server.ask("ann", "/data/select/city?mayor=M&_ops=mayor,ge").await.refused(403, "mayor");
    assert_eq!(server.ask("ann", "/data/select/city?_count=10").await.done()["count"], 0);
}
