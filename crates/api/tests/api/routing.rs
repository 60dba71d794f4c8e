//! Other paths, other addresses, other folders, other servers.

use std::time::Duration;

use bkjs_api::testing::TestServer;
use bkjs_api::{ApiOptions, ServeOptions};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::demo::{setup, start};

#[tokio::test]
async fn a_path_is_served_as_another_one_whose_access_counts() {
    let server = start(&[
        "-api-routing-/demo/open/echo",
        "^/old/echo",
        "-api-routing-/demo/me",
        "^/(mine|demo/open/mine)$",
        "-api-routing-/system/demo",
        "^/demo/open/sys",
        "-api-deny-path",
        "^/old/echo/denied",
    ])
    .await;
    let reply = server.get("/old/echo/x?a=1").send().await.done();
    assert_eq!(reply["a"], "1");
    // The signature is made for the path that is asked for.
    assert_eq!(server.get("/mine").sign("plain", "ps").send().await.done()["login"], "plain");
    // No open path opens another one.
    server.get("/demo/open/mine").send().await.refused(417, "login");
    server.get("/demo/open/sys").sign("plain", "ps").send().await.refused(401, "");
    server.get("/demo/open/%73ys").send().await.refused(417, "login");
    server.get("/old/echo/denied").send().await.refused(403, "denied");
}

#[tokio::test]
async fn clients_are_sent_to_addresses_of_the_configuration_only() {
    let map = r#"{"^www.a.com/":"https://a.com@URL@","/moved/":"@PATH@x","/away":"https://b.com/"}"#;
    let server = start(&["-api-redirect-url", map]).await;
    let location = async |path: &str, host: &str| {
        let call = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let reply = server.raw(call.as_bytes(), Duration::from_secs(20)).await;
        let line = reply.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned);
        (reply[9..12].to_owned(), line)
    };
    let found = |to: &str| ("302".to_owned(), Some(to.to_owned()));
    assert_eq!(location("/b?c=1", "WWW.A.com:80").await, found("https://a.com/b?c=1"));
    assert_eq!(location("/away?c=1", "a.com").await, found("https://b.com/"));
    assert_eq!(location("/moved/", "a.com").await, found("/moved/x"));
    assert_eq!(location("//evil.com/moved/", "a.com").await, found("/evil.com/moved/x"));
    assert_eq!(location("/ping", "a.com").await, ("200".to_owned(), None));
}

#[tokio::test]
async fn who_asks_for_a_page_without_a_login_is_sent_to_log_in() {
    let page = "/public/login.html";
    let list = r"^/$|\.html$|^/demo/me$";
    let server = start(&[
        "-api-ignore-allow-path",
        r"^/$|^/[a-z]+\.html$",
        "-api-login-redirect-/public/login.html",
        list,
    ])
    .await;
    for path in ["/", "/index.html", "/demo/me", "/data/demo.html"] {
        let reply = server.get(path).send().await;
        assert_eq!((reply.status, reply.header("location")), (302, page), "{path}");
    }
    assert_eq!(server.get(page).send().await.status, 404);
    server.post("/demo/me").send().await.refused(417, "login");
    server.get("/demo/people").send().await.refused(417, "login");
    server
        .get("/demo/me")
        .sign("plain", "wrong")
        .send()
        .await
        .status
        .eq(&302)
        .then_some(())
        .expect("sent to log in");
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 200);
    // Who is logged in and may not is told so.
    server.get("/data/demo.html").sign("plain", "ps").send().await.refused(401, "");
    let mut socket = server.get("/x").open().await.expect("a websocket");
    assert_eq!(socket.ask("/demo/me").await["status"], 417);
}

#[tokio::test]
async fn a_host_has_a_folder_of_its_own() {
    let server = start(&["-api-vhost-path-sites/shop", r"^shop\."]).await;
    let web = server.home.path().join("web");
    std::fs::create_dir_all(web.join("sites/shop")).expect("a folder");
    std::fs::write(web.join("index.html"), "main").expect("a page");
    std::fs::write(web.join("main.html"), "main").expect("a page");
    std::fs::write(web.join("sites/shop/index.html"), "shop").expect("a page");
    let get = async |path: &str, host: &str| {
        let call = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let reply = server.raw(call.as_bytes(), Duration::from_secs(20)).await;
        (reply[9..12].to_owned(), reply.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
    };
    let found = |text: &str| ("200".to_owned(), text.to_owned());
    assert_eq!(get("/", "a.com").await, found("main"));
    assert_eq!(get("/", "Shop.a.com:80").await, found("shop"));
    assert_eq!(get("/main.html", "shop.a.com").await.0, "404");
    assert_eq!(get("/../../main.html", "shop.a.com").await.0, "404");
    assert_eq!(get("/ping", "shop.a.com").await.0, "200");
}

/// A server that answers each connection's first request with this, and gives what it was asked.
async fn upstream(reply: String) -> (String, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (send, receive) = tokio::sync::mpsc::channel(10);
    bkjs_core::task::spawn("upstream", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
            while !got.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(n @ 1..) => got.extend_from_slice(&buffer[..n]),
                    _ => break,
                }
            }
            send.send(String::from_utf8_lossy(&got).to_lowercase()).await.ok();
            stream.write_all(reply.as_bytes()).await.ok();
        }
    });
    (address, receive)
}

