//! Parameters from every kind of body, good and bad.

use proptest::prelude::*;
use serde_json::json;

use crate::demo::start;

#[tokio::test]
async fn every_kind_of_body_becomes_parameters() {
    let server = start(&[]).await;
    let ip = "127.0.0.1";
    let echo = "/demo/open/echo?q=1";
    assert_eq!(server.get(echo).send().await.json(), json!({"q": "1", "ip": ip}));
    assert_eq!(
        server.post(echo).form(&[("f", "a"), ("f", "b")]).send().await.json(),
        json!({"f": ["a", "b"], "ip": ip})
    );
    let answer = server.post(echo).json(&json!({"j": {"a": [1, null]}})).send().await;
    assert_eq!(answer.json(), json!({"j": {"a": [1, null]}, "ip": ip}));
    let answer = server.post(echo).json(&json!([1, 2])).send().await;
    assert_eq!(answer.json(), json!({"document": [1, 2], "ip": ip}));
    let body = "--X\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\nv\r\n\
        --X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\r\nbytes\r\n--X--\r\n";
    let answer = server.post(echo).body("multipart/form-data; boundary=X", body).send().await;
    assert_eq!(answer.json(), json!({"q": "1", "m": "v", "files": ["a.png"], "ip": ip}));
}

#[tokio::test]
async fn a_json_body_without_parameters_is_refused_where_nobody_reads_it() {
    let server = start(&[]).await;
    for (body, kind) in [
        ("[]", "an array"),
        (r#"[{"name":"a"}]"#, "an array"),
        ("\"a\"", "a text"),
        ("5", "a number"),
        ("true", "true"),
    ] {
        let answer = server.post("/demo/open/typed?name=a").body("application/json", body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.message().starts_with(&format!("the JSON body is {kind}")), "{}", answer.text());
    }
    let nothing = server.post("/demo/open/typed?name=a").body("application/json", "null").send().await;
    assert_eq!(nothing.message(), "name is required");
    let unsigned = server.post("/demo/me").body("application/json", "[]").send().await;
    assert_eq!(unsigned.status, 417, "{}", unsigned.text());
}

#[tokio::test]
async fn what_cannot_be_read_is_400_and_named() {
    let server = start(&[]).await;
    let get = async |query: &str| {
        let answer = server.get(&format!("/demo/open/echo?{query}")).send().await;
        (answer.status, answer.message())
    };
    assert_eq!(get("a=%zz").await, (400, "a: has broken percent-encoding".into()));
    assert_eq!(get("a=%ff").await, (400, "a: is not UTF-8".into()));
    let post =
        async |kind: &str, body: Vec<u8>| server.post("/demo/open/echo").body(kind, body).send().await.status;
    assert_eq!(post("application/json", b"{\"a\":".to_vec()).await, 400);
    assert_eq!(post("application/json", vec![b'['; 100_000]).await, 400);
    assert_eq!(post("application/json", b"{\"a\":\"\xff\"}".to_vec()).await, 400);
    assert_eq!(post("application/x-www-form-urlencoded", b"a=\xff".to_vec()).await, 400);
    assert_eq!(post("multipart/form-data", b"x".to_vec()).await, 400);
    assert_eq!(post("multipart/form-data; boundary=X", b"--X\r\nContent".to_vec()).await, 400);
    assert_eq!(post("application/octet-stream", vec![0xff; 100]).await, 200);
}

#[tokio::test]
async fn handlers_get_typed_parameters() {
    let server = start(&[]).await;
    assert_eq!(
        server.get("/demo/open/typed?name=a&num=5").send().await.json(),
        json!({"name": "a", "num": 5})
    );
    for (query, message) in [
        ("", "name is required"),
        ("name=", "name is required"),
        ("name=a&name=b", "name must be given once"),
        ("name=a&num=x", "num must be an integer within its range"),
    ] {
        let answer = server.get(&format!("/demo/open/typed?{query}")).send().await;
        assert_eq!((answer.status, answer.message().as_str()), (400, message));
    }
}

#[tokio::test]
async fn controls_become_options() {
    let server = start(&["-api-allow-anonymous", "^/x"]).await;
    assert_eq!(server.get("/demo/open/options?_count=5000").send().await.json()["count"], 999);
    let answer = server.get("/demo/open/options?_ops=a,frob").send().await;
    assert_eq!((answer.status, answer.message().as_str()), (400, "_ops: unknown operator frob"));
}

/// Sends the cases to one server.
fn no_5xx(cases: Vec<(String, Vec<u8>, Vec<u8>)>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = start(&[]).await;
        for (kind, query, body) in cases {
            let query: String = query.iter().map(|b| format!("%{b:02x}")).collect();
            let path = format!("/demo/open/typed?{query}&_select={query}&_ops={query}&_sort={query}");
            let answer = server.post(&path).body(&kind, body.clone()).send().await;
            assert!(answer.status < 500, "{kind} {path} {body:?}: {}", answer.text());
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]
    #[test]
    fn no_input_reaches_a_panic_or_a_5xx(cases in proptest::collection::vec((
        prop_oneof![
            Just("application/json".to_owned()),
            Just("application/x-www-form-urlencoded".to_owned()),
            Just("multipart/form-data; boundary=X".to_owned()),
            "[a-z/+;= ]{0,30}",
        ],
        proptest::collection::vec(any::<u8>(), 0..30),
        proptest::collection::vec(any::<u8>(), 0..200),
    ), 50)) {
        no_5xx(cases);
    }
}

#[tokio::test]
async fn a_name_with_an_operator_is_no_column_of_a_record() {
    let server = start(&[]).await;
    let answer = server.get("/demo/open/echo?id=a&id_$set=b&id_$=c&_control=d&a_b=e").send().await;
    let row = answer.json();
    assert_eq!((&row["id"], &row["a_b"]), (&"a".into(), &"e".into()));
    assert_eq!(row.as_object().map(|row| row.len()), Some(3), "with the address: {row}");
}
