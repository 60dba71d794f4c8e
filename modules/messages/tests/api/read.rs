//! Reading folders.

use serde_json::json;

use crate::{people, rows, send, start, texts};

#[tokio::test]
async fn messages_come_in_the_order_of_their_times_by_page() {
    let server = start().await;
    people(&server, ["ann", "bob"]).await;
    for text in ["m0", "m1", "m2", "m3", "m4"] {
        send(&server, "ann", "bob", text).await;
    }
    for (login, path) in [("bob", "/message/get"), ("ann", "/message/get/sent")] {
        let first = server.ask(login, &format!("{path}?_count=2")).await.done();
        let token = first["next_token"].as_str().expect("a token");
        assert_eq!(
            texts(&server, login, &format!("{path}?_count=9&_start={token}")).await,
            ["m2", "m3", "m4"]
        );
        let newest = texts(&server, login, &format!("{path}?_count=2&_desc=1")).await;
        assert_eq!(newest, ["m4", "m3"]);
    }
}

#[tokio::test]
async fn conditions_find_by_time_sender_and_text() {
    let server = start().await;
    let [ann, _, cal] = people(&server, ["ann", "bob", "cal"]).await;
    let first = send(&server, "ann", "bob", "one").await;
    let second = send(&server, "cal", "bob", "two").await;
    let third = send(&server, "ann", "bob", "three").await;
    for folder in ["", "/archive"] {
        for (query, expected) in [
            (format!("sender={ann}"), vec!["one", "three"]),
            (format!("mtime={first}&sender={cal}"), if second > first { vec!["two"] } else { vec![] }),
            (format!("mtime={third}&_ops=mtime,lt&sender={ann}"), vec!["one"]),
            (format!("mtime={third}&_ops=mtime,le&sender={ann}"), vec!["one", "three"]),
            (format!("mtime={third}&_ops=mtime,eq&sender={ann}"), vec!["three"]),
            (format!("mtime={third}"), vec![]),
            ("_ops=msg,iregexp&msg=T".into(), vec!["two", "three"]),
            ("_ops=msg,begins_with&msg=o".into(), vec!["one"]),
            ("msg=none".into(), vec![]),
        ] {
            let got = texts(&server, "bob", &format!("/message/get{folder}?{query}")).await;
            assert_eq!(got, expected, "{folder} {query}");
        }
        server.ask("bob", "/message/get?_archive=1").await.done();
    }
}

#[tokio::test]
async fn sent_messages_are_found_by_recipient() {
    let server = start().await;
    let [_, bob, _] = people(&server, ["ann", "bob", "cal"]).await;
    let first = send(&server, "ann", "bob", "one").await;
    send(&server, "ann", "cal", "two").await;
    assert_eq!(texts(&server, "ann", &format!("/message/get/sent?recipient={bob}")).await, ["one"]);
    let query = format!("recipient={bob}&mtime={first}&_ops=mtime,le");
    assert_eq!(texts(&server, "ann", &format!("/message/get/sent?{query}")).await, ["one"]);
}

#[tokio::test]
async fn unread_messages_are_counted_exactly() {
    let server = start().await;
    let [ann, _] = people(&server, ["ann", "bob"]).await;
    let mtime = send(&server, "ann", "bob", "one").await;
    send(&server, "ann", "bob", "two").await;
    send(&server, "ann", "bob", "three").await;
    let unread = async || server.ask("bob", "/message/get/unread").await.done();
    assert_eq!(unread().await, json!({"count": 3}));
    server.ask("bob", "/message/get").await.done();
    assert_eq!(unread().await, json!({"count": 3}));
    let one = format!("sender={ann}&mtime={mtime}");
    for _ in 0..2 {
        assert_eq!(server.ask("bob", &format!("/message/read?{one}")).await.done(), json!([]));
        assert_eq!(unread().await, json!({"count": 2}));
    }
    assert_eq!(rows(&server, "bob", "/message/get?read=1").await.len(), 1);
    assert_eq!(server.ask("bob", "/message/get?_total=1").await.done(), json!({"count": 3}));
    server.ask("bob", &format!("/message/update?{one}&read=0")).await.done();
    assert_eq!(unread().await, json!({"count": 3}));
    server.ask("bob", "/message/get?_archive=1").await.done();
    assert_eq!(unread().await, json!({"count": 0}));
    assert_eq!(server.ask("ann", "/message/get/unread").await.done(), json!({"count": 0}));
}

