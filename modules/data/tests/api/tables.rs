//! What tables consist of.

use serde_json::json;

use crate::start;

#[tokio::test]
async fn columns_and_keys_are_described() {
    let server = start(&[]).await;
    let city = server.ask("root", "/data/columns/city").await.done();
    assert_eq!(city["id"], json!({"type": "text", "primary": 1, "pub": true}));
    assert_eq!(city["name"], json!({"type": "text", "pub": true, "index": true, "max": 32}));
    assert_eq!(city["code"], json!({"type": "text", "secure": true}));
    assert_eq!(city["visits"], json!({"type": "counter", "pub": true}));
    let all = server.ask("root", "/data/columns").await.done();
    assert_eq!(all["city"], city);
    assert!(all["bk_auth"]["login"].is_object(), "{all}");
    assert_eq!(server.ask("root", "/data/keys/street").await.done(), json!(["city", "name"]));
}
