//! Records of others.

use bkjs_api::AccountEvent;
use bkjs_core::value::Row;
use serde_json::json;

use crate::{people, rows, send, start, texts};

#[tokio::test]
async fn strangers_send_and_see_nothing() {
    let server = start().await;
    let [ann] = people(&server, ["ann"]).await;
    for path in [
        "add?msg=hi&id=",
        "get?id=",
        "get/unread?id=",
        "get/archive?id=",
        "get/sent?id=",
        "read?mtime=1&sender=",
        "archive?mtime=1&sender=",
        "update?mtime=1&read=1&sender=",
        "update/archive?mtime=1&read=1&sender=",
        "del?sender=",
        "del/archive?sender=",
        "del/sent?recipient=",
    ] {
        server.get(&format!("/message/{path}{ann}")).send().await.refused(417, "login");
    }
}

#[tokio::test]
async fn messages_of_others_are_neither_seen_nor_changed() {
    let server = start().await;
    let [ann, bob, _] = people(&server, ["ann", "bob", "eve"]).await;
    let mtime = send(&server, "ann", "bob", "secret").await;
    let old = send(&server, "ann", "bob", "old").await;
    server.ask("bob", &format!("/message/archive?sender={ann}&mtime={old}")).await.done();
    for folder in ["", "/archive", "/sent"] {
        for query in [
            format!("id={bob}"),
            format!("id={bob}&_ops=id,eq"),
            format!("id_$eq={bob}"),
            "id=0&_ops=id,ne".into(),
            format!("sender={ann}"),
            format!("recipient={bob}"),
            "msg=e&_ops=msg,contains".into(),
            "_total=1".into(),
        ] {
            let got = server.ask("eve", &format!("/message/get{folder}?{query}")).await.done();
            assert_eq!(got["count"], 0, "{folder} {query}: {got}");
        }
    }
    for query in [format!("id={bob}&_archive=1"), format!("id={bob}&_trash=1")] {
        assert!(rows(&server, "eve", &format!("/message/get?{query}")).await.is_empty());
    }
    for path in ["read", "archive", "update", "update/archive"] {
        let uri = format!("/message/{path}?id={bob}&sender={ann}&mtime={mtime}&read=1");
        server.ask("eve", &uri).await.refused(404, "no such message");
    }
    for query in
        [format!("del?sender={ann}"), format!("del/archive?mtime={old}"), format!("del/sent?recipient={bob}")]
    {
        assert_eq!(server.ask("eve", &format!("/message/{query}&id={bob}")).await.done(), json!([]));
    }
    let inbox = rows(&server, "bob", "/message/get").await;
    assert_eq!((&inbox[0]["msg"], &inbox[0]["read"]), (&json!("secret"), &json!(0)));
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["old"]);
    assert_eq!(texts(&server, "ann", "/message/get/sent").await, ["secret", "old"]);
}

#[tokio::test]
async fn messages_go_with_their_owner_and_stay_with_the_other() {
    let server = start().await;
    let [ann, _] = people(&server, ["ann", "bob"]).await;
    send(&server, "ann", "bob", "to-bob").await;
    send(&server, "bob", "ann", "to-ann").await;
    send(&server, "bob", "ann", "to-the-archive").await;
    server.ask("ann", "/message/get?_archive=1&_count=1").await.done();
    let gone = Row::new().with("id", ann.as_str()).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    for folder in ["", "/archive", "/sent"] {
        assert!(texts(&server, "ann", &format!("/message/get{folder}")).await.is_empty(), "{folder}");
    }
    assert_eq!(texts(&server, "bob", "/message/get").await, ["to-bob"]);
    assert_eq!(texts(&server, "bob", "/message/get/sent").await.len(), 2);
}
