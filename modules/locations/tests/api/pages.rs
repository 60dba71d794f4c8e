//! One page after the other.

use bkjs_api::testing::TestServer;
use serde_json::Value;

use crate::{people, put, start};

const HERE: &str = "/location/get?latitude=0&longitude=0&distance=40";

async fn page(server: &TestServer, token: &str) -> (Vec<String>, String) {
    let page = server.ask("ann", &format!("{HERE}&_count=2&_token={token}")).await.done();
    let names = page["data"].as_array().expect("a list").iter().map(|row| row["name"].as_str());
    let next = page.get("next_token").and_then(Value::as_str).unwrap_or_default();
    (names.map(|name| name.expect("a name").to_owned()).collect(), next.to_owned())
}

#[tokio::test]
async fn every_record_comes_once_though_others_are_added_meanwhile() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal", "dan", "eve", "fay", "gus"]).await;
    for (login, longitude) in [("eve", 0.31), ("dan", -0.2), ("cal", 0.1), ("bob", 0.05)] {
        put(&server, login, 0.0, longitude).await;
    }
    let (first, token) = page(&server, "").await;
    assert_eq!(first, ["bob", "cal"]);
    // One before the place that is reached, one behind it.
    put(&server, "fay", 0.0, 0.01).await;
    put(&server, "gus", 0.0, 0.25).await;
    let (second, token) = page(&server, &token).await;
    assert_eq!(second, ["dan", "gus"]);
    let (third, token) = page(&server, &token).await;
    assert_eq!((third, &*token), (vec!["eve".to_owned()], ""));
}

#[tokio::test]
async fn those_at_one_place_are_told_apart() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal", "dan", "eve", "fay"]).await;
    for login in ["bob", "cal", "dan", "eve", "fay"] {
        put(&server, login, 0.1, 0.1).await;
    }
    let (mut all, mut token) = page(&server, "").await;
    while !token.is_empty() {
        let (more, next) = page(&server, &token).await;
        all.extend(more);
        token = next;
    }
    assert_eq!(all, ["bob", "cal", "dan", "eve", "fay"]);
}

#[tokio::test]
async fn a_token_continues_the_search_that_it_came_from_only() {
    let server = start(&[]).await;
    people(&server, ["ann", "bob", "cal", "dan"]).await;
    for (login, longitude) in [("bob", 0.01), ("cal", 0.02), ("dan", 0.03)] {
        put(&server, login, 0.0, longitude).await;
    }
    let (_, token) = page(&server, "").await;
    assert!(!token.contains("cal") && token.len() > 40, "{token}");
    for query in [
        "latitude=0.1&longitude=0&distance=40",
        "latitude=0&longitude=0&distance=41",
        "latitude=0&longitude=0",
    ] {
        let uri = format!("/location/get?{query}&_count=2&_token={token}");
        server.ask("ann", &uri).await.refused(400, "token does not belong");
    }
    let damaged = format!("{HERE}&_token={}A", &token[..token.len() - 1]);
    let answer = server.ask("ann", &damaged).await;
    assert!(token.ends_with('A') || answer.status == 400, "{}", answer.text());
}
