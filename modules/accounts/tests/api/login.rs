//! `/login` and `/logout`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bkjs_api::Options;
use bkjs_api::testing::TestServer;
use bkjs_core::value::Row;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::bench::{SECRETS, absent, refused, setup, start, text};

async fn bob(server: &TestServer) {
    let form = [("login", "bob"), ("password", "pw1"), ("name", "Bob"), ("city", "Rome")];
    assert_eq!(server.post("/account/add").form(&form).send().await.status, 200);
}

async fn stored(server: &TestServer) -> Row {
    server.api.db().get::<Row>("bk_auth", "bob", &Options::new()).await.expect("reads").expect("bob")
}

#[tokio::test]
async fn the_password_gives_the_whole_account_with_its_secret() {
    let server = start().await;
    bob(&server).await;
    for call in [
        server.get("/login?login=bob&password=pw1"),
        server.post("/login").form(&[("login", "bob"), ("password", "pw1")]),
        server.post("/login").json(&serde_json::json!({"login": "bob", "password": "pw1"})),
    ] {
        let answer = call.send().await;
        let row = answer.json();
        assert_eq!((answer.status, text(&row["city"])), (200, "Rome".into()), "{}", answer.text());
        absent(&answer, &SECRETS[1..]);
        assert_eq!(server.get("/auth").sign("bob", &text(&row["secret"])).send().await.status, 200);
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_by_the_status() {
    let server = start().await;
    bob(&server).await;
    server.post("/account/add?login=ann&secret=s1&name=Ann").send().await;
    refused(&server.get("/login?login=bob&password=pw2").send().await, 401, "not authenticated");
    refused(&server.get("/login?login=ann&password=s1").send().await, 401, "not authenticated");
    refused(&server.get("/login?login=nobody&password=pw1").send().await, 404, "no account record found");
    refused(&server.get("/login?login=bob").send().await, 400, "password is required");
    refused(&server.get("/login?password=pw1").send().await, 400, "login is required");
    refused(&server.get("/login?login=bob&login=bob&password=pw1").send().await, 400, "login");
}

#[tokio::test]
async fn a_salted_hash_of_the_former_format_is_accepted_and_replaced() {
    let server = start().await;
    bob(&server).await;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"salt").expect("any length");
    mac.update(b"old pw");
    let hash = STANDARD.encode(mac.finalize().into_bytes());
    let legacy = Row::new().with("login", "bob").with("salt", "salt").with("password", hash);
    server.api.db().update("bk_auth", legacy, &Options::new()).await.expect("writes");

    assert_eq!(server.get("/login?login=bob&password=pw1").send().await.status, 401);
    assert_eq!(server.get("/login?login=bob&password=old+pw").send().await.status, 200);
    let row = stored(&server).await;
    assert!(row.text("password").starts_with("$argon2id$"), "{}", row.text("password"));
    assert!(!row.has("salt"));
    assert_eq!(server.get("/login?login=bob&password=old+pw").send().await.status, 200);
    assert_eq!(stored(&server).await.text("password"), row.text("password"), "replaced once");
}

#[tokio::test]
async fn an_account_that_has_expired_signs_in_nowhere() {
    let server = start().await;
    bob(&server).await;
    let options = Options { admin: true, ..Options::new() };
    let expired = Row::new().with("login", "bob").with("expires", 1);
    server.api.db().update("bk_auth", expired, &options).await.expect("writes");
    let answer = server.get("/login?login=bob&password=pw1&_session=1&_accesstoken=1").send().await;
    refused(&answer, 412, "expired");
    assert_eq!(answer.cookie(), None);
}

#[tokio::test]
async fn guesses_of_a_password_are_limited_by_login() {
    let params = ["-api-rlimits-rate-login", "3", "-api-rlimits-interval-login", "3600000"];
    let server = TestServer::start(setup(), &params).await;
    bob(&server).await;
    for _ in 0..3 {
        assert_eq!(server.get("/login?login=bob&password=no").send().await.status, 401);
    }
    refused(&server.get("/login?login=bob&password=pw1").send().await, 429, "");
    assert_eq!(server.get("/login?login=other&password=pw1").send().await.status, 404);
}

#[tokio::test]
async fn logout_clears_the_cookie_with_a_session_or_without() {
    let server = start().await;
    bob(&server).await;
    let cookie =
        server.get("/login?login=bob&password=pw1&_session=1").send().await.cookie().expect("a cookie");
    assert_eq!(server.get("/account/get").header("cookie", &cookie).send().await.json()["login"], "bob");
    for call in [server.get("/logout").header("cookie", &cookie), server.post("/logout")] {
        let answer = call.send().await;
        assert!(answer.status < 400, "{}", answer.status);
        let set = answer.header("set-cookie");
        assert!(set.starts_with("bk-signature=;") && set.contains("Max-Age=0"), "{set}");
    }
}
