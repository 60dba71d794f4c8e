//! `/account/del`.

use bkjs_api::Options;
use bkjs_core::value::Row;
use serde_json::json;

use crate::bench::{SECRET, own, refused, register, served, signed_in, start, text};

#[tokio::test]
async fn nothing_is_left_and_there_is_no_way_in() {
    let server = start().await;
    let ann = register(&server, "ann", &[("city", "Rome")]).await;
    register(&server, "bob", &[]).await;
    let answer = server.get("/auth?_session=1&_accesstoken=1").sign("ann", SECRET).send().await;
    let (cookie, token) = (answer.cookie().expect("a cookie"), text(&answer.json()["bk-access-token"]));
    let done = server.get("/account/del?id=x&login=bob").sign("ann", SECRET).send().await;
    assert_eq!((done.status, done.json()), (200, json!([])));

    refused(&server.get("/auth").sign("ann", SECRET).send().await, 404, "no account record found");
    assert_eq!(server.get("/auth").header("cookie", &cookie).send().await.status, 404);
    assert_eq!(server.get("/auth").header("bk-access-token", &token).send().await.status, 404);
    let found = server.get(&format!("/account/get?id={ann}")).sign("bob", SECRET).send().await;
    assert_eq!(found.json(), json!([]));
    let found = server.get("/account/search?city=Rome").sign("bob", SECRET).send().await;
    assert_eq!(found.json()["count"], 0);
    for (table, key) in [("bk_auth", "ann"), ("bk_account", ann.as_str())] {
        let row = server.api.db().get::<Row>(table, key, &Options::new()).await.expect("reads");
        assert!(row.is_none(), "{table}");
    }
    assert_eq!(own(&server, "bob").await["login"], "bob");
}

#[tokio::test]
async fn the_login_is_free_again_and_the_new_account_is_another() {
    let server = start().await;
    let before = register(&server, "ann", &[("city", "Rome")]).await;
    let ended = signed_in(&server, "ann", SECRET).await;
    server.get("/account/del").sign("ann", SECRET).send().await;
    assert_ne!(register(&server, "ann", &[]).await, before);
    assert_eq!(own(&server, "ann").await["city"], json!(null));
    assert_eq!(served(&server, &ended).await, (401, 401));
    assert_eq!(served(&server, &signed_in(&server, "ann", SECRET).await).await, (200, 200));
}

#[tokio::test]
async fn an_id_alone_tells_a_removed_account_from_a_new_one_of_its_login_and_secrets() {
    let server = start().await;
    let add = async |id: &str| {
        let row = Row::new().with("login", "app").with("id", id).with("secret", SECRET);
        server.api.db().add("bk_auth", row, &Options::new()).await.expect("adds");
    };
    add(&"a".repeat(32)).await;
    let ended = signed_in(&server, "app", SECRET).await;
    assert_eq!(served(&server, &ended).await, (200, 200));
    server.api.db().del("bk_auth", "app", &Options::new()).await.expect("deletes");
    add(&"b".repeat(32)).await;
    assert_eq!(served(&server, &ended).await, (401, 401));
}

#[tokio::test]
async fn only_who_has_signed_in_removes() {
    let server = start().await;
    register(&server, "ann", &[]).await;
    refused(&server.get("/account/del").send().await, 417, "");
    refused(&server.get("/account/del").sign("ann", "wrong").send().await, 401, "");
    assert_eq!(own(&server, "ann").await["login"], "ann");
}
