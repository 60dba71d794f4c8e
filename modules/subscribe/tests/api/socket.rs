//! Events over a WebSocket.

use bkjs_api::testing::{SECRET, Socket, TestServer, book};
use serde_json::json;

use crate::{NEVER, start, tell, until_waiting};

async fn open(server: &TestServer, login: &str) -> Socket {
    server.get("/").sign(login, SECRET).open().await.expect("a websocket")
}

const LISTENING: &str = "listening";

#[tokio::test]
async fn each_event_comes_as_a_message() {
    let server = start(&["-api-subscribe-interval", NEVER]).await;
    let mut socket = open(&server, "ann").await;
    let reply = socket.ask("/account/subscribe?match=message").await;
    assert_eq!(reply, json!({"status": 200, "message": LISTENING}));
    tell(&server, "bob", "/message/add", "of another").await;
    tell(&server, "ann", "/counter/incr", "no match").await;
    tell(&server, "ann", "/message/add", "one").await;
    let event = socket.hear().await;
    assert_eq!((&event["path"], &event["type"]), (&json!("/message/add"), &json!("one")));
    assert!(event["mtime"].is_i64());
    // Requests go on meanwhile.
    assert_eq!(socket.ask("/ping").await, json!({}));
    drop(socket);
    until_waiting(&server, "ann", 0).await;
}

#[tokio::test]
async fn events_carry_the_id_and_the_end_is_told() {
    let server = start(&["-api-subscribe-max", "1"]).await;
    let mut socket = open(&server, "ann").await;
    let reply = socket.ask(r#"{"id":"s","path":"/account/subscribe"}"#).await;
    assert_eq!(reply, json!({"id": "s", "status": 200, "body": {"status": 200, "message": LISTENING}}));
    tell(&server, "ann", "/message/add", "one").await;
    let event = socket.hear().await;
    assert_eq!((&event["id"], &event["event"]["type"]), (&json!("s"), &json!("one")));
    // Another one takes the only place.
    let mut other = open(&server, "ann").await;
    other.ask("/account/subscribe").await;
    assert_eq!(socket.hear().await, json!({"id": "s", "end": true}));
    tell(&server, "ann", "/message/add", "two").await;
    assert_eq!(other.hear().await["type"], "two");
}

#[tokio::test]
async fn only_the_own_events_and_only_with_a_login() {
    let server = start(&[]).await;
    let mut nobody = server.get("/").open().await.expect("a websocket");
    assert_eq!(nobody.ask("/account/subscribe").await["status"], 417);
    let signed = server.get("/account/subscribe").sign("bob", SECRET).signed_uri();
    assert_eq!(nobody.ask(signed).await["message"], LISTENING);
    tell(&server, "ann", "/message/add", "of another").await;
    tell(&server, "bob", "/message/add", "own").await;
    assert_eq!(nobody.hear().await["type"], "own");
}

#[tokio::test]
async fn a_connection_has_so_many_subscriptions() {
    let server = start(&["-ws-max-streams", "2"]).await;
    let mut socket = open(&server, "ann").await;
    for status in [200, 200, 429] {
        assert_eq!(socket.ask("/account/subscribe").await["status"], status);
    }
    until_waiting(&server, "ann", 2).await;
}

#[tokio::test]
async fn a_restart_ends_the_subscriptions() {
    let server = start(&[]).await;
    let mut socket = open(&server, "ann").await;
    socket.ask("/account/subscribe").await;
    server.drain();
    assert_eq!(socket.closed().await.0, 1001);
    server.stop().await;
}

#[tokio::test]
async fn the_examples_of_the_book_give_what_it_shows() {
    let server = start(&[]).await;
    let examples = book::examples_of("ws", include_str!("../../../../docs/websockets.md"));
    assert!(!examples.is_empty(), "the page has no example");
    let mut socket = open(&server, "ann").await;
    for (said, shown) in examples {
        let got = socket.ask(said.as_str()).await;
        assert!(book::shows(&shown, &got), "{said} gives {got} and not {shown}");
    }
}
