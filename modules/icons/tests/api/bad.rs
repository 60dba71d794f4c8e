//! Bad input: refused by name, and nothing is stored.

use bkjs_api::testing::SECRET;
use bkjs_core::db::RowFate;
use bkjs_core::{Error, ErrorKind};
use image::ImageFormat;

use crate::{image_of, objects, put, size, start};

#[tokio::test]
async fn what_no_icon_can_be_is_named() {
    let server = start(&[]).await;
    for (query, words) in [
        ("type=t", "prefix is required"),
        ("prefix=..&type=t", "prefix must be"),
        ("prefix=a%2Fb&type=t", "prefix must be"),
        ("prefix=a:b&type=t", "prefix must be"),
        ("prefix=a&type=..%2Ft", "type must be"),
        ("prefix=a&type=t%00", "type must be"),
        ("prefix=a&type=%2Fetc%2Fpasswd", "type must be"),
        ("prefix=a&type=t&type=u", "type must be given once"),
        ("prefix=account&type=me", "type must be one digit"),
        ("prefix=a&_ext=jp2", "_ext: jp2"),
        ("prefix=a&_ext=svg", "_ext: there is jpg, png, gif and webp"),
        ("prefix=a&_width=many", "_width must be an integer"),
        ("prefix=a&_width=99999", "_width must be from -16384 to 16384"),
        ("prefix=a&_height=-99999999999", "_height must be an integer"),
        ("prefix=a&_quality=0", "_quality must be from 1 to 100"),
        ("prefix=a&_rotate=45", "_rotate must be a multiple of 90"),
        ("prefix=a&_bgcolor=red", "_bgcolor"),
        ("prefix=a&latitude=91", "latitude"),
        ("prefix=a&longitude=x", "longitude"),
    ] {
        let answer = put(&server, "ann", query).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.message().contains(words), "{query}: {}", answer.text());
    }
    let long = put(&server, "ann", &format!("prefix=a&acl_allow={}", "x,".repeat(3000))).await;
    long.refused(400, "acl_allow is too long");
    assert_eq!(objects(&server), 0);
}

#[tokio::test]
async fn what_is_no_image_is_refused() {
    let server = start(&["-api-upload-limit", "20k"]).await;
    let uri = "/icon/put?prefix=a";
    server.ask("ann", uri).await.refused(400, "icon is required");
    server.ask("ann", &format!("{uri}&icon=")).await.refused(400, "icon is required");
    server.ask("ann", &format!("{uri}&icon=%25")).await.refused(400, "icon is not base64");
    server.ask("ann", &format!("{uri}&icon=aGVsbG8=")).await.refused(400, "neither JPEG, PNG, GIF nor WebP");
    let png = image_of(30, 30, ImageFormat::Png);
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    for bytes in
        [svg, png[..40].to_vec(), bomb, b"GIF89a<script>".to_vec(), vec![0xff, 0xd8, 0xff], vec![0; 100]]
    {
        let answer = server.post(uri).body("image/png", bytes.clone()).sign("ann", SECRET).send().await;
        assert!(matches!(answer.status, 400 | 413), "{bytes:?}: {}", answer.text());
    }
    let large = server.post(uri).body("image/png", vec![0; 30_000]).sign("ann", SECRET).send().await;
    large.refused(413, "too large");
    let files = [("a", &png[..]), ("b", &png)];
    let two = server.post(uri).multipart(&[], &files).sign("ann", SECRET).send().await;
    two.refused(400, "icon must be the name of one of the files");
    assert_eq!(objects(&server), 0);
    assert_eq!(server.ask("ann", "/icon/select?prefix=a").await.text(), "[]");
}

#[tokio::test]
async fn an_image_with_too_many_pixels_is_refused_by_its_header() {
    let server = start(&["-api-images-max-pixels", "100"]).await;
    put(&server, "ann", "prefix=a").await.done();
    let image = image_of(11, 10, ImageFormat::Png);
    let call = server.post("/icon/put?prefix=a").body("image/png", image).sign("ann", SECRET);
    call.send().await.refused(413, "11 x 10 pixels, at most 100");
    put(&server, "ann", "prefix=a&_width=14").await.refused(413, "14 x 11 pixels");
    assert_eq!(size(&server.ask("ann", "/icon/get?prefix=a").await).1, 8);
}

#[tokio::test]
async fn an_icon_that_is_not_recorded_leaves_the_one_before_it() {
    let mut setup = bkjs_api::Setup::new();
    bkjs_api::Module::register(&bkjs_icons::IconsModule, &mut setup);
    setup.pre_row("bk_icon", |row, _| match row.text("descr") {
        "fail" => Err(Error::new(ErrorKind::Forbidden, "on purpose")),
        _ => Ok(RowFate::Keep),
    });
    let server = bkjs_api::testing::TestServer::start(setup, &[]).await;
    server.people(["ann"]).await;
    put(&server, "ann", "prefix=a&descr=first").await.done();
    let before = server.ask("ann", "/icon/get?prefix=a").await;
    put(&server, "ann", "prefix=a&_width=4&descr=fail").await.refused(403, "on purpose");
    let after = server.ask("ann", "/icon/get?prefix=a").await;
    assert_eq!((before.header("etag"), &before.body), (after.header("etag"), &after.body));
    assert_eq!(objects(&server), 1);
}
