//! Storing and removing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bkjs_api::AccountEvent;
use bkjs_api::testing::SECRET;
use bkjs_core::value::Row;
use serde_json::json;

use crate::{objects, put, start};

#[tokio::test]
async fn a_file_comes_in_every_way_and_goes_out_as_it_came() {
    let server = start(&[]).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let text = STANDARD.encode(&bytes);
    let (uri, address) = ("/file/put?prefix=p&name=a.bin", "/file/get?prefix=p&name=a.bin");
    let base = json!({"prefix": "p", "name": "a.bin"});
    let with = |property: &str, more: &[(&str, &str)]| {
        let mut body = base.clone();
        body[property] = text.clone().into();
        more.iter().for_each(|(name, value)| body[*name] = (*value).into());
        body
    };
    let calls = [
        server.post(uri).multipart(&[], &[("data", &bytes)]),
        server.post(uri).multipart(&[], &[("whatever", &bytes)]),
        server
            .post("/file/put")
            .multipart(&[("prefix", "p"), ("name", "a.bin"), ("_name", "b")], &[("a", b"no"), ("b", &bytes)]),
        server.post("/file/put").json(&with("data", &[])),
        server.post("/file/add").json(&with("content", &[("_name", "content")])),
        server.post("/file/put").form(&[("prefix", "p"), ("name", "a.bin"), ("data", &text)]),
        server.post(uri).body("application/octet-stream", bytes.clone()),
        server.post(uri).body("text/html", bytes.clone()),
    ];
    for (at, call) in calls.into_iter().enumerate() {
        let stored = call.sign("ann", SECRET).send().await.done();
        let expected =
            json!({"status": 200, "message": "", "prefix": "p", "name": "a.bin", "size": bytes.len()});
        assert_eq!(stored, expected, "{at}");
        let got = server.ask("ann", address).await;
        assert_eq!((got.status, got.body.len()), (200, bytes.len()), "{at}");
        assert_eq!(got.body, bytes, "{at}");
        assert_eq!(server.ask("ann", "/file/del?prefix=p&name=a.bin").await.done(), json!([]));
        server.ask("ann", address).await.refused(404, "no such file");
        assert_eq!(objects(&server), 0, "{at}");
    }
}

#[tokio::test]
async fn a_file_replaces_the_one_with_its_name_and_leaves_nothing_of_it() {
    let server = start(&[]).await;
    put(&server, "a.txt", "one", "&acl_allow=all").await.done();
    put(&server, "a.txt", "two", "").await.done();
    assert_eq!(server.ask("ann", "/file/get?prefix=p&name=a.txt").await.text(), "two");
    assert_eq!(objects(&server), 1);
    // What the first one was shown to does not see the second.
    let ann = bkjs_api::testing::TestServer::id_of("ann");
    let uri = format!("/file/get?prefix=p&name=a.txt&id={ann}");
    server.ask("bob", &uri).await.refused(404, "no such file");
}

#[tokio::test]
async fn names_get_a_time_and_an_ending_when_they_are_asked_for() {
    let server = start(&[]).await;
    assert_eq!(put(&server, "a.txt", "x", "&_ext=md").await.done()["name"], "a.md");
    let stamped = put(&server, "a.txt", "x", "&_tm=1").await.done();
    let name = stamped["name"].as_str().expect("a name");
    assert!(name.starts_with("a-") && name.ends_with(".txt") && name.len() == 19, "{name}");
    assert_eq!(server.ask("ann", &format!("/file/get?prefix=p&name={name}")).await.text(), "x");
}

#[tokio::test]
async fn bad_input_is_named_and_stores_nothing() {
    let server = start(&["-api-upload-limit", "2k"]).await;
    for (query, words) in [
        ("name=a&data=eA", "prefix"),
        ("prefix=p&data=eA", "name"),
        ("prefix=p&name=a", "data is required"),
        ("prefix=p&name=a&data=", "data is required"),
        ("prefix=p&name=a&data=%25", "data is not base64"),
        ("prefix=p&name=a&data=eA&data=eA", "data must be base64 text, given once"),
        ("prefix=p&name=a&data=eA&_name=other", "other is required"),
        ("prefix=p&name=a&data=eA&_encoding=rot13", "_encoding must be one of base64, utf8"),
        ("prefix=p&name=a&data=eA&_tm=x&_ext=..%2F..%2Fx", "name must be"),
        ("prefix=..&name=a&data=eA", "prefix must be"),
        ("prefix=p%2Fq&name=a&data=eA", "prefix must be"),
        ("prefix=%2Fetc&name=passwd&data=eA", "prefix must be"),
        ("prefix=p&name=..&data=eA", "name must be"),
        ("prefix=p&name=..%2F..%2Fstray&data=eA", "name must be"),
        ("prefix=p&name=%2Fetc%2Fpasswd&data=eA", "name must be"),
        ("prefix=p&name=..%5Ca&data=eA", "name must be"),
        ("prefix=p&name=a%00b&data=eA", "name must be"),
        ("prefix=p&name=.htaccess&data=eA", "name must be"),
        ("prefix=p&name=a&name=b&data=eA", "name must be given once"),
    ] {
        let answer = server.ask("ann", &format!("/file/put?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.message().contains(words), "{query}: {}", answer.text());
        if words.contains("must be") {
            assert!(server.ask("ann", &format!("/file/get?{query}")).await.status < 500, "{query}");
        }
    }
    let large = vec![0; 3000];
    let call = server.post("/file/put?prefix=p&name=a").body("application/octet-stream", large);
    call.sign("ann", SECRET).send().await.refused(413, "too large");
    let two = [("a", &b"1"[..]), ("b", b"2")];
    let call = server.post("/file/put?prefix=p&name=a").multipart(&[], &two);
    call.sign("ann", SECRET).send().await.refused(400, "data must be the name of one of the files");
    assert_eq!(objects(&server), 0);
}

#[tokio::test]
async fn files_go_with_their_account() {
    let server = start(&[]).await;
    for name in ["a", "b", "c"] {
        put(&server, name, "x", "").await.done();
    }
    server.ask("bob", "/file/put?prefix=p&name=a&data=eA").await.done();
    let gone = Row::new().with("id", bkjs_api::testing::TestServer::id_of("ann")).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    assert_eq!(objects(&server), 1);
    server.ask("ann", "/file/get?prefix=p&name=a").await.refused(404, "no such file");
    assert_eq!(server.ask("bob", "/file/get?prefix=p&name=a").await.text(), "x");
}
