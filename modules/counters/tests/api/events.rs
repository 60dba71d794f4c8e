//! What the account that was changed is told.

use bkjs_api::account_channel;
use bkjs_core::pubsub::Received;
use serde_json::{Value, json};

use crate::start;

#[tokio::test]
async fn the_account_is_told_which_counters_changed() {
    let server = start(&[]).await;
    let [ann, _] = server.people(["ann", "bob"]).await;
    let mut events = server.api.pubsub().subscribe(&account_channel(&ann)).await.expect("subscribed");
    server.ask("bob", &format!("/counter/incr?id={ann}&score=1&ping=1")).await.done();
    let Received::Message(message) = events.recv().await.expect("an event") else { panic!("no event") };
    let event: Value = serde_json::from_slice(&message.body).expect("JSON");
    assert_eq!((&event["path"], &event["type"]), (&json!("/counter/incr"), &json!("ping,score")));
    assert!(event["mtime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{event}");
}