#[tokio::test]
async fn columns_are_selected() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    send(&server, "ann", "bob", "one").await;
    let expected = [json!({"id": bob, "msg": "one"})];
    for query in ["_select=msg", "_select=msg&_archive=1"] {
        assert_eq!(rows(&server, "bob", &format!("/message/get?{query}")).await, expected);
    }
    let archived = rows(&server, "bob", "/message/get/archive").await;
    assert_eq!((&archived[0]["name"], &archived[0]["read"]), (&json!("ann"), &json!(1)));
}

#[tokio::test]
async fn notes_of_a_message_change_and_nothing_else() {
    let server = start().await;
    let [ann, _] = people(&server, ["ann", "bob"]).await;
    let mtime = send(&server, "ann", "bob", "one").await;
    let one = format!("sender={ann}&mtime={mtime}");
    for folder in ["", "/archive"] {
        let update = format!("/message/update{folder}?{one}");
        server.ask("bob", &format!("{update}&flags=red,late&msg=forged&name=x&read=1")).await.done();
        let got = rows(&server, "bob", &format!("/message/get{folder}")).await;
        assert_eq!((&got[0]["flags"], &got[0]["read"]), (&json!(["red", "late"]), &json!(1)));
        assert_eq!((&got[0]["msg"], &got[0]["name"]), (&json!("one"), &json!("ann")));
        for (query, words) in [
            ("&msg=forged", "nothing is named that may be changed, there are: flags, read"),
            ("", "nothing is named"),
            ("&read=2", "read"),
            ("&read=x", "read"),
            ("&read=", "read"),
        ] {
            let answer = server.ask("bob", &format!("{update}{query}")).await;
            answer.refused(400, words);
        }
        server
            .ask("bob", &format!("/message/update{folder}?sender=x&mtime=1&read=1"))
            .await
            .refused(404, "no such");
        server.ask("bob", &format!("/message/archive?{one}")).await.done();
    }
}

#[tokio::test]
async fn bad_input_is_named() {
    let server = start().await;
    people(&server, ["ann"]).await;
    for (uri, words) in [
        ("get?mtime=x", "mtime"),
        ("get?_archive=1&_trash=1", "_archive or _trash"),
        ("get?_ops=mtime,frob&mtime=1", "_ops"),
        ("get?_start=abc", "token"),
        ("get/sent?_count=1&_page=x", "_page"),
        ("read", "sender is required"),
        ("read?sender=x", "mtime is required"),
        ("read?sender=x&mtime=y", "mtime must be"),
        ("archive?mtime=1", "sender is required"),
        ("update?sender=x&mtime=1.5&read=1", "mtime must be"),
        ("update/archive?mtime=1&read=1", "sender is required"),
        ("del", "sender or mtime is required"),
        ("del?sender=&mtime=", "sender or mtime is required"),
        ("del/archive?recipient=x", "sender or mtime is required"),
        ("del/sent?sender=x", "recipient or mtime is required"),
        ("del?sender=a&sender=b", "sender must be given once"),
        ("del?mtime=x", "mtime must be"),
    ] {
        server.ask("ann", &format!("/message/{uri}")).await.refused(400, words);
    }
    for uri in ["read?sender=x&mtime=1", "archive?sender=x&mtime=1"] {
        server.ask("ann", &format!("/message/{uri}")).await.refused(404, "no such message");
    }
}
