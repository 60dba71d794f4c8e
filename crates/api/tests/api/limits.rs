//! Limits of size, number and rate.

use std::time::Duration;

use crate::demo::start;

#[tokio::test]
async fn a_body_over_the_limit_is_413_whole_or_in_chunks() {
    let server = start(&["-api-upload-limit", "2048"]).await;
    let answer = server.post("/demo/open/echo").body("application/json", vec![b' '; 3_000_000]).send().await;
    assert_eq!((answer.status, answer.json()["status"].clone()), (413, 413.into()));
    let fits = server.post("/demo/open/echo").body("text/plain", vec![b' '; 2048]).send().await;
    assert_eq!(fits.status, 200);
    let chunk = format!("{:x}\r\n{}\r\n", 1500, "x".repeat(1500));
    let request = format!(
        "POST /demo/open/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    assert!(server.raw(request.as_bytes(), Duration::from_millis(300)).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let server = start(&["-api-upload-limit", "2048"]).await;
    let head =
        "POST /demo/open/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n";
    let reply = server.raw(head.as_bytes(), Duration::from_millis(300)).await;
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
}

#[tokio::test]
async fn an_address_that_is_too_long_is_414() {
    let server = start(&["-api-max-uri", "2k"]).await;
    assert_eq!(server.get(&format!("/ping?a={}", "x".repeat(3000))).send().await.status, 414);
}

#[tokio::test]
async fn a_path_has_its_rate() {
    let server = start(&[
        "-api-rlimits-rate-/ping",
        "3",
        "-api-rlimits-max-/ping",
        "3",
        "-api-rlimits-interval-/ping",
        "3600000",
    ])
    .await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(server.get("/ping").send().await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(server.get("/demo/open/echo").send().await.status, 200);
}

#[tokio::test]
async fn addresses_and_accounts_have_their_rates() {
    let server = start(&["-api-rlimits-rate-ip", "2", "-api-rlimits-interval", "3600000"]).await;
    let mut statuses = Vec::new();
    for path in ["/ping", "/demo/open/echo", "/ping"] {
        statuses.push(server.get(path).send().await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);

    let server = start(&["-api-rlimits-interval", "3600000"]).await;
    server.add_auth("slow", "s", &[("rlimits_max", "1"), ("rlimits_rate", "1")]).await;
    assert_eq!(server.get("/demo/me").sign("slow", "s").send().await.status, 200);
    assert_eq!(server.get("/demo/me").sign("slow", "s").send().await.status, 429);
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 200);
}

#[tokio::test]
async fn a_full_queue_is_503() {
    let server = start(&["-api-max-request-queue", "1"]).await;
    let waiting = server.get("/demo/open/wait");
    let waiting = bkjs_core::task::spawn("waiting", waiting.send());
    // The first to be refused shows that the other one is being served.
    while server.get("/ping").send().await.status == 200 {
        tokio::task::yield_now().await;
    }
    server.api.shared::<std::sync::Arc<crate::demo::Gate>>().expect("the gate").0.add_permits(1);
    assert_eq!(waiting.await.expect("a task").expect("an answer").status, 200);
    assert_eq!(server.get("/ping").send().await.status, 200);
}
