//! Images by their address.

use bkjs_api::testing::TestServer;
use http::Method;
use image::ImageFormat;

use crate::{put, size, start};

#[tokio::test]
async fn a_prefix_that_the_operator_has_opened_is_for_everybody() {
    let server = start(&["-api-allow-path", "^/image/account/"]).await;
    let ann = TestServer::id_of("ann");
    put(&server, "ann", "prefix=account&type=5").await.done();
    put(&server, "ann", "prefix=album&type=5").await.done();
    for file in ["5", "5.jpg", "5.jpeg", "5.JPG"] {
        let image = server.get(&format!("/image/account/{ann}/{file}")).send().await;
        assert_eq!(size(&image).0, ImageFormat::Jpeg, "{file}");
        assert_eq!(image.header("cache-control"), "public, max-age=3600");
    }
    for file in ["5.png", "6", "5.jp2"] {
        let image = server.get(&format!("/image/account/{ann}/{file}")).send().await;
        image.refused(404, "no such icon");
    }
    server.get(&format!("/image/album/{ann}/5")).send().await.refused(417, "login");
    server.get(&format!("/image/album/{ann}/5.jpg")).send().await.refused(404, "no such icon");
}

#[tokio::test]
async fn an_ending_opens_no_image_that_is_not_shown() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    for (acl, status) in [("", 404), ("auth", 404), ("all", 200)] {
        put(&server, "ann", &format!("prefix=a&type=t&acl_allow={acl}")).await.done();
        let uri = format!("/image/a/{ann}/t.jpg");
        assert_eq!(server.get(&uri).send().await.status, status, "{acl:?}");
        assert_eq!(server.ask("ann", &uri).await.status, 200, "{acl:?}");
        assert_eq!(server.ask("bob", &uri).await.status, if acl.is_empty() { 404 } else { 200 }, "{acl:?}");
    }
}

#[tokio::test]
async fn a_type_may_end_like_a_format() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    put(&server, "ann", "prefix=a&type=logo.png").await.done();
    let image = server.ask("ann", &format!("/image/a/{ann}/logo.png")).await;
    assert_eq!((size(&image).0, image.header("content-type")), (ImageFormat::Jpeg, "image/jpeg"));
    let image = server.ask("ann", &format!("/image/a/{ann}/logo.png.jpg")).await;
    assert_eq!(size(&image).0, ImageFormat::Jpeg);
}

#[tokio::test]
async fn no_address_leads_out_of_the_images() {
    let server = start(&["-api-allow-path", "^/image/"]).await;
    let ann = TestServer::id_of("ann");
    put(&server, "ann", "prefix=a&type=t").await.done();
    std::fs::write(server.home.path().join("secret.jpg"), "secret").expect("a file");
    for path in [
        format!("/image/a/{ann}/..%2f..%2f..%2fsecret.jpg"),
        format!("/image/a/..%2f..%2f{ann}/t"),
        format!("/image/%2e%2e/{ann}/secret.jpg"),
        format!("/image/..%5c..%5c/{ann}/secret"),
        "/image/../../secret.jpg".into(),
        format!("/image/a/{ann}/%2e%2e%2f"),
        format!("/image/a/{ann}/%00.jpg"),
        format!("/image/a/{ann}/%ff"),
        format!("/image//{ann}/t"),
        "/image/a".into(),
        format!("/image/a/{ann}/t/x"),
        format!("/image/a/{}/t", "x".repeat(5000)),
    ] {
        let answer = server.get(&path).send().await;
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("secret\n"), "{path}");
    }
}

#[tokio::test]
async fn a_part_or_nothing_is_sent_when_that_is_asked_for() {
    let server = start(&["-api-allow-path", "^/image/"]).await;
    put(&server, "ann", "prefix=a&type=t").await.done();
    let uri = format!("/image/a/{}/t.jpg", TestServer::id_of("ann"));
    let whole = server.get(&uri).send().await;
    let known = server.get(&uri).header("if-none-match", whole.header("etag")).send().await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let part = server.get(&uri).header("range", "bytes=0-2").send().await;
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[..3]));
    let head = server.call(Method::HEAD, &uri).send().await;
    assert_eq!((head.status, head.header("content-length")), (200, &*whole.body.len().to_string()));
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
}
