//! Images of messages.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bkjs_api::AccountEvent;
use bkjs_api::testing::{Answer, SECRET, TestServer};
use bkjs_core::value::Row;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::json;

use crate::{people, rows, start};

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image: DynamicImage = RgbImage::new(8, 6).into();
    image.write_to(&mut bytes, ImageFormat::Png).expect("an image");
    bytes.into_inner()
}

/// How many images are stored.
fn objects(server: &TestServer) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    count(&server.home.path().join("images"))
}

async fn send(server: &TestServer, from: &str, query: &str) -> Answer {
    let call = server.post(&format!("/message/add?{query}")).multipart(&[], &[("icon", &png())]);
    call.sign(from, SECRET).send().await
}

fn is_jpeg(answer: &Answer) -> bool {
    answer.status == 200
        && answer.header("content-type") == "image/jpeg"
        && answer.body.starts_with(b"\xff\xd8\xff")
}

#[tokio::test]
async fn an_image_arrives_and_a_copy_stays() {
    let server = start().await;
    let [ann, bob, _] = people(&server, ["ann", "bob", "cal"]).await;
    let text = STANDARD.encode(png());
    let calls = [
        server.post(&format!("/message/add?id={bob}")).multipart(&[("msg", "see")], &[("icon", &png())]),
        server.post("/message/add").json(&json!({"id": bob, "icon": text, "_ext": "png", "_width": 4})),
        server.post("/message/add").form(&[("id", &bob), ("icon", &text)]),
        server.get(&format!("/message/add?id={bob}&icon={text}&msg=&_nosent=1")),
    ];
    for call in calls {
        assert_eq!(call.sign("ann", SECRET).send().await.done()[0]["id"], bob.as_str());
    }
    assert_eq!(objects(&server), 7);
    let inbox = rows(&server, "bob", "/message/get").await;
    let types: Vec<_> = inbox.iter().map(|row| (row["msg"].clone(), row["icon_type"].clone())).collect();
    assert_eq!(types[..2], [(json!("see"), json!("jpg")), (json!(""), json!("png"))]);
    for row in &inbox {
        let url = format!("/message/image?sender={ann}&mtime={}", row["mtime"]);
        assert_eq!(row["icon"], url);
        let image = server.ask("bob", &url).await;
        assert_eq!((image.status, image.header("cache-control")), (200, "private, no-cache"));
        // Nobody else's: the sender has a copy of its own.
        for login in ["ann", "cal"] {
            server.ask(login, &url).await.refused(404, "no such image");
        }
    }
    let sent = rows(&server, "ann", "/message/get/sent").await;
    assert_eq!(sent.len(), 3);
    for row in &sent {
        assert_eq!(row["icon"], format!("/message/image?recipient={bob}&mtime={}", row["mtime"]));
        assert_eq!(server.ask("ann", row["icon"].as_str().expect("a url")).await.status, 200);
    }
    let selected = rows(&server, "bob", "/message/get?_select=icon&_count=1").await;
    assert_eq!(selected[0]["icon"], inbox[0]["icon"]);
    server.ask("bob", "/message/get").await.lacks(&["image"]);
}

#[tokio::test]
async fn an_image_moves_and_goes_with_its_message() {
    let server = start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mtime = send(&server, "ann", &format!("id={bob}&msg=one")).await.done()[0]["mtime"].clone();
    let url = format!("/message/image?sender={ann}&mtime={mtime}");
    server.ask("bob", &format!("/message/archive?sender={ann}&mtime={mtime}")).await.done();
    assert!(is_jpeg(&server.ask("bob", &url).await));
    assert_eq!(rows(&server, "bob", "/message/get/archive").await[0]["icon"], url);
    assert_eq!(objects(&server), 2);
    server.ask("bob", &format!("/message/del/archive?sender={ann}&mtime={mtime}")).await.done();
    server.ask("bob", &url).await.refused(404, "no such image");
    // What the sender has kept is still there.
    assert_eq!(objects(&server), 1);
    server.ask("ann", &format!("/message/del/sent?recipient={bob}")).await.done();
    assert_eq!(objects(&server), 0);

    for _ in 0..3 {
        send(&server, "ann", &format!("id={bob}&_nosent=1")).await.done();
    }
    server.ask("ann", &format!("/message/add?id={bob}&msg=text")).await.done();
    let taken = rows(&server, "bob", "/message/get?_archive=1&_count=1").await;
    assert!(is_jpeg(&server.ask("bob", taken[0]["icon"].as_str().expect("a url")).await));
    server.ask("bob", "/message/get?_trash=1&_count=1").await.done();
    assert_eq!(objects(&server), 2);
    server.ask("bob", &format!("/message/del?sender={ann}")).await.done();
    assert_eq!(objects(&server), 1);
    assert!(rows(&server, "bob", "/message/get").await.is_empty());
}

#[tokio::test]
async fn images_go_with_their_account() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    send(&server, "ann", &format!("id={bob}")).await.done();
    let gone = Row::new().with("id", bob.as_str()).with("login", "bob");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    assert_eq!(objects(&server), 1);
    assert_eq!(rows(&server, "ann", "/message/get/sent").await.len(), 1);
}

#[tokio::test]
async fn bad_images_are_named_and_nothing_is_sent() {
    let server = start().await;
    let [_, bob] = people(&server, ["ann", "bob"]).await;
    let add = |query: &str| format!("/message/add?id={bob}&{query}");
    for (query, words) in [
        ("icon=%25", "icon is not base64"),
        ("icon=aGVsbG8=&msg=x", "neither JPEG, PNG, GIF nor WebP"),
        ("icon=", "msg is required"),
        ("msg=x&msg=y", "msg must be given once"),
    ] {
        server.ask("ann", &add(query)).await.refused(400, words);
    }
    send(&server, "ann", &format!("id={bob}&_ext=jp2")).await.refused(400, "jp2");
    let many: Vec<String> = (0..101).map(|n| format!("id{n}")).collect();
    send(&server, "ann", &format!("id={}", many.join(","))).await.refused(400, "at most 100");
    let unknown = send(&server, "ann", "id=nobody").await.done();
    assert_eq!(unknown, json!([{"id": "nobody", "error": "no such account"}]));
    for (query, words) in [
        ("", "mtime is required"),
        ("mtime=1", "sender is required"),
        ("mtime=x&sender=a", "mtime must be"),
        ("mtime=1&sender=a&recipient=b", "not both"),
    ] {
        server.ask("ann", &format!("/message/image?{query}")).await.refused(400, words);
    }
    server.ask("ann", &format!("/message/image?mtime=1&sender={bob}")).await.refused(404, "no such image");
    server.get("/message/image?mtime=1&sender=a").send().await.refused(417, "login");
    assert_eq!(objects(&server), 0);
    assert!(rows(&server, "bob", "/message/get").await.is_empty());
}
