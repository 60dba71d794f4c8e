//! Events as a list.

use serde_json::json;

use crate::{NEVER, answer, start, tell, wait};

#[tokio::test]
async fn who_waits_is_answered_with_what_happens_to_the_account() {
    let server = start(&["-api-subscribe-interval", "0"]).await;
    let waiting = wait(&server, "ann", "").await;
    tell(&server, "ann", "/counter/incr", "like,invite").await;
    let got = answer(waiting).await;
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("cache-control"), "no-store");
    let events = got.done();
    let [event] = events.as_array().map(Vec::as_slice).unwrap_or_default() else { panic!("{events}") };
    assert_eq!((&event["path"], &event["type"]), (&json!("/counter/incr"), &json!("like,invite")));
    assert!(event["mtime"].is_i64(), "{event}");
}

#[tokio::test]
async fn events_of_others_are_never_delivered() {
    let server = start(&["-api-subscribe-interval", "0"]).await;
    let (ann, bob) = (wait(&server, "ann", "").await, wait(&server, "bob", "").await);
    tell(&server, "bob", "/message/add", "for bob").await;
    assert_eq!(answer(bob).await.done()[0]["type"], "for bob");
    assert!(!ann.is_finished());
    tell(&server, "ann", "/message/add", "for ann").await;
    let events = answer(ann).await.done();
    assert_eq!((events.as_array().map(Vec::len), &events[0]["type"]), (Some(1), &json!("for ann")));
}

#[tokio::test]
async fn strangers_are_refused() {
    let server = start(&[]).await;
    server.get("/account/subscribe").send().await.refused(417, "login");
    server.get("/account/subscribe").header("accept", "text/event-stream").send().await.refused(417, "login");
}

#[tokio::test]
async fn only_events_that_match_are_delivered() {
    let server = start(&["-api-subscribe-interval", "0"]).await;
    let waiting = wait(&server, "ann", "?match=connection/add.*type:*like").await;
    for (path, kind) in
        [("/counter/incr", "like"), ("/connection/add", "follow"), ("/connection/add", "like")]
    {
        tell(&server, "ann", path, kind).await;
    }
    let events = answer(waiting).await.done();
    assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");
    assert_eq!((&events[0]["path"], &events[0]["type"]), (&json!("/connection/add"), &json!("like")));
}

#[tokio::test]
async fn a_match_that_is_none_is_refused_at_once() {
    let server = start(&[]).await;
    let long = format!("?match={}", "a".repeat(1025));
    for query in ["?match=(", "?match=(%3F=a)", "?match=(%5Cw{100}){100}", "?match=a&match=b", &long] {
        server.ask("ann", &format!("/account/subscribe{query}")).await.refused(400, "match");
    }
}

#[tokio::test]
async fn events_are_collected_for_the_interval_after_the_first() {
    let server = start(&["-api-subscribe-interval", "500"]).await;
    let waiting = wait(&server, "ann", "").await;
    tell(&server, "ann", "/message/add", "first").await;
    // No second one is needed.
    assert_eq!(answer(waiting).await.done()[0]["type"], "first");

    // The interval is not over when all have been told; the time of the request ends it.
    let server = start(&["-api-subscribe-interval", NEVER, "-api-subscribe-timeout", "5000"]).await;
    let waiting = wait(&server, "ann", "").await;
    for kind in ["one", "two", "three"] {
        tell(&server, "ann", "/message/add", kind).await;
    }
    let events = answer(waiting).await.done();
    let kinds: Vec<_> = events.as_array().into_iter().flatten().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["one", "two", "three"]);
}

#[tokio::test]
async fn so_many_events_as_fill_an_answer_do_not_wait_for_the_interval() {
    let server = start(&["-api-subscribe-interval", NEVER]).await;
    let waiting = wait(&server, "ann", "").await;
    let mut told = 0;
    while !waiting.is_finished() {
        tell(&server, "ann", "/message/add", "again").await;
        tokio::task::yield_now().await;
        told += 1;
        assert!(told < 100_000, "no answer");
    }
    assert_eq!(answer(waiting).await.done().as_array().map(Vec::len), Some(1000));

    let waiting = wait(&server, "ann", "").await;
    let large = "x".repeat(400 << 10);
    for _ in 0..3 {
        tell(&server, "ann", "/message/add", &large).await;
    }
    assert_eq!(answer(waiting).await.done().as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn what_is_no_json_is_delivered_as_text() {
    let server = start(&["-api-subscribe-interval", NEVER, "-api-subscribe-timeout", "5000"]).await;
    let waiting = wait(&server, "ann", "").await;
    let channel = bkjs_api::account_channel(&bkjs_api::testing::TestServer::id_of("ann"));
    for body in [&b"rain"[..], b"{\"a\": [1]}", b"a\r\n\"\xff"] {
        server.api.pubsub().publish(&channel, body).await.expect("published");
    }
    assert_eq!(answer(waiting).await.done(), json!(["rain", {"a": [1]}, "a\r\n\"\u{fffd}"]));
}
