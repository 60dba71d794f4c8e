//! Sending.

use std::collections::HashSet;

use bkjs_api::account_channel;
use bkjs_api::testing::SECRET;
use bkjs_core::pubsub::Received;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{people, rows, send, start, texts};

#[tokio::test]
async fn a_text_arrives_and_a_copy_stays() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let sent = server.ask("ann", &format!("/message/add?id={bob}&msg=Hello+b%C3%B6b")).await.done();
    let mtime = sent[0]["mtime"].as_i64().expect("a time");
    assert!(mtime > 1_700_000_000_000, "{sent}");
    assert_eq!(sent, json!([{"id": bob, "mtime": mtime, "sender": ann}]));
    let expected = json!({
        "id": bob, "mtime": mtime, "sender": ann, "msg": "Hello böb", "name": "ann", "read": 0, "flags": null, "icon_type": null,
    });
    assert_eq!(rows(&server, "bob", "/message/get").await, [expected]);
    let expected = json!({"id": ann, "mtime": mtime, "recipient": bob, "msg": "Hello böb", "flags": null, "icon_type": null});
    assert_eq!(rows(&server, "ann", "/message/get/sent").await, [expected]);
    assert!(texts(&server, "ann", "/message/get").await.is_empty());
}

#[tokio::test]
async fn each_recipient_is_told_of_by_itself() {
    let server = start().await;
    let [_, bob, cal] = people(&server, ["ann", "bob", "cal"]).await;
    let sent = server.ask("ann", &format!("/message/add?id={bob},nobody,{cal},{bob}&msg=hi")).await.done();
    let ids: Vec<_> = sent.as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(bob), &json!("nobody"), &json!(cal)]);
    assert_eq!(sent[1], json!({"id": "nobody", "error": "no such account"}));
    for login in ["bob", "cal"] {
        assert_eq!(texts(&server, login, "/message/get").await, ["hi"]);
    }
    assert_eq!(texts(&server, "ann", "/message/get/sent").await, ["hi", "hi"]);
}

#[tokio::test]
async fn no_copy_is_kept_when_none_is_wanted() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    server.ask("ann", &format!("/message/add?id={bob}&msg=hi&_nosent=1")).await.done();
    assert_eq!(texts(&server, "bob", "/message/get").await, ["hi"]);
    assert!(texts(&server, "ann", "/message/get/sent").await.is_empty());
}

#[tokio::test]
async fn no_message_overwrites_another_of_the_same_millisecond() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    let uris: Vec<String> = (0..30).map(|n| format!("/message/add?id={bob}&msg=m{n}")).collect();
    let answers = join_all(uris.iter().map(|uri| server.ask("ann", uri))).await;
    let times: HashSet<i64> = answers.iter().filter_map(|sent| sent.done()[0]["mtime"].as_i64()).collect();
    assert_eq!(times.len(), 30);
    let got: HashSet<String> = texts(&server, "bob", "/message/get?_count=99").await.into_iter().collect();
    assert_eq!(got.len(), 30);
    assert_eq!(texts(&server, "ann", "/message/get/sent?_count=99").await.len(), 30);
}

#[tokio::test]
async fn the_recipient_is_told_at_once() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut events = server.api.pubsub().subscribe(&account_channel(&bob)).await.expect("subscribed");
    let mtime = send(&server, "ann", "bob", "hi").await;
    let Received::Message(message) = events.recv().await.expect("an event") else { panic!("no event") };
    let event: Value = serde_json::from_slice(&message.body).expect("JSON");
    assert_eq!(event, json!({"path": "/message/add", "mtime": mtime, "sender": ann, "type": "text"}));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_by_name() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    let long = "x".repeat(16_385);
    for (body, words) in [
        (json!({"msg": "hi"}), "id is required"),
        (json!({"id": "", "msg": "hi"}), "id is required"),
        (json!({"id": {"a": 1}, "msg": "hi"}), "id must be"),
        (json!({"id": vec!["x"; 1001], "msg": "hi"}), "id has too many values"),
        (json!({"id": bob}), "msg is required"),
        (json!({"id": bob, "msg": ""}), "msg is required"),
        (json!({"id": bob, "msg": ["a", "b"]}), "msg must be given once"),
        (json!({"id": bob, "msg": 7}), "msg must be text"),
        (json!({"id": bob, "msg": long}), "msg is too long, 16385 > 16384"),
        (json!({"id": bob, "msg": "hi", "icon": "aGk="}), "neither JPEG, PNG, GIF nor WebP"),
        (json!({"id": bob, "msg": "hi", "_nosent": 1.5}), "_nosent must be"),
    ] {
        server.post("/message/add").json(&body).sign("ann", SECRET).send().await.refused(400, words);
    }
    assert!(texts(&server, "bob", "/message/get").await.is_empty());
    let longest = json!({"id": bob, "msg": "ü".repeat(16_384)});
    let sent = server.post("/message/add").json(&longest).sign("ann", SECRET).send().await.done();
    assert!(sent[0]["mtime"].is_i64(), "{sent}");
}

#[tokio::test]
async fn the_sender_cannot_be_forged() {
    let server = start().await;
    let [ann, bob, cal] = people(&server, ["ann", "bob", "cal"]).await;
    let query = format!("id={bob}&msg=hi&sender={cal}&name=cal&mtime=5&read=1");
    server.ask("ann", &format!("/message/add?{query}")).await.done();
    let got = rows(&server, "bob", "/message/get").await;
    assert_eq!(
        (&got[0]["sender"], &got[0]["name"], &got[0]["read"]),
        (&json!(ann), &json!("ann"), &json!(0))
    );
    assert_ne!(got[0]["mtime"], 5);
}
