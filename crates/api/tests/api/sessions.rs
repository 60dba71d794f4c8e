//! Session cookies and access tokens.

use crate::demo::start;

#[tokio::test]
async fn a_session_cookie_stands_for_a_signature() {
    let server = start(&[]).await;
    let answer = server.get("/demo/me?_session=1").sign("plain", "ps").send().await;
    let set = answer.header("set-cookie");
    for part in ["bk-signature=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "plain HTTP: {set}");
    let cookie = answer.cookie().expect("a cookie");
    assert_eq!(server.get("/demo/me").header("cookie", &cookie).send().await.json()["login"], "plain");
    let cleared = server.get("/demo/me?_session=0").header("cookie", &cookie).send().await;
    assert!(cleared.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_session_does_not_count_for_requests_of_other_sites() {
    let server = start(&["-api-cors-origin", "https://friend.com"]).await;
    let cookie =
        server.get("/demo/me?_session=1").sign("plain", "ps").send().await.cookie().expect("a cookie");
    let call = || server.post("/demo/me").header("cookie", &cookie);
    assert_eq!(call().header("origin", "https://evil.com").send().await.status, 403);
    assert_eq!(call().header("sec-fetch-site", "cross-site").send().await.status, 403);
    assert_eq!(call().header("sec-fetch-site", "same-origin").send().await.status, 200);
    assert_eq!(call().header("origin", "https://friend.com").send().await.status, 200);
    assert_eq!(call().send().await.status, 200);
}

#[tokio::test]
async fn a_foreign_cookie_is_as_none() {
    let server = start(&[]).await;
    let answer = server.get("/demo/me").header("cookie", "bk-signature=junk; other=1").send().await;
    assert_eq!(answer.status, 417);
}

#[tokio::test]
async fn sessions_can_be_switched_off_for_a_path() {
    let server = start(&["-api-disable-session", "^/demo/echo"]).await;
    let cookie =
        server.get("/demo/me?_session=1").sign("plain", "ps").send().await.cookie().expect("a cookie");
    assert_eq!(server.get("/demo/echo").header("cookie", &cookie).send().await.status, 401);
    assert_eq!(server.get("/demo/me").header("cookie", &cookie).send().await.status, 200);
}

#[tokio::test]
async fn an_access_token_works_in_the_query_the_header_and_as_bearer() {
    let server = start(&[]).await;
    let row = server.get("/demo/me?_accesstoken=1").sign("plain", "ps").send().await.json();
    assert_eq!(row["bk-access-token-age"], 604_800_000);
    let token = row["bk-access-token"].as_str().expect("a token").to_owned();
    assert_eq!(server.get(&format!("/demo/me?bk-access-token={token}")).send().await.status, 200);
    assert_eq!(server.get("/demo/me").header("bk-access-token", &token).send().await.status, 200);
    assert_eq!(
        server.get("/demo/me").header("authorization", format!("Bearer {token}")).send().await.status,
        200
    );
    assert_eq!(server.get("/demo/me").header("bk-access-token", "junk").send().await.status, 401);
    assert_eq!(
        server.get("/demo/me").header("cookie", format!("bk-signature={token}")).send().await.status,
        417
    );
}

#[tokio::test]
async fn whoever_has_just_signed_in_sees_their_own_record() {
    let server = start(&[]).await;
    let row = server.get("/demo/open/login?login=plain&_session=1").send().await;
    assert_eq!((&row.json()["login"], &row.json()["secret"]), (&"plain".into(), &"ps".into()));
    assert!(row.cookie().is_some());
    let own = server.get("/demo/me").sign("plain", "ps").send().await.json();
    assert_eq!(own["secret"], serde_json::Value::Null);
}
