//! Storing, listing and removing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bkjs_api::AccountEvent;
use bkjs_api::testing::{SECRET, TestServer};
use bkjs_core::value::Row;
use image::ImageFormat;
use serde_json::json;

use crate::{image_of, objects, put, size, start};

#[tokio::test]
async fn an_image_comes_in_every_way() {
    let server = start(&[]).await;
    let png = image_of(40, 20, ImageFormat::Png);
    let text = STANDARD.encode(&png);
    let data_url = format!("data:image/png;base64,{text}");
    let uri = "/icon/put?prefix=album&type=me&_width=20";
    let calls = [
        server.post(uri).multipart(&[], &[("icon", &png)]),
        server.post(uri).multipart(&[], &[("photo", &png)]),
        server
            .post("/icon/put")
            .multipart(&[("prefix", "album"), ("type", "me"), ("_width", "20")], &[("icon", &png)]),
        server.post("/icon/put").json(&json!({"prefix": "album", "type": "me", "_width": 20, "icon": text})),
        server
            .post("/icon/put")
            .json(&json!({"prefix": "album", "type": "me", "_width": "20", "icon": data_url})),
        server.post("/icon/put").form(&[
            ("prefix", "album"),
            ("type", "me"),
            ("_width", "20"),
            ("icon", &text),
        ]),
        server.get(&format!("{uri}&icon={}", URL_SAFE_NO_PAD.encode(&png))),
        // As clients write it that do not encode the plus signs of base64.
        server.get(&format!("{uri}&icon={}", text.trim_end_matches('='))),
        server.post(uri).body("image/png", png.clone()),
        server.post(uri).body("application/octet-stream", png.clone()),
    ];
    for (at, call) in calls.into_iter().enumerate() {
        let listed = call.sign("ann", SECRET).send().await.done();
        assert_eq!(
            (listed.as_array().map(Vec::len), &listed[0]["type"]),
            (Some(1), &json!("me")),
            "{at}: {listed}"
        );
        assert_eq!((&listed[0]["width"], &listed[0]["height"]), (&json!(20), &json!(10)), "{at}");
        let got = server.ask("ann", "/icon/get?prefix=album&type=me").await;
        assert_eq!(
            (size(&got), got.header("content-type")),
            ((ImageFormat::Jpeg, 20, 10), "image/jpeg"),
            "{at}"
        );
        assert_eq!(server.ask("ann", "/icon/del?prefix=album&type=me").await.done(), json!([]));
        assert_eq!(objects(&server), 0, "{at}");
    }
}

#[tokio::test]
async fn the_shape_is_what_was_asked_for() {
    let server = start(&[]).await;
    for (query, expected) in [
        ("", (ImageFormat::Jpeg, 8, 6)),
        ("_width=4", (ImageFormat::Jpeg, 4, 3)),
        ("_height=12", (ImageFormat::Jpeg, 16, 12)),
        ("_width=-100", (ImageFormat::Jpeg, 8, 6)),
        ("_width=-4", (ImageFormat::Jpeg, 4, 3)),
        ("_width=-100&_height=-3", (ImageFormat::Jpeg, 8, 3)),
        ("_width=5&_height=5", (ImageFormat::Jpeg, 5, 5)),
        ("_ext=png", (ImageFormat::Png, 8, 6)),
        ("_ext=gif&_width=4", (ImageFormat::Gif, 4, 3)),
        ("_ext=webp", (ImageFormat::WebP, 8, 6)),
        ("_ext=jpeg&_quality=10&_rotate=90", (ImageFormat::Jpeg, 6, 8)),
        ("_brightness=10&_contrast=-10&_bgcolor=ffcc00", (ImageFormat::Jpeg, 8, 6)),
    ] {
        put(&server, "ann", &format!("prefix=a&{query}")).await.done();
        assert_eq!(size(&server.ask("ann", "/icon/get?prefix=a").await), expected, "{query}");
    }
    assert_eq!(objects(&server), 1);
    let webp = start(&["-api-images-ext", "webp"]).await;
    put(&webp, "ann", "prefix=a").await.done();
    assert_eq!(size(&webp.ask("ann", "/icon/get?prefix=a").await).0, ImageFormat::WebP);
}

