//! How files are sent.

use bkjs_api::testing::{SECRET, TestServer};
use http::Method;

use crate::{put, start};

const FILE: &str = "/file/get?prefix=p&name=a.txt";

#[tokio::test]
async fn a_part_or_nothing_is_sent_when_that_is_asked_for() {
    let server = start(&[]).await;
    put(&server, "a.txt", "0123456789", "").await.done();
    let get =
        |name: &'static str, value: String| server.get(FILE).header(name, value).sign("ann", SECRET).send();
    let whole = server.ask("ann", FILE).await;
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    assert_eq!((whole.header("content-length"), whole.header("accept-ranges")), ("10", "bytes"));
    let (tag, date) = (whole.header("etag").to_owned(), whole.header("last-modified").to_owned());

    for (range, status, text, says) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=5-", 206, "56789", "bytes 5-9/10"),
        ("bytes=20-", 416, "", "bytes */10"),
        ("bytes=4-2", 416, "", "bytes */10"),
        ("bytes=0-1,3-4", 200, "0123456789", ""),
        ("chickens=1-2", 200, "0123456789", ""),
    ] {
        let part = get("range", range.into()).await;
        assert_eq!((part.status, part.header("content-range")), (status, says), "{range}");
        assert!(status == 416 || part.text() == text, "{range}: {}", part.text());
    }
    for (name, value) in [("if-none-match", tag.clone()), ("if-modified-since", date)] {
        let known = get(name, value).await;
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, &*tag), "{name}");
    }
    assert_eq!(get("if-match", "\"other\"".into()).await.status, 412);
    let head = server.call(Method::HEAD, FILE).sign("ann", SECRET).send().await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "10", 0));

    put(&server, "a.txt", "another", "").await.done();
    assert_eq!(get("if-none-match", tag).await.text(), "another");
}

#[tokio::test]
async fn nothing_that_was_uploaded_runs_in_the_name_of_the_site() {
    let server = start(&[]).await;
    for (name, kind, how) in [
        ("a.html", "application/octet-stream", "attachment"),
        ("a.svg", "application/octet-stream", "attachment"),
        ("a.js", "application/octet-stream", "attachment"),
        ("a.png.html", "application/octet-stream", "attachment"),
        ("noend", "application/octet-stream", "attachment"),
        ("a.txt", "text/plain; charset=utf-8", "inline"),
        ("a.png", "image/png", "inline"),
    ] {
        put(&server, name, "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "").await.done();
        let file = server.ask("ann", &format!("/file/get?prefix=p&name={name}")).await;
        assert_eq!((file.status, file.header("content-type")), (200, kind), "{name}");
        assert!(file.header("content-disposition").starts_with(how), "{name}");
        assert_eq!(file.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox", "{name}");
    }
}

#[tokio::test]
async fn only_what_everybody_may_see_may_be_kept_by_others() {
    let server = start(&[]).await;
    put(&server, "a.txt", "x", "&acl_allow=all").await.done();
    let by_id = format!("{FILE}&id={}", TestServer::id_of("ann"));
    assert_eq!(server.ask("bob", &by_id).await.header("cache-control"), "public, max-age=3600");
    // This is another file for another caller.
    assert_eq!(server.ask("ann", FILE).await.header("cache-control"), "private, no-cache");
    put(&server, "a.txt", "x", "&acl_allow=auth").await.done();
    assert_eq!(server.ask("bob", &by_id).await.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn a_file_that_is_gone_from_the_disk_is_not_found() {
    let server = start(&[]).await;
    put(&server, "a.txt", "x", "").await.done();
    std::fs::remove_dir_all(server.home.path().join("files")).expect("removed");
    server.ask("ann", FILE).await.refused(404, "no such file");
    put(&server, "a.txt", "y", "").await.done();
    assert_eq!(server.ask("ann", FILE).await.text(), "y");
}
