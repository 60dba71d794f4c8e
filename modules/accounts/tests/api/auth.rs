//! `/auth`.

use serde_json::json;

use crate::bench::{SECRET, SECRETS, absent, refused, register, register_admin, start};

#[tokio::test]
async fn the_login_record_is_shown_with_its_types() {
    let server = start().await;
    let id = register(&server, "ann", &[("city", "Rome")]).await;
    register_admin(&server).await;
    let answer = server.get("/auth").sign("ann", SECRET).send().await;
    let row = answer.json();
    assert_eq!((&row["id"], &row["login"], &row["_types"]), (&json!(id), &json!("ann"), &json!([])));
    assert_eq!(row["city"], json!(null), "the profile is not part of it");
    absent(&answer, &SECRETS);
    let admin = server.get("/auth").sign("root", SECRET).send().await;
    assert_eq!((&admin.json()["type"], &admin.json()["_types"]), (&json!("admin"), &json!(["admin"])));
    absent(&admin, &SECRETS);
}

#[tokio::test]
async fn who_has_not_proven_who_they_are_is_refused() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    refused(&server.get("/auth").send().await, 417, "no login provided");
    refused(&server.get("/auth").sign("ann", "wrong").send().await, 401, "not authenticated");
    refused(&server.get("/auth").sign("nobody", SECRET).send().await, 404, "no account record found");
}

#[tokio::test]
async fn a_session_and_a_token_can_be_asked_for_at_once() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    for path in ["/auth", "/account/get"] {
        let answer =
            server.get(&format!("{path}?_session=1&_accesstoken=1")).sign("ann", SECRET).send().await;
        assert!(answer.cookie().is_some_and(|c| c.starts_with("bk-signature=")), "{path}");
        assert!(answer.json()["bk-access-token"].is_string(), "{path}");
        assert_eq!(answer.json()["bk-access-token-age"], 604_800_000, "{path}");
        let neither =
            server.get(&format!("{path}?_session=&_accesstoken=0")).sign("ann", SECRET).send().await;
        absent(&neither, &["bk-access-token"]);
    }
}