#[tokio::test]
async fn icons_are_listed_by_prefix_and_the_beginning_of_their_type() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    for kind in ["me-1", "me-2", "12345:1", "you"] {
        put(&server, "ann", &format!("prefix=album&type={kind}&descr=d-{kind}")).await.done();
    }
    put(&server, "ann", "prefix=albums&type=me-3").await.done();
    let types = async |query: &str| {
        let listed = server.ask("ann", &format!("/icon/select?{query}")).await.done();
        let types = listed
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| row["type"].as_str().expect("text").to_owned());
        types.collect::<Vec<_>>()
    };
    assert_eq!(types("prefix=album&type=me").await, ["me-1", "me-2"]);
    assert_eq!(types("prefix=album&type=12345:").await, ["12345:1"]);
    assert_eq!(types("prefix=album").await.len(), 4);
    assert_eq!(types("prefix=none").await, [""; 0]);
    let listed = server.ask("ann", "/icon/select?prefix=album&type=you").await.done();
    let url = format!("/icon/get?id={ann}&prefix=album&type=you");
    assert_eq!(
        (&listed[0]["url"], &listed[0]["icon"], &listed[0]["descr"]),
        (&json!(url), &json!(url), &json!("d-you"))
    );
    assert_eq!(server.ask("ann", &url).await.status, 200);
    server.ask("ann", "/icon/select").await.refused(400, "prefix is required");
}

#[tokio::test]
async fn an_upload_is_stored_and_not_listed() {
    let server = start(&[]).await;
    let png = image_of(8, 6, ImageFormat::Png);
    let upload = |query: &str| {
        server
            .post(&format!("/icon/upload?prefix=album{query}"))
            .body("image/png", png.clone())
            .sign("ann", SECRET)
    };
    let named = upload("&type=one&_ext=png").send().await.done()["url"].as_str().expect("a url").to_owned();
    assert_eq!(named, format!("/image/album/{}/one.png", TestServer::id_of("ann")));
    assert_eq!(size(&server.ask("ann", &named).await), (ImageFormat::Png, 8, 6));
    let unnamed = upload("").send().await.done()["url"].clone();
    assert_ne!(unnamed, upload("").send().await.done()["url"]);
    assert_eq!(server.ask("ann", "/icon/select?prefix=album").await.done(), json!([]));
    server.ask("ann", "/icon/get?prefix=album&type=one").await.refused(404, "no such icon");
    // For the owner alone, until the operator opens the path.
    server.ask("bob", &named).await.refused(404, "no such icon");
    server.ask("ann", "/icon/del?prefix=album&type=one").await.done();
    server.ask("ann", &named).await.refused(404, "no such icon");
    assert_eq!(objects(&server), 2);
}

#[tokio::test]
async fn an_icon_replaces_the_one_with_its_name_and_all_that_was_said_of_it() {
    let server = start(&[]).await;
    let ann = TestServer::id_of("ann");
    put(&server, "ann", "prefix=a&acl_allow=all&descr=first&latitude=1&longitude=2&tags=x,y").await.done();
    let first = server.ask("ann", "/icon/get?prefix=a").await;
    put(&server, "ann", "prefix=a&_width=4").await.done();
    let second = server.ask("ann", "/icon/get?prefix=a").await;
    assert_ne!(first.header("etag"), second.header("etag"));
    assert_eq!(size(&second).1, 4);
    assert_eq!(objects(&server), 1);
    let row = &server.ask("ann", "/icon/select?prefix=a").await.done()[0];
    assert_eq!(
        (&row["descr"], &row["acl_allow"], &row["latitude"]),
        (&json!(null), &json!(null), &json!(null))
    );
    server.ask("bob", &format!("/icon/get?prefix=a&id={ann}")).await.refused(404, "no such icon");
}

#[tokio::test]
async fn icons_go_with_their_account() {
    let server = start(&[]).await;
    for kind in ["a", "b", "c"] {
        put(&server, "ann", &format!("prefix=album&type={kind}")).await.done();
    }
    let png = image_of(8, 6, ImageFormat::Png);
    server.post("/icon/upload?prefix=x").body("image/png", png).sign("ann", SECRET).send().await.done();
    put(&server, "bob", "prefix=album&type=a").await.done();
    assert_eq!(objects(&server), 5);
    let gone = Row::new().with("id", TestServer::id_of("ann")).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    assert_eq!(objects(&server), 1);
    assert_eq!(server.ask("ann", "/icon/select?prefix=album").await.done(), json!([]));
    assert_eq!(server.ask("bob", "/icon/get?prefix=album&type=a").await.status, 200);
}
