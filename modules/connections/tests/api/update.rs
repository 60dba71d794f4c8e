//! Changing.

use bkjs_api::Options;
use bkjs_core::value::Row;
use serde_json::json;

use crate::{people, start};

#[tokio::test]
async fn both_sides_change() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let at = format!("peer={bob}&type=like");
    server.ask("ann", &format!("/connection/add?{at}&status=sent")).await.done();
    assert_eq!(server.ask("ann", &format!("/connection/update?{at}&status=seen")).await.done(), json!({}));
    server.ask("ann", &format!("/connection/incr?{at}&steps=2")).await.done();
    server.ask("ann", &format!("/connection/incr?{at}&steps=1&status=done")).await.done();
    for (login, uri) in
        [("ann", format!("/connection/get?{at}")), ("bob", format!("/reference/get?peer={ann}&type=like"))]
    {
        let row = server.ask(login, &uri).await.done();
        assert_eq!((&row["status"], &row["steps"]), (&json!("done"), &json!(3)), "{uri}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_made() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    server.ask("bob", &format!("/connection/add?peer={ann}&type=like")).await.done();
    for path in ["update", "incr"] {
        let uri = format!("/connection/{path}?peer={bob}&type=like&status=x&steps=1");
        server.ask("ann", &uri).await.refused(404, "no connection");
    }
    assert_eq!(server.ask("ann", "/connection/select").await.done()["count"], 0);
    let reference = server.ask("ann", &format!("/reference/get?peer={bob}&type=like")).await.done();
    assert_eq!(reference["status"], json!(null), "bob's connection is not ann's to change");
}

#[tokio::test]
async fn a_lost_reference_is_made_again() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let at = format!("peer={bob}&type=like");
    server.ask("ann", &format!("/connection/add?{at}")).await.done();
    for path in ["put", "update"] {
        let key = Row::new().with("id", bob.as_str()).with("type", "like").with("peer", ann.as_str());
        server.api.db().del("bk_reference", key, &Options::new()).await.expect("removed");
        server.ask("ann", &format!("/connection/{path}?{at}&status=again")).await.done();
        let theirs = server.ask("bob", &format!("/reference/get?peer={ann}&type=like")).await.done();
        assert_eq!(theirs["status"], "again", "{path}");
    }
}
