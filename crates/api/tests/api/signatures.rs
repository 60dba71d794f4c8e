//! Signed requests.

use serde_json::json;

use crate::demo::start;

#[tokio::test]
async fn every_failure_has_its_status() {
    let server = start(&[]).await;
    let status = async |value: &str| server.get("/demo/me").header("bk-signature", value).send().await.status;
    assert_eq!(status("junk").await, 417);
    assert_eq!(status("4||plain|aaaa|1||").await, 406);
    assert_eq!(status("2||plain|aaaa|99999999999999||").await, 416);
    assert_eq!(status("3||plain|aaaa|99999999999999||").await, 416);
    assert_eq!(status("4||plain|aaaa|99999999999999||").await, 401);
    assert_eq!(status("9||plain|aaaa|99999999999999||").await, 401);
    assert_eq!(status("4||nobody|aaaa|99999999999999||").await, 404);
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 200);
}

#[tokio::test]
async fn a_query_is_covered() {
    let server = start(&[]).await;
    let call = server.get("/demo/echo?b=2&a=1").sign("plain", "ps");
    let value = call.signature().expect("a signature");
    assert_eq!(call.send().await.status, 200);
    let other = server.get("/demo/echo?b=2&a=2").header("bk-signature", value);
    assert_eq!(other.send().await.status, 401);
}

#[tokio::test]
async fn a_signature_may_be_in_the_query_and_reaches_no_handler() {
    let server = start(&[]).await;
    let value = server.get("/demo/echo?a=1").sign("plain", "ps").signature().expect("a signature");
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("bk-signature", &value).finish();
    let answer = server.get(&format!("/demo/echo?a=1&{query}")).send().await;
    assert_eq!(answer.json(), json!({"a": "1", "ip": "127.0.0.1"}));
}

#[tokio::test]
async fn a_form_is_signed_in_place_of_the_query() {
    let server = start(&[]).await;
    let answer = server
        .post("/demo/echo?x=ignored")
        .form(&[("a", "1"), ("b", "ü &")])
        .sign("plain", "ps")
        .send()
        .await;
    assert_eq!(answer.json(), json!({"a": "1", "b": "ü &", "ip": "127.0.0.1"}));
}

#[tokio::test]
async fn a_checksum_covers_a_json_body() {
    let server = start(&[]).await;
    let call = server.post("/demo/echo").json(&json!({"a": 1})).sign("plain", "ps");
    let value = call.signature().expect("a signature");
    assert_eq!(call.send().await.json(), json!({"a": 1, "ip": "127.0.0.1"}));
    let other = server.post("/demo/echo").json(&json!({"a": 2})).header("bk-signature", value);
    assert_eq!(other.send().await.status, 400);
}

#[tokio::test]
async fn the_name_of_the_signature_can_be_another() {
    let server = start(&["-api-signature-name", "x-sig"]).await;
    assert_eq!(server.get("/demo/me").signature_name("x-sig").sign("plain", "ps").send().await.status, 200);
    assert_eq!(server.get("/demo/me").sign("plain", "ps").send().await.status, 417);
}

#[tokio::test]
async fn a_replayed_signature_is_refused_when_asked_for() {
    let server = start(&["-api-signature-replay"]).await;
    let value = server.get("/demo/me").sign("plain", "ps").signature().expect("a signature");
    assert_eq!(server.get("/demo/me").header("bk-signature", &value).send().await.status, 200);
    assert_eq!(server.get("/demo/me").header("bk-signature", &value).send().await.status, 401);
}
