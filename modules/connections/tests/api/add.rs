//! Connecting.

use bkjs_api::account_channel;
use bkjs_core::pubsub::Received;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{people, start};

#[tokio::test]
async fn both_sides_are_written_with_the_name_of_the_other() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    server.ask("ann", &format!("/connection/add?peer={bob}&type=like&status=new")).await.done();
    let mine = server.ask("ann", &format!("/connection/get?peer={bob}&type=like")).await.done();
    assert_eq!((&mine["name"], &mine["status"]), (&json!("The bob"), &json!("new")));
    let theirs = server.ask("bob", &format!("/reference/get?peer={ann}&type=like")).await.done();
    assert_eq!(
        (&theirs["id"], &theirs["peer"], &theirs["status"]),
        (&json!(bob), &json!(ann), &json!("new"))
    );
    server.ask("ann", &format!("/connection/put?peer={bob}&type=like&name=Bobby")).await.done();
    let mine = server.ask("ann", &format!("/connection/get?peer={bob}&type=like")).await.done();
    assert_eq!((&mine["name"], &mine["status"]), (&json!("Bobby"), &json!("new")));
}

#[tokio::test]
async fn what_makes_no_connection_is_named_and_leaves_nothing() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let long = "x".repeat(65);
    for (query, status, words) in [
        (String::new(), 400, "peer is required"),
        (format!("peer={bob}"), 400, "type is required"),
        (format!("peer={bob}&type="), 400, "type is required"),
        (format!("peer={bob}&peer={ann}&type=like"), 400, "peer must be given once"),
        (format!("peer={ann}&type=like"), 400, "itself"),
        ("peer=nobody&type=like".to_owned(), 404, "no such account"),
        (format!("peer={bob}&type={long}"), 400, "type"),
    ] {
        for path in ["add", "put"] {
            let answer = server.ask("ann", &format!("/connection/{path}?{query}")).await;
            answer.refused(status, words);
        }
    }
    assert_eq!(server.ask("ann", "/connection/select").await.done()["count"], 0);
    assert_eq!(server.ask("bob", "/reference/select").await.done()["count"], 0);
}

#[tokio::test]
async fn of_many_at_once_one_connects() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    let uri = format!("/connection/add?peer={bob}&type=like");
    let all = join_all((0..20).map(|_| server.ask("ann", &uri))).await;
    let statuses: Vec<u16> = all.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 19, "{statuses:?}");
}

#[tokio::test]
async fn the_peer_is_told() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut events = server.api.pubsub().subscribe(&account_channel(&bob)).await.expect("subscribed");
    server.ask("ann", &format!("/connection/add?peer={bob}&type=like")).await.done();
    let Received::Message(message) = events.recv().await.expect("an event") else { panic!("no event") };
    let event: Value = serde_json::from_slice(&message.body).expect("JSON");
    assert_eq!((&event["path"], &event["type"]), (&json!("/connection/add"), &json!("like")));
    assert_eq!(event["peer"], json!(ann));
    assert!(event["mtime"].is_i64(), "{event}");
}

#[tokio::test]
async fn the_other_direction_is_shown_when_it_is_asked_for() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let add = |peer: &str| format!("/connection/add?peer={peer}&type=like&status=mine&_connected=1");
    assert_eq!(server.ask("ann", &add(&bob)).await.done(), json!({}));
    let other = server.ask("bob", &add(&ann)).await.done();
    assert_eq!((&other["id"], &other["peer"]), (&json!(ann), &json!(bob)));
    assert_eq!(other.get("status"), None, "a private column of another");
}
