//! The archive, and removal.

use bkjs_api::Options;
use bkjs_core::db::Query;
use bkjs_core::value::Row;
use bkjs_messages::{ARCHIVE_TABLE, MESSAGE_TABLE};
use futures_util::future::join_all;
use serde_json::json;

use crate::{people, send, start, texts};

#[tokio::test]
async fn what_is_read_with_archive_moves_page_by_page() {
    let server = start().await;
    people(&server, ["ann", "bob"]).await;
    for text in ["m0", "m1", "m2"] {
        send(&server, "ann", "bob", text).await;
    }
    let first = server.ask("bob", "/message/get?_archive=1&_count=2").await.done();
    assert_eq!((&first["data"][0]["msg"], &first["data"][1]["msg"]), (&json!("m0"), &json!("m1")));
    assert_eq!(texts(&server, "bob", "/message/get").await, ["m2"]);
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["m0", "m1"]);
    let token = first["next_token"].as_str().expect("a token");
    assert_eq!(
        texts(&server, "bob", &format!("/message/get?_archive=1&_count=2&_start={token}")).await,
        ["m2"]
    );
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["m0", "m1", "m2"]);
}

#[tokio::test]
async fn what_is_read_with_trash_is_removed() {
    let server = start().await;
    let [_, _, cal] = people(&server, ["ann", "bob", "cal"]).await;
    send(&server, "ann", "bob", "kept").await;
    send(&server, "cal", "bob", "gone").await;
    assert_eq!(texts(&server, "bob", &format!("/message/get?_trash=1&sender={cal}")).await, ["gone"]);
    assert_eq!(texts(&server, "bob", "/message/get").await, ["kept"]);
    assert!(texts(&server, "bob", "/message/get/archive").await.is_empty());
    // The sender's copy is the sender's.
    assert_eq!(texts(&server, "cal", "/message/get/sent").await, ["gone"]);
}

#[tokio::test]
async fn archiving_one_may_be_repeated() {
    let server = start().await;
    let [ann, _] = people(&server, ["ann", "bob"]).await;
    let mtime = send(&server, "ann", "bob", "one").await;
    send(&server, "ann", "bob", "two").await;
    for _ in 0..3 {
        let answer = server.ask("bob", &format!("/message/archive?sender={ann}&mtime={mtime}")).await;
        assert_eq!(answer.done(), json!([]));
        assert_eq!(texts(&server, "bob", "/message/get").await, ["two"]);
        assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["one"]);
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_all_archive_at_once() {
    let server = start().await;
    people(&server, ["ann", "bob"]).await;
    let sent: Vec<String> = (0..10).map(|n| format!("m{n}")).collect();
    for text in &sent {
        send(&server, "ann", "bob", text).await;
    }
    for answer in join_all((0..6).map(|_| server.ask("bob", "/message/get?_archive=1&_count=7"))).await {
        answer.done();
    }
    server.ask("bob", "/message/get?_archive=1").await.done();
    assert!(texts(&server, "bob", "/message/get").await.is_empty());
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, sent);
}

#[tokio::test]
async fn a_move_that_broke_off_after_the_copy_is_completed() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    send(&server, "ann", "bob", "one").await;
    let db = server.api.db();
    let own = Query::new().eq("id", bob.as_str());
    let page = db.select::<Row>(MESSAGE_TABLE, own, &Options::new()).await.expect("a page");
    db.add(ARCHIVE_TABLE, page.rows[0].clone(), &Options::new()).await.expect("a copy");
    assert_eq!(texts(&server, "bob", "/message/get?_archive=1").await, ["one"]);
    assert!(texts(&server, "bob", "/message/get").await.is_empty());
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["one"]);
}

#[tokio::test]
async fn another_message_of_the_same_time_in_the_archive_stays() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mtime = send(&server, "ann", "bob", "one").await;
    let other = Row::new()
        .with("id", bob.as_str())
        .with("mtime", mtime)
        .with("sender", ann.as_str())
        .with("msg", "other");
    server.api.db().add(ARCHIVE_TABLE, other, &Options::new()).await.expect("stored");
    server.ask("bob", "/message/get?_archive=1").await.done();
    assert!(texts(&server, "bob", "/message/get").await.is_empty());
    assert_eq!(texts(&server, "bob", "/message/get/archive").await, ["other", "one"]);
}

#[tokio::test]
async fn messages_are_removed_by_peer_by_time_and_by_both() {
    let server = start().await;
    let [ann, bob, cal] = people(&server, ["ann", "bob", "cal"]).await;
    for (folder, login, peer) in
        [("", "bob", "sender"), ("/archive", "bob", "sender"), ("/sent", "ann", "recipient")]
    {
        server.ask("bob", "/message/get?_trash=1").await.done();
        let mut times = Vec::new();
        for text in ["m0", "m1", "m2"] {
            times.push(send(&server, "ann", "bob", text).await);
        }
        send(&server, "cal", "bob", "m3").await;
        send(&server, "ann", "cal", "m4").await;
        if folder == "/archive" {
            server.ask("bob", "/message/get?_archive=1").await.done();
        }
        let (get, del) = (format!("/message/get{folder}"), format!("/message/del{folder}"));
        let (id, other, left) = if folder == "/sent" { (&bob, &cal, "m4") } else { (&ann, &cal, "m3") };
        // A peer and a time of which each is right, and not both.
        assert_eq!(
            server.ask(login, &format!("{del}?{peer}={other}&mtime={}", times[0])).await.done(),
            json!([])
        );
        assert_eq!(texts(&server, login, &get).await, ["m0", "m1", "m2", left]);
        server.ask(login, &format!("{del}?{peer}={id}&mtime={}", times[0])).await.done();
        assert_eq!(texts(&server, login, &get).await, ["m1", "m2", left]);
        server.ask(login, &format!("{del}?mtime={}", times[1])).await.done();
        server.ask(login, &format!("{del}?{peer}={id}")).await.done();
        assert_eq!(texts(&server, login, &get).await, [left]);
        server.ask("ann", &format!("/message/del/sent?recipient={bob}")).await.done();
        server.ask("ann", &format!("/message/del/sent?recipient={cal}")).await.done();
    }
}