#[tokio::test]
async fn another_server_answers_in_place_of_this_one() {
    let behind = start(&["-api-trust-proxy", "127.0.0.1"]).await;
    let (url, host) = (
        format!("-api-proxy-url-http://{}", behind.address),
        format!("-api-proxy-host-http://{}", behind.address),
    );
    let params = [
        &url,
        "^/demo/open",
        &host,
        "^b.com$",
        "-api-deny-path",
        "^/demo/open/maybe",
        "-api-upload-limit",
        "1k",
    ];
    let server = TestServer::start(bkjs_api::Setup::new(), &params).await;
    let reply = server.get("/demo/open/echo?a=1").header("x-forwarded-for", "6.6.6.6").send().await;
    assert_eq!(reply.done(), json!({"a": "1", "ip": "127.0.0.1"}));
    assert_eq!(reply.headers.get_all("access-control-allow-origin").iter().count(), 1);
    let reply = server.post("/demo/open/echo").json(&json!({"a": [1]})).send().await;
    assert_eq!(reply.done()["a"], json!([1]));
    // Its errors are its own; what is refused here does not reach it; nor does what it is not configured for.
    assert_eq!(server.get("/demo/open/internal").send().await.status, 500);
    server.get("/demo/open/maybe").send().await.refused(403, "denied");
    server.get("/demo/me").send().await.refused(417, "login");
    server.post("/demo/open/echo").body("text/plain", "x".repeat(2000)).send().await.refused(413, "1024");
    let reply = server
        .raw(b"GET /demo/me HTTP/1.1\r\nHost: b.com\r\nConnection: close\r\n\r\n", Duration::from_secs(20))
        .await;
    assert!(reply.starts_with("HTTP/1.1 417"), "{reply}");
}

#[tokio::test]
async fn the_server_behind_is_told_who_asks_and_nothing_of_the_connection() {
    let (address, mut asked) = upstream(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Hop: 1\r\nConnection: close, x-hop\r\nAccess-Control-Allow-Origin: https://own\r\n\r\nok".into(),
    )
    .await;
    let server = TestServer::start(bkjs_api::Setup::new(), &["-api-proxy-reverse", &address]).await;
    let call = "GET /a%2fb?c=http://169.254.169.254/ HTTP/1.1\r\nHost: a.com\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-Ip: 6.6.6.6\r\n\
                Forwarded: for=6.6.6.6\r\nX-Forwarded-Host: evil\r\nTE: trailers\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\n\r\n";
    let reply = server.raw(call.as_bytes(), Duration::from_secs(20)).await.to_lowercase();
    let seen = asked.recv().await.expect("a request");
    assert!(seen.starts_with("get /a%2fb?c=http://169.254.169.254/ http/1.1\r\n"), "{seen}");
    for line in [
        "host: a.com\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-host: a.com\r\n",
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    for word in ["6.6.6.6", "evil", "x-secret", "trailers"] {
        assert!(!seen.contains(word), "{word} in {seen}");
    }
    assert!(reply.ends_with("\r\n\r\nok") && !reply.contains("x-hop"), "{reply}");
    assert!(
        reply.contains("access-control-allow-origin: https://own") && !reply.contains("origin: *"),
        "{reply}"
    );
    // Neither the login of a WebSocket nor the connection goes there.
    assert_eq!(server.get("/").open().await.err().expect("refused").1["status"], 400);
    // An address of another host is still the configured server's.
    let call = "GET http://169.254.169.254/x HTTP/1.1\r\nHost: a.com\r\nConnection: close\r\n\r\n";
    server.raw(call.as_bytes(), Duration::from_secs(20)).await;
    assert!(asked.recv().await.expect("a request").starts_with("get /x http/1.1"));
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_said_to_be() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let server = TestServer::start(bkjs_api::Setup::new(), &["-api-proxy-reverse", &address]).await;
    server.get("/x").send().await.refused(502, "behind");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let serving = ServeOptions { timeout: Duration::from_millis(300), ..ServeOptions::default() };
    let server =
        TestServer::start_with(setup(), &["-api-proxy-reverse", &address], ApiOptions::default(), serving)
            .await;
    server.get("/x").send().await.refused(504, "too long");
    let (address, _asked) = upstream("NONSENSE\r\n\r\n".into()).await;
    let server = TestServer::start(setup(), &["-api-proxy-reverse", &address]).await;
    server.get("/x").send().await.refused(502, "behind");
}
