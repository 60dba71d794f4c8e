//! Headers of every reply.

use crate::demo::start;

#[tokio::test]
async fn every_reply_carries_them() {
    let server = start(&[]).await;
    for path in ["/ping", "/demo/me", "/no.html"] {
        let answer = server.get(path).send().await;
        assert!(answer.header("server").starts_with("bkjs/"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(!answer.header("version").is_empty() && !answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
    assert_eq!(server.get("/ping").send().await.header("cache-control"), "no-store");
    assert_eq!(server.get("/ping").header("x-request-id", "abc").send().await.header("x-request-id"), "abc");
}

#[tokio::test]
async fn credentials_are_for_listed_origins_only() {
    let server = start(&["-api-cors-origin", "https://a.com"]).await;
    let good = server.get("/ping").header("origin", "https://a.com").send().await;
    assert_eq!(good.header("access-control-allow-origin"), "https://a.com");
    assert_eq!(good.header("access-control-allow-credentials"), "true");
    let bad = server.get("/ping").header("origin", "https://b.com").send().await;
    assert_eq!((bad.status, bad.header("access-control-allow-origin")), (200, ""));
}
