//! WebSockets: messages take the path of requests.

use std::sync::Arc;
use std::time::Duration;

use bkjs_api::testing::{Socket, TestServer};
use bkjs_api::{ApiOptions, ServeOptions};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::demo::{Gate, setup, start};

/// A WebSocket of nobody.
async fn open(server: &TestServer) -> Socket {
    server.get("/").open().await.expect("a websocket")
}

fn signed(server: &TestServer, uri: &str) -> String {
    server.get(uri).sign("plain", "ps").signed_uri()
}

async fn until_in_progress(server: &TestServer, count: usize) {
    while server.api.requests_in_progress() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_message_is_a_request_and_its_reply_a_message() {
    let server = start(&[]).await;
    let mut socket = open(&server).await;
    assert_eq!(socket.ask("/demo/open/echo?a=1&b=%20").await, json!({"a": "1", "b": " ", "ip": "127.0.0.1"}));
    let reply = socket.ask(r#"{"path":"/demo/open/echo","params":{"a":1,"b":[true]}}"#).await;
    assert_eq!(reply, json!({"a": 1, "b": [true], "ip": "127.0.0.1"}));
    let reply = socket.ask(r#"{"id":"x","path":"/demo/open/echo?a=1"}"#).await;
    assert_eq!(reply, json!({"id": "x", "status": 200, "body": {"a": "1", "ip": "127.0.0.1"}}));
    let reply = socket.ask(r#"{"id":7,"path":"/no/such"}"#).await;
    assert_eq!(
        (&reply["id"], &reply["status"], &reply["body"]["status"]),
        (&json!(7), &json!(417), &json!(417))
    );
    assert_eq!(socket.ask("/demo/open/internal").await["status"], 500);
    assert_eq!(socket.ask("/demo/open/panic").await["status"], 500);
    assert_eq!(socket.ask(r#"{"path":"/demo/open/echo","params":{"a":1e999}}"#).await["status"], 400);
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_next_one_is_served() {
    let server = start(&[]).await;
    let mut socket = open(&server).await;
    for text in ["", "hello", "{", "{}", "[]", "/a b", "http://b/ping", r#"{"path":"/ping","x":1}"#, "\u{0}"]
    {
        assert_eq!(socket.ask(text).await["status"], 400, "{text}");
    }
    let reply = socket.ask(r#"{"id":1,"path":"ping"}"#).await;
    assert_eq!((&reply["id"], &reply["status"]), (&json!(1), &json!(400)));
    let long = format!("/ping?{}", "x".repeat(20_000));
    assert_eq!(socket.ask(long).await["status"], 414);
    assert_eq!(socket.ask("/ping").await, json!({}));
}

#[tokio::test]
async fn access_is_that_of_requests() {
    let server = start(&["-api-deny-path", "^/demo/open/echo"]).await;
    let mut nobody = open(&server).await;
    for (path, status) in [
        ("/demo/me", 417),
        ("/demo/people", 417),
        ("/system/demo", 417),
        ("/data/demo.html", 417),
        ("/demo/open/echo", 403),
        ("/system%2fdemo", 417),
        ("//system/demo", 417),
        ("/demo/me?bk-signature=4|a|b|c", 417),
    ] {
        assert_eq!(nobody.ask(path).await["status"], status, "{path}");
    }
    let mut plain = server.get("/").sign("plain", "ps").open().await.expect("a websocket");
    assert_eq!(plain.ask("/system/demo").await["status"], 401);
    assert_eq!(plain.ask("/demo/open/echo").await["status"], 403);
    let me = plain.ask("/demo/me").await;
    assert_eq!(me["login"], "plain");
    assert!(me.get("secret").is_none(), "{me}");
    let mut root = server.get("/").sign("root", "rs").open().await.expect("a websocket");
    assert_eq!(root.ask("/system/demo").await["ip"], "127.0.0.1");
}

#[tokio::test]
async fn a_message_may_be_signed_by_itself() {
    let server = start(&[]).await;
    let mut socket = open(&server).await;
    assert_eq!(socket.ask(signed(&server, "/demo/me")).await["login"], "plain");
    // It counts for this message alone, and for no other path.
    assert_eq!(socket.ask("/demo/me").await["status"], 417);
    let other = signed(&server, "/demo/me").replace("/demo/me", "/demo/echo");
    assert_eq!(socket.ask(other).await["status"], 401);
    // And before the login of the connection.
    let mut root = server.get("/").sign("root", "rs").open().await.expect("a websocket");
    assert_eq!(root.ask(signed(&server, "/demo/me")).await["login"], "plain");
    assert_eq!(root.ask("/demo/me").await["login"], "root");
}

#[tokio::test]
async fn the_login_of_the_upgrade_is_verified_again_for_every_message() {
    let server = start(&[]).await;
    let answer = server.get("/demo/me?_session=1&_accesstoken=1").sign("plain", "ps").send().await;
    let (cookie, token) = (answer.cookie().expect("a cookie"), answer.json()["bk-access-token"].clone());
    let token = token.as_str().expect("a token");
    let uri = server.get("/").sign("plain", "ps").signed_uri();
    let mut sockets = [
        server.get("/").sign("plain", "ps").open().await.expect("by header"),
        server.get(&uri).open().await.expect("by signed address"),
        server.get("/any/path").header("cookie", &cookie).open().await.expect("by session"),
        server.get(&format!("/?bk-access-token={token}")).open().await.expect("by token"),
        server.get("/").header("authorization", format!("Bearer {token}")).open().await.expect("by bearer"),
    ];
    for socket in &mut sockets {
        assert_eq!(socket.ask("/demo/me").await["login"], "plain");
    }
    server.add_auth("plain", "another", &[]).await;
    for socket in &mut sockets {
        assert_eq!(socket.ask("/demo/me").await["status"], 401);
        assert_eq!(socket.ask("/ping").await, json!({}));
    }
}

#[tokio::test]
async fn a_wrong_login_opens_nothing() {
    let server = start(&["-api-deny-path", "^/denied", "-api-deny-ip", "10.0.0.0/8"]).await;
    let status = async |call: bkjs_api::testing::Call| call.open().await.err().expect("a refusal").0;
    assert_eq!(status(server.get("/").sign("plain", "wrong")).await, 401);
    assert_eq!(status(server.get("/").sign("nobody", "ps")).await, 404);
    assert_eq!(status(server.get("/?bk-access-token=x")).await, 401);
    assert_eq!(status(server.get("/denied")).await, 403);
    assert_eq!(status(server.get(&format!("/{}", "x".repeat(20_000)))).await, 414);
}

#[tokio::test]
async fn a_page_of_another_site_uses_no_session() {
    let server = start(&[]).await;
    let cookie =
        server.get("/demo/me?_session=1").sign("plain", "ps").send().await.cookie().expect("a cookie");
    let host = server.address.to_string();
    let open = |origin: String, cookie: &str| {
        server.get("/").header("origin", origin).header("cookie", cookie).open()
    };
    let mut own = open(format!("http://{host}"), &cookie).await.expect("the own page");
    assert_eq!(own.ask("/demo/me").await["login"], "plain");
    assert_eq!(open("https://evil.com".into(), &cookie).await.err().expect("refused").0, 403);
    // Any origin may read what is open, unless origins are named.
    open("https://evil.com".into(), "a=b").await.expect("a websocket");
    let server = start(&["-api-cors-origin", "https://a.com"]).await;
    let open = |origin: &str| server.get("/").header("origin", origin).open();
    let (status, body) = open("https://evil.com").await.err().expect("refused");
    assert_eq!((status, &body["status"]), (403, &json!(403)));
    open("https://a.com").await.expect("a websocket");
}

#[tokio::test]
async fn an_upgrade_that_is_none_is_refused() {
    let server = start(&[]).await;
    let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
    for (more, status) in [
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "426"),
        ("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "426"),
        ("Sec-WebSocket-Version: 13\r\n", "400"),
        ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", "400"),
    ] {
        let got = server.raw(format!("{head}{more}\r\n").as_bytes(), Duration::from_millis(300)).await;
        assert_eq!(got.get(9..12), Some(status), "{more}: {got}");
        assert!(got.contains("\"status\":"), "{got}");
    }
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let got = server.raw(format!("{head}{key}").as_bytes(), Duration::from_millis(300)).await;
    // The sample of RFC 6455.
    assert!(got.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{got}");
    // By any other method it is a request like others.
    let got = server.raw(format!("POST{}{key}", &head[3..]).as_bytes(), Duration::from_millis(300)).await;
    assert!(!got.starts_with("HTTP/1.1 101"), "{got}");
}

#[tokio::test]
async fn messages_without_an_id_are_answered_in_order_and_those_with_one_meanwhile() {
    let server = start(&[]).await;
    let gate = server.api.shared::<Arc<Gate>>().expect("the gate").clone();
    let mut socket = open(&server).await;
    socket.say("/demo/open/wait").await;
    socket.say("/demo/open/echo?second=1").await;
    assert_eq!(socket.ask(r#"{"id":1,"path":"/ping"}"#).await["id"], 1);
    // One waits at the gate, the other for it.
    assert_eq!(server.api.requests_in_progress(), 1);
    gate.0.add_permits(1);
    assert_eq!(socket.hear().await, json!({}));
    assert_eq!(socket.hear().await["second"], "1");
}

#[tokio::test]
async fn so_many_requests_of_a_connection_run_and_the_others_wait() {
    let server = start(&["-ws-max-requests", "2"]).await;
    let gate = server.api.shared::<Arc<Gate>>().expect("the gate").clone();
    let mut socket = open(&server).await;
    // More than may wait: the rest is left in the connection.
    for id in 0..40 {
        socket.say(format!(r#"{{"id":{id},"path":"/demo/open/wait"}}"#)).await;
    }
    until_in_progress(&server, 2).await;
    for _ in 0..40 {
        assert!(server.api.requests_in_progress() <= 2);
        gate.0.add_permits(1);
        assert_eq!(socket.hear().await["status"], 200);
    }
}

#[tokio::test]
async fn a_reply_that_is_too_large_for_a_message_is_refused() {
    let server = start(&[]).await;
    let reply = open(&server).await.ask(r#"{"id":1,"path":"/demo/open/large"}"#).await;
    assert_eq!((&reply["id"], &reply["status"]), (&json!(1), &json!(413)));
}

#[tokio::test]
async fn requests_end_with_their_connection() {
    let server = start(&[]).await;
    let mut socket = open(&server).await;
    socket.say("/demo/open/wait").await;
    socket.say(r#"{"id":1,"path":"/demo/open/wait"}"#).await;
    until_in_progress(&server, 2).await;
    drop(socket);
    until_in_progress(&server, 0).await;
}

#[tokio::test]
async fn rates_count_and_who_does_not_mind_them_is_sent_away() {
    let server = start(&["-api-rlimits-rate-/ping", "2", "-api-rlimits-interval-/ping", "3600000"]).await;
    let mut socket = open(&server).await;
    let mut last = json!(null);
    for _ in 0..3 {
        last = socket.ask("/ping").await;
    }
    assert_eq!(last["status"], 429);
    for _ in 0..19 {
        socket.say("/ping").await;
    }
    assert_eq!(socket.closed().await, (1008, "too many requests".into()));
}

#[tokio::test]
async fn messages_have_a_largest_size() {
    let server = start(&["-ws-max-message", "2k"]).await;
    let mut socket = open(&server).await;
    let long = format!(r#"{{"path":"/demo/open/echo","params":{{"a":"{}"}}}}"#, "x".repeat(1900));
    assert_eq!(socket.ask(long).await["a"].as_str().map(str::len), Some(1900));
    socket.say("x".repeat(3000)).await;
    assert_eq!(socket.closed().await, (1009, "the message is too large, ws-max-message".into()));
    // In pieces as well, and announced only.
    let mut socket = open(&server).await;
    let piece = [&[0x01, 0xfe, 0x04, 0x00, 0, 0, 0, 0][..], &[b'x'; 1024]].concat();
    socket.stream().write_all(&piece).await.expect("the first piece");
    let next = [&[0x00][..], &piece[1..]].concat();
    socket.stream().write_all(&[next.clone(), next].concat()).await.expect("more pieces");
    assert_eq!(socket.closed().await.0, 1009);
    let mut socket = open(&server).await;
    let announced = [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    socket.stream().write_all(&announced).await.expect("a head");
    assert_eq!(socket.closed().await.0, 1009);
}

#[tokio::test]
async fn a_broken_protocol_closes_with_its_code() {
    let server = start(&[]).await;
    for (bytes, code) in [
        // Not masked.
        (&[0x81, 0x01, b'x'][..], 1002),
        // Bits and operations that mean nothing.
        (&[0xf1, 0x81, 0, 0, 0, 0, b'x'], 1002),
        (&[0x83, 0x81, 0, 0, 0, 0, b'x'], 1002),
        // A continuation of nothing, a control frame in pieces, and one that is too long.
        (&[0x80, 0x81, 0, 0, 0, 0, b'x'], 1002),
        (&[0x09, 0x81, 0, 0, 0, 0, b'x'], 1002),
        (&[&[0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0][..], &[b'x'; 126]].concat(), 1002),
        // Text that is none, and what is no text.
        (&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007),
        (&[0x82, 0x81, 0, 0, 0, 0, b'x'], 1003),
    ] {
        let mut socket = open(&server).await;
        socket.stream().write_all(bytes).await.expect("bytes");
        assert_eq!(socket.closed().await.0, code, "{bytes:x?}");
    }
    let mut socket = open(&server).await;
    socket.send(Message::Close(None)).await;
    socket.closed().await;
    assert_eq!(server.get("/ping").send().await.status, 200);
}

#[tokio::test]
async fn any_bytes_do_no_harm() {
    let server = start(&["-ws-max-message", "1k"]).await;
    // A small generator, so that a failure can be found again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    for _ in 0..100 {
        let mut bytes: Vec<u8> = (0..usize::from(byte())).map(|_| byte()).collect();
        // Half of them begin as a masked frame of text does.
        if byte() & 1 == 0 && bytes.len() > 2 {
            (bytes[0], bytes[1]) = (0x81, 0x80 | bytes[1]);
        }
        let mut socket = open(&server).await;
        socket.stream().write_all(&bytes).await.ok();
        socket.stream().shutdown().await.ok();
        let mut rest = Vec::new();
        socket.stream().read_to_end(&mut rest).await.ok();
    }
    assert_eq!(open(&server).await.ask("/ping").await, json!({}));
    until_in_progress(&server, 0).await;
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_closed() {
    let server = start(&["-ws-ping-interval", "100"]).await;
    let mut socket = open(&server).await;
    // A client that looks at the connection answers pings.
    let mut silent = open(&server).await;
    for _ in 0..3 {
        assert_eq!(socket.ask("/ping").await, json!({}));
    }
    let mut got = Vec::new();
    silent.stream().read_to_end(&mut got).await.expect("an end");
    assert_eq!(got[..2], [0x89, 0x00], "a ping");
    assert!(got.ends_with(b"no sign of life"), "{}", String::from_utf8_lossy(&got));
}

#[tokio::test]
async fn who_does_not_read_is_dropped() {
    let serving = ServeOptions { timeout: Duration::from_millis(200), drain: Duration::from_secs(60) };
    let server = TestServer::start_with(setup(), &[], ApiOptions::default(), serving).await;
    let mut socket = open(&server).await;
    let request = format!(r#"{{"path":"/demo/open/echo","params":{{"a":"{}"}}}}"#, "x".repeat(900_000));
    // More than all buffers hold: at last the connection is cut, and nothing waits for its client.
    let mut flooded = false;
    for _ in 0..1000 {
        if socket.try_say(&request).await.is_err() {
            flooded = true;
            break;
        }
    }
    assert!(flooded, "a client that reads nothing may send without an end");
    until_in_progress(&server, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn a_restart_answers_what_runs_and_says_why_it_closes() {
    let server = start(&[]).await;
    let gate = server.api.shared::<Arc<Gate>>().expect("the gate").clone();
    let (mut idle, mut busy) = (open(&server).await, open(&server).await);
    busy.say("/demo/open/wait").await;
    until_in_progress(&server, 1).await;
    server.drain();
    assert_eq!(idle.closed().await, (1001, "the server restarts".into()));
    gate.0.add_permits(1);
    assert_eq!(busy.hear().await, json!({}));
    assert_eq!(busy.closed().await.0, 1001);
    server.stop().await;
}

#[tokio::test]
async fn draining_does_not_wait_for_a_client_that_does_not_close() {
    let server = start(&[]).await;
    let mut socket = open(&server).await;
    server.stop().await;
    let mut got = Vec::new();
    socket.stream().read_to_end(&mut got).await.expect("an end");
    assert!(got.ends_with(b"the server restarts"), "{got:?}");
}
