//! How waiting ends without an event, and what it holds up meanwhile.

use std::time::Duration;

use bkjs_api::{ApiOptions, ServeOptions};
use serde_json::json;

use crate::{LIMIT, NEVER, Open, answer, serve, start, tell, until_waiting, wait};

#[tokio::test]
async fn without_an_event_the_answer_is_an_empty_list() {
    let server = start(&["-api-subscribe-timeout", "1000"]).await;
    let got = answer(wait(&server, "ann", "").await).await;
    assert_eq!((got.done(), got.text().as_str()), (json!([]), "[]"));
    // So it is when only others have come.
    let waiting = wait(&server, "ann", "?match=nosuch").await;
    tell(&server, "ann", "/message/add", "text").await;
    assert_eq!(answer(waiting).await.done(), json!([]));
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_longer_waited_for() {
    let server = start(&[]).await;
    for accept in ["application/json", "text/event-stream"] {
        let open = Open::send(&server, "ann", "", accept).await;
        until_waiting(&server, "ann", 1).await;
        drop(open);
        until_waiting(&server, "ann", 0).await;
    }
}

#[tokio::test]
async fn a_server_that_drains_answers_all_that_wait() {
    let server = start(&["-api-subscribe-interval", NEVER]).await;
    let (empty, one) = (wait(&server, "bob", "").await, wait(&server, "ann", "").await);
    let mut stream = Open::send(&server, "bob", "", "text/event-stream").await;
    stream.until("listening").await;
    tell(&server, "ann", "/message/add", "text").await;
    tokio::time::timeout(LIMIT, server.stop()).await.expect("nothing holds up the end");
    let got = answer(empty).await;
    assert_eq!((got.done(), got.header("connection")), (json!([]), "close"));
    assert_eq!(answer(one).await.done()[0]["type"], "text");
    // The stream has come to its end and was not cut.
    stream.until("\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn a_request_that_comes_while_the_server_drains_is_answered_at_once() {
    let server = start(&[]).await;
    // On a connection that was open before.
    let mut open = Open::send(&server, "ann", "?match=(", "application/json").await;
    open.until("match").await;
    let waiting = wait(&server, "bob", "").await;
    server.drain();
    open.again(&server, "ann", "").await;
    open.until("\r\n\r\n[]").await;
    assert_eq!(answer(waiting).await.done(), json!([]));
}

#[tokio::test]
async fn one_more_than_may_wait_and_the_first_is_answered() {
    let server = start(&["-api-subscribe-max", "2", "-api-subscribe-interval", "0"]).await;
    let first = wait(&server, "ann", "").await;
    let (second, of_bob) = (wait(&server, "ann", "").await, wait(&server, "bob", "").await);
    let mut third = Open::send(&server, "ann", "", "text/event-stream").await;
    third.until("listening").await;
    assert_eq!(answer(first).await.done(), json!([]));
    until_waiting(&server, "ann", 2).await;
    tell(&server, "ann", "/message/add", "text").await;
    assert_eq!(answer(second).await.done()[0]["type"], "text");
    third.until("/message/add").await;
    assert!(!of_bob.is_finished());
}

#[tokio::test]
async fn those_that_wait_are_no_requests_in_progress() {
    let server = start(&["-api-max-request-queue", "1", "-api-subscribe-interval", "0"]).await;
    let all =
        [wait(&server, "ann", "").await, wait(&server, "ann", "").await, wait(&server, "bob", "").await];
    assert_eq!(server.api.requests_in_progress(), 0);
    server.get("/ping").send().await.done();
    drop(Open::send(&server, "bob", "", "application/json").await);
    for login in ["ann", "bob"] {
        tell(&server, login, "/message/add", "text").await;
    }
    for waiting in all {
        assert_eq!(answer(waiting).await.done()[0]["type"], "text");
    }
    until_waiting(&server, "bob", 0).await;
    assert_eq!(server.api.requests_in_progress(), 0);
}

#[tokio::test]
async fn a_server_of_events_that_is_away_is_said() {
    let server = start(&[]).await;
    let waiting = wait(&server, "ann", "").await;
    server.api.pubsub().close();
    assert_eq!(answer(waiting).await.done(), json!([]));
    let refused = server.ask("ann", "/account/subscribe").await;
    assert_eq!(refused.status, 503, "{}", refused.text());
}

#[tokio::test]
async fn waiting_is_no_idleness() {
    let idle = Duration::from_millis(300);
    let serving = ServeOptions { timeout: idle, ..ServeOptions::default() };
    let server = serve(&["-api-subscribe-timeout", "2000"], ApiOptions::default(), serving).await;
    assert_eq!(answer(wait(&server, "ann", "").await).await.done(), json!([]));
}
