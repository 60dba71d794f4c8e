//! Connections: keep-alive, slow clients, draining.

use std::sync::Arc;
use std::time::Duration;

use bkjs_api::testing::TestServer;
use bkjs_api::{ApiOptions, ServeOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::demo::{Gate, setup};

const PING: &[u8] = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n";

async fn start(timeout_ms: u64, drain_ms: u64) -> TestServer {
    let serving =
        ServeOptions { timeout: Duration::from_millis(timeout_ms), drain: Duration::from_millis(drain_ms) };
    TestServer::start_with(setup(), &[], ApiOptions::default(), serving).await
}

async fn reply(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let mut buffer = [0; 1024];
    while !got.ends_with(b"{}") {
        match stream.read(&mut buffer).await {
            Ok(n @ 1..) => got.extend_from_slice(&buffer[..n]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&got).to_lowercase()
}

#[tokio::test]
async fn a_kept_connection_is_told_to_close_while_draining() {
    let server = start(30_000, 8000).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(PING).await.expect("write");
    assert!(!reply(&mut stream).await.contains("connection: close"));
    let address = server.address;
    server.drain();
    // New connections are refused once the listener is closed.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(PING).await.expect("write");
    let last = reply(&mut stream).await;
    assert!(last.starts_with("http/1.1 200") && last.contains("connection: close"), "{last}");
    assert_eq!(stream.read(&mut [0; 10]).await.expect("an end"), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_waits_when_draining_begins_is_served() {
    use std::io::Write as _;
    let server = start(30_000, 8000).await;
    // The event loop does not turn meanwhile, and so has not heard of the connection.
    let mut stream = std::net::TcpStream::connect(server.address).expect("a connection");
    stream.write_all(PING).expect("write");
    server.drain();
    stream.set_nonblocking(true).expect("a socket");
    let mut stream = TcpStream::from_std(stream).expect("a socket");
    let last = reply(&mut stream).await;
    assert!(last.starts_with("http/1.1 200") && last.contains("connection: close"), "{last}");
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_while_draining() {
    let server = start(30_000, 8000).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(PING).await.expect("write");
    reply(&mut stream).await;
    server.stop().await;
    assert_eq!(stream.read(&mut [0; 10]).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_request_in_progress_is_finished_while_draining() {
    let server = start(30_000, 8000).await;
    let gate = server.api.shared::<Arc<Gate>>().expect("the gate").clone();
    let waiting = bkjs_core::task::spawn("waiting", server.get("/demo/open/wait").send());
    while server.api.requests_in_progress() == 0 {
        tokio::task::yield_now().await;
    }
    server.drain();
    gate.0.add_permits(1);
    assert_eq!(waiting.await.expect("a task").expect("an answer").status, 200);
    server.stop().await;
}

#[tokio::test]
async fn draining_has_a_bound() {
    let server = start(30_000, 100).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET /demo/open/wait HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("write");
    while server.api.requests_in_progress() == 0 {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    assert!(matches!(stream.read(&mut [0; 10]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let server = start(100, 8000).await;
    let patience = Duration::from_secs(20);
    for request in
        ["GET /ping HTTP/1.1\r\nHos", "", "POST /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"]
    {
        let got = server.raw(request.as_bytes(), patience).await;
        assert!(!got.contains("200 OK"), "{got}");
    }
}

#[tokio::test]
async fn what_is_no_http_does_no_harm() {
    let server = start(100, 8000).await;
    for junk in [
        "\r\n\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET /ping HTTP/9.9\r\n\r\n",
        "GET /ping HTTP/1.1\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /ping?\u{fc} HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /ping HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let got = server.raw(junk.as_bytes(), Duration::from_secs(3)).await;
        assert!(!got.contains("HTTP/1.1 5"), "{junk:?}: {got}");
    }
    let long = format!("GET /ping HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    let got = server.raw(long.as_bytes(), Duration::from_secs(3)).await;
    assert!(!got.contains("200 OK"), "{got}");
    assert_eq!(server.get("/ping").send().await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_answered() {
    let server = start(5_000, 8000).await;
    for (junk, status) in [
        ("GARBAGE\r\n\r\n", "400"),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /ping HTTP/1.1\r\nHost a\r\n\r\n", "400"),
        ("GET /ping HTTP/1.1\r\nX-Request-Id: a\u{1b}b\r\n\r\n", "400"),
        ("POST /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"),
        ("POST /ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "400"),
    ] {
        let got = server.raw(junk.as_bytes(), Duration::from_secs(3)).await;
        explained(&got, status, junk);
    }
    let long = "x".repeat(300_000);
    for head in
        [format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), format!("GET / HTTP/1.1\r\nA: {long}\r\n\r\n")]
    {
        let got = server.raw(head.as_bytes(), Duration::from_secs(3)).await;
        explained(&got, "431", &head[..30]);
    }
    // The same after a request that was one.
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(PING).await.expect("write");
    assert!(reply(&mut stream).await.starts_with("http/1.1 200"));
    stream.write_all(b"GARBAGE\r\n\r\n").await.expect("write");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("a reply");
    explained(&rest, "400", "garbage after a request");
}

/// That a reply is an error of this status, said in JSON.
fn explained(got: &str, status: &str, what: &str) {
    assert_eq!(got.get(9..12), Some(status), "{what:?}: {got}");
    let (head, body) = got.split_once("\r\n\r\n").unwrap_or((got, ""));
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/json"), "{what:?}: {got}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{what:?}: {got}");
    let json: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(json["status"].to_string(), status, "{what:?}: {got}");
    assert!(json["message"].is_string(), "{what:?}: {got}");
}

#[tokio::test]
async fn a_request_that_two_readers_would_understand_in_two_ways_is_refused() {
    let server = start(5_000, 8000).await;
    for (head, status) in [
        ("GET /ping HTTP/1.1\r\nHost: a\r\nHost: b", "400"),
        ("GET /ping HTTP/1.1\r\nHost: a\r\nHost: a", "400"),
        ("GET /ping HTTP/1.1", "400"),
        ("GET /ping HTTP/1.1\r\nHost: a, b", "400"),
        ("GET /ping HTTP/1.1\r\nHost: a/b", "400"),
        ("GET http://a/ping HTTP/1.1", "400"),
        ("GET /ping HTTP/1.0\r\nHost: a\r\nHost: b", "400"),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80", "405"),
        ("TRACE /ping HTTP/1.1\r\nHost: a", "405"),
    ] {
        let request = format!("{head}\r\n\r\nGET /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        let got = server.raw(request.as_bytes(), Duration::from_secs(3)).await;
        explained(&got, status, head);
        assert!(status != "405" || got.contains("allow: OPTIONS"), "{got}");
        assert!(got.contains("connection: close"), "{got}");
    }
    for head in
        ["GET /ping HTTP/1.0", "GET /ping HTTP/1.1\r\nHost:", "PATCH /ping HTTP/1.1\r\nHost: [::1]:80"]
    {
        let request = format!("{head}\r\nConnection: close\r\n\r\n");
        let got = server.raw(request.as_bytes(), Duration::from_secs(3)).await;
        assert!(got.contains(" 200 OK\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_reply_does_not_wait_for_the_rest_of_the_next_request() {
    let server = start(30_000, 8000).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(&[PING, b"GET /pi"].concat()).await.expect("write");
    assert!(reply(&mut stream).await.starts_with("http/1.1 200"));
    stream.write_all(b"ng HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("write");
    assert!(reply(&mut stream).await.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn a_large_reply_waits_for_its_reader() {
    let server = start(30_000, 100).await;
    let gate = server.api.shared::<Arc<Gate>>().expect("the gate").clone();
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET /demo/open/large HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("write");
    stream.readable().await.expect("a reply");
    // Nobody reads on: were the reply kept in memory meanwhile, its end would be reached at once.
    let end = tokio::time::timeout(Duration::from_millis(500), gate.0.acquire()).await;
    assert!(end.is_err(), "64 MB were taken from the handler for a client that reads nothing");
}
