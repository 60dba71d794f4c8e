//! Removing.

use bkjs_api::AccountEvent;
use bkjs_core::value::Row;
use serde_json::json;

use crate::{people, start};

/// Connections of ann: like and follow with bob, like with cat; and bob's with ann.
async fn connected() -> (bkjs_api::testing::TestServer, [String; 3]) {
    let server = start().await;
    let ids = people(&server, ["ann", "bob", "cat"]).await;
    let [ann, bob, cat] = &ids;
    for (login, peer, kind) in
        [("ann", bob, "like"), ("ann", bob, "follow"), ("ann", cat, "like"), ("bob", ann, "like")]
    {
        server.ask(login, &format!("/connection/add?peer={peer}&type={kind}")).await.done();
    }
    (server, ids)
}

async fn counts(server: &bkjs_api::testing::TestServer, login: &str) -> (i64, i64) {
    let mut counts = Vec::new();
    for table in ["connection", "reference"] {
        let page = server.ask(login, &format!("/{table}/select")).await.done();
        counts.push(page["count"].as_i64().unwrap_or(-1));
    }
    (counts[0], counts[1])
}

#[tokio::test]
async fn those_that_are_named_go_on_both_sides() {
    for (query, ann, bob, cat) in [
        ("type=like&peer=BOB", (2, 1), (1, 1), (0, 1)),
        ("type=like", (1, 1), (1, 1), (0, 0)),
        ("peer=BOB", (1, 1), (1, 0), (0, 1)),
        ("id=BOB", (1, 1), (1, 0), (0, 1)),
        ("", (0, 1), (1, 0), (0, 0)),
        ("type=lik", (3, 1), (1, 2), (0, 1)),
        ("type=like&peer=nobody", (3, 1), (1, 2), (0, 1)),
    ] {
        let (server, [_, id, _]) = connected().await;
        let uri = format!("/connection/del?{}", query.replace("BOB", &id));
        assert_eq!(server.ask("ann", &uri).await.done(), json!([]), "{query}");
        let got = (counts(&server, "ann").await, counts(&server, "bob").await, counts(&server, "cat").await);
        assert_eq!(got, (ann, bob, cat), "{query}");
    }
}

#[tokio::test]
async fn both_sides_go_with_an_account() {
    let (server, [ann, ..]) = connected().await;
    let gone = Row::new().with("id", ann.as_str()).with("login", "ann");
    server.api.account_event(AccountEvent::Deleted, &gone).await.expect("removed");
    for login in ["ann", "bob", "cat"] {
        assert_eq!(counts(&server, login).await, (0, 0), "{login}");
    }
}
