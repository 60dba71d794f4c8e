//! Files of the web site.

use std::sync::Arc;

use bkjs_api::statics::{Asset, Assets};
use bkjs_api::testing::TestServer;
use bkjs_api::{ApiOptions, ServeOptions};
use http::Method;

use crate::demo::setup;

struct BuiltIn;

impl Assets for BuiltIn {
    fn find(&self, path: &str) -> Option<Asset> {
        let data: &[u8] = match path {
            "index.html" => b"<p>built in</p>",
            "js/a.js" => b"a()",
            _ => return None,
        };
        Some(Asset { data: data.into(), etag: "\"1\"".into(), last_modified: None })
    }
}

async fn start() -> TestServer {
    let options = ApiOptions { assets: vec![Arc::new(BuiltIn)], ..ApiOptions::default() };
    TestServer::start_with(setup(), &[], options, ServeOptions::default()).await
}

#[tokio::test]
async fn the_folder_lies_over_what_is_built_in() {
    let server = start().await;
    let page = server.get("/").send().await;
    assert_eq!(
        (page.text().as_str(), page.header("content-type")),
        ("<p>built in</p>", "text/html; charset=utf-8")
    );
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(server.get("/js/a.js").send().await.text(), "a()");
    std::fs::write(server.home.path().join("web/index.html"), "mine").expect("a file");
    assert_eq!(server.get("/").send().await.text(), "mine");
    assert_eq!(server.get("/nothing.html").send().await.status, 404);
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let server = start().await;
    std::fs::write(server.home.path().join("web/b.css"), "0123456789").expect("a file");
    for path in ["/js/a.js", "/b.css"] {
        let first = server.get(path).send().await;
        let tag = first.header("etag").to_owned();
        assert!(!tag.is_empty(), "{path}");
        let again = server.get(path).header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    let part = server.get("/b.css").header("range", "bytes=2-4").send().await;
    assert_eq!((part.status, part.text().as_str()), (206, "234"));
    let wrong = server.get("/b.css").header("range", "bytes=20-10").send().await;
    assert!(wrong.status < 500);
    let head = server.call(Method::HEAD, "/b.css").send().await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "10", 0));
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let server = start().await;
    let home = server.home.path();
    std::fs::write(home.join("secret.html"), "secret").expect("a file");
    std::fs::write(home.join("web/.hidden.html"), "secret").expect("a file");
    std::os::unix::fs::symlink(home.join("secret.html"), home.join("web/link.html")).expect("a link");
    for path in [
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/js/..%5c..%5csecret.html",
        "/.hidden.html",
        "/link.html",
        "/js/%00.html",
    ] {
        let answer = server.get(path).send().await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text().contains("secret"), "{path}");
    }
}
