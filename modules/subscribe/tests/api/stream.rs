//! Events as a stream.

use std::sync::Arc;

use bkjs_api::ApiOptions;
use bkjs_api::testing::TestServer;
use bkjs_core::config::defaults;
use bkjs_core::pubsub::drivers::local::LocalPubsub;
use bkjs_core::pubsub::{PubsubDriver, PubsubParams, Pubsubs};

use crate::{NEVER, Open, start, start_with, tell, until_waiting};

const STREAM: &str = "text/event-stream";

#[tokio::test]
async fn each_event_comes_as_it_happens() {
    let server = start(&["-api-subscribe-interval", NEVER]).await;
    let mut open = Open::send(&server, "ann", "?match=message", STREAM).await;
    let head = open.until("listening").await.to_lowercase();
    for line in [
        "http/1.1 200",
        "content-type: text/event-stream",
        "cache-control: no-cache",
        "x-accel-buffering: no",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    tell(&server, "ann", "/message/add", "one").await;
    open.until("\"one\"").await;
    tell(&server, "bob", "/message/add", "of another").await;
    tell(&server, "ann", "/counter/incr", "no match").await;
    tell(&server, "ann", "/message/add", "two").await;
    let got = open.until("\"two\"").await;
    assert_eq!(got.matches("data: {").count(), 2, "{got}");
    assert!(got.contains("\"path\":\"/message/add\""), "{got}");
    assert!(!got.contains("of another") && !got.contains("no match"), "{got}");
}

#[tokio::test]
async fn line_breaks_are_no_marks_of_the_stream() {
    let server = start(&[]).await;
    let mut open = Open::send(&server, "ann", "", STREAM).await;
    open.until("listening").await;
    let channel = bkjs_api::account_channel(&TestServer::id_of("ann"));
    server.api.pubsub().publish(&channel, "a\r\ndata: b\n\nevent: c").await.expect("published");
    open.until("data: \"a\\r\\ndata: b\\n\\nevent: c\"\n\n").await;
}

#[tokio::test]
async fn comments_keep_it_open_and_the_timeout_ends_it() {
    let params = ["-api-subscribe-keepalive", "100", "-api-subscribe-timeout", "2000"];
    let server = start(&params).await;
    let mut open = Open::send(&server, "ann", "", STREAM).await;
    open.until(": still here\n\n").await;
    open.until("\r\n0\r\n\r\n").await;
    until_waiting(&server, "ann", 0).await;
}

#[tokio::test]
async fn one_that_is_not_read_is_dropped_and_ends() {
    let server = start(&[]).await;
    let mut open = Open::send(&server, "ann", "", STREAM).await;
    open.until("listening").await;
    // More than the connection and what waits for one subscriber have room for.
    let large = "x".repeat(200 << 10);
    for _ in 0..300 {
        tell(&server, "ann", "/message/add", &large).await;
        tokio::task::yield_now().await;
    }
    open.until_end().await;
    until_waiting(&server, "ann", 0).await;
}

#[tokio::test]
async fn it_says_that_events_may_be_missing() {
    let local = LocalPubsub::alone();
    let driver: Arc<dyn PubsubDriver> = Arc::new(local.clone());
    let pubsubs = Pubsubs::open(&defaults::<PubsubParams>(), None, &driver).expect("a client");
    let server = start_with(&[], ApiOptions { pubsubs: Some(pubsubs), ..ApiOptions::default() }).await;
    let mut open = Open::send(&server, "ann", "", STREAM).await;
    open.until("listening").await;
    local.missed();
    open.until("event: missed\ndata: {}\n\n").await;
    tell(&server, "ann", "/message/add", "text").await;
    open.until("/message/add").await;
}
