//! Reading.

use serde_json::json;

use crate::start;

#[tokio::test]
async fn others_see_public_counters_only() {
    let server = start(&[]).await;
    let [ann, bob] = server.people(["ann", "bob"]).await;
    server.ask("ann", "/counter/incr?ping=1&score=2&like0=3").await.done();
    let seen = server.ask("bob", &format!("/counter/get?id={ann}")).await.done();
    assert_eq!(seen, json!({"id": ann, "ping": 1, "score": 2, "motto": null}));
    server.ask("bob", "/counter/incr?ping=1").await.done();
    let both = server.ask("bob", &format!("/counter/get?id={ann},{bob}")).await.done();
    assert_eq!((both[0].get("like0"), &both[1]["like0"]), (None, &json!(0)));
}

#[tokio::test]
async fn an_account_that_counted_nothing_has_none() {
    let server = start(&[]).await;
    server.people(["ann"]).await;
    for uri in ["/counter/get", "/counter/get?id=nobody"] {
        assert_eq!(server.ask("ann", uri).await.done(), json!([]));
    }
}

#[tokio::test]
async fn administrators_may_be_the_only_ones() {
    let server = start(&["-api-allow-admin", "^/counter"]).await;
    server.people(["ann"]).await;
    server.add_auth("root", bkjs_api::testing::SECRET, &[("type", "admin")]).await;
    server.ask("ann", "/counter/get").await.refused(401, "");
    server.ask("root", "/counter/incr?ping=1").await.done();
}
